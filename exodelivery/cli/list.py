"""Floor 10: ``exo list``."""

from __future__ import annotations

import argparse

import exodelivery as exo
from exodelivery.cli.command import WELL, Command, option
from exodelivery.cli.options import JSON
from exodelivery.cli.plain import as_json


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    frame = exo.list(args.kind)
    if args.json:
        print(as_json(frame))
        return WELL
    width = max(map(len, frame["name"]), default=0)
    for row in frame.itertuples():
        name = row.name if row.shelf == "library" else f"{row.shelf}:{row.name}"
        print(f"{row.kind:<12} {name:<{width}}  {row.about}")
    return WELL


COMMAND = Command(
    "say what stands on the shelves",
    """\
$ exo list carrier
carrier      ambisome_organs      Liposomal amphotericin B (AmBisome) in a body with organs...
...
carrier      exosome_natural      Exosomes as cells shed them, loaded by incubation; mouse values
...
carrier      none                 No carrier: all drug is given free
...""",
    (option("kind", nargs="?", default="", help="model, body, drug, carrier, a slot, study or fit"), JSON),
    run,
)
