"""Floor 10: ``exo show``."""

from __future__ import annotations

import argparse

import exodelivery as exo
from exodelivery.cli.command import WELL, Command, option
from exodelivery.cli.options import CARRIER, swaps


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    print(exo.show(args.name, **swaps(args)))
    return WELL


COMMAND = Command(
    "say what a model, part, study or fit is",
    """\
$ exo show doxorubicin_mouse --carrier none
Model doxorubicin_mouse: Doxorubicin in a mouse with a 4T1 tumour, in a carrier or free
  body     mouse_4t1: Mouse with an orthotopic 4T1 tumour...
  drug     doxorubicin: Doxorubicin, counted as the free base
  carrier  none: No carrier: all drug is given free
  ...""",
    (option("name", metavar="NAME", help="a name on the shelves"), CARRIER),
    run,
)
