"""Floor 10: ``exo fit``."""

from __future__ import annotations

import argparse

import exodelivery as exo
from exodelivery.cli.command import WELL, Command, Misuse, option, watched
from exodelivery.cli.options import JSON, SEED, say


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    asked = {"starts": args.starts, "seed": args.seed}
    options = {name: value for name, value in asked.items() if value is not None}
    if options and not args.again:
        raise Misuse(f"--{next(iter(options))} is for a new fit", remedy="pass --again as well")
    say(exo.fit(args.name, again=args.again, progress=args.again and watched(), **options), args)
    return WELL


COMMAND = Command(
    "show the kept result of a recipe, or make it anew",
    """\
$ exo fit doxorubicin_carriers
Fit doxorubicin_carriers: Free doxorubicin, two liposomes, ...
  The fit converged.
  ...
  laginha_2005_4t1_tumour/doxil_9 auc(tumour_total)  observed 3988  predicted ...""",
    (
        option("name", metavar="NAME", help="a recipe on the shelves"),
        option("--again", action="store_true", help="fit anew, and keep the result in your own fits/"),
        option("--starts", type=int, metavar="N", help="how many starting points"),
        SEED,
        JSON,
    ),
    run,
)
