"""Floor 10: ``exo recipe``."""

from __future__ import annotations

import argparse

import exodelivery as exo
from exodelivery.cli.command import WELL, Command, option
from exodelivery.cli.options import JSON, pairs, say


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    without = pairs(args.without, "--without", '"effect=not measured"')
    found = exo.recipe(
        args.name, args.study, args.model, without=without, spread=args.spread, literature=args.literature,
        starts=args.starts, seed=args.seed, shelf=args.shelf,
    )  # fmt: skip
    say(found, args)
    return WELL


COMMAND = Command(
    "write a recipe that fits a model to a study, each arm with its own carrier",
    """\
$ exo recipe my_fit wong_2013_liposome_mammary label_mouse --spread "30 %"
Recipe my_fit: label_mouse to wong_2013_liposome_mammary: Organ time courses ...
  wong_2013_liposome_mammary/liposome: label_mouse as liposome_pegylated_mouse_4t1, to 48 h
  ...""",
    (
        option("name", metavar="NAME", help="of the recipe; then exo fit NAME --again"),
        option("study", metavar="STUDY", help="a study on the shelves"),
        option("model", metavar="MODEL", help="a model on the shelves"),
        option("--without", action="append", default=[], metavar="SLOT=REASON", help='"effect=no tumour was measured"'),
        option("--spread", default="", help='of numbers printed without one, "30 %%"; else that of replicates'),
        option("--literature", default="15 %", help="of the library's values that were printed without one"),
        option("--starts", type=int, default=4, metavar="N", help="how many starting points"),
        option("--seed", type=int, default=1, metavar="N", help="of the starting points"),
        option("--shelf", default=".", metavar="FOLDER", help="holds fits/; this folder unless given"),
        JSON,
    ),
    run,
)
