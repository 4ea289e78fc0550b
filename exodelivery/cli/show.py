"""Floor 10: ``exo show``."""

from __future__ import annotations

import argparse
from typing import Any

import exodelivery as exo
from exodelivery.cli.command import WELL, Command, option
from exodelivery.cli.options import CARRIER, JSON, swaps
from exodelivery.cli.plain import as_json
from exodelivery.declare.files import document_of
from exodelivery.declare.shelf import kinds_of


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    if args.json:
        print(as_json(_plain(args)))
    else:
        print(exo.show(args.name, **swaps(args)))
    return WELL


def _plain(args: argparse.Namespace) -> Any:
    """Return a study or a fit as it is, anything else as its file would say it."""
    kinds = kinds_of(args.name)
    if kinds == ["study"]:
        return next(iter(exo.studies(args.name).values()))
    return exo.fit(args.name) if kinds == ["fit"] else document_of(exo.load(args.name, **swaps(args)))


COMMAND = Command(
    "say what a model, part, study or fit is",
    """\
$ exo show doxorubicin_mouse --carrier none
Model doxorubicin_mouse: Doxorubicin in a mouse with a 4T1 tumour, in a carrier or free
  body     mouse_4t1: Mouse with an orthotopic 4T1 tumour...
  drug     doxorubicin: Doxorubicin, counted as the free base
  carrier  none: No carrier: all drug is given free
  ...""",
    (option("name", metavar="NAME", help="a name on the shelves"), CARRIER, JSON),
    run,
)
