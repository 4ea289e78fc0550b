"""Floor 10: ``exo new``."""

from __future__ import annotations

import argparse

import exodelivery as exo
from exodelivery.cli.command import WELL, Command, option


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    folder = exo.new(args.folder)
    print(f"A shelf stands in {folder}; go there and run: exo check my_model")
    return WELL


COMMAND = Command(
    "start a shelf of your own",
    """\
$ exo new mine
A shelf stands in mine; go there and run: exo check my_model""",
    (option("folder", metavar="FOLDER", help="does not exist yet, or is empty"),),
    run,
)
