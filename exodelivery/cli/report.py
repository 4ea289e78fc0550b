"""Floor 10: ``exo report``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import exodelivery as exo
from exodelivery.cli.command import WELL, Command, option


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    from exodelivery.declare.shelf import kinds_of

    doors: dict[str, Callable[[str], Any]] = {"study": exo.studies, "fit": exo.fit}
    parts = []
    for name in args.names:
        kind = next(iter(kinds_of(name)), "")
        parts.append(doors.get(kind, exo.load)(name))
    print(exo.report(args.out, *parts, title=args.title))
    return WELL


COMMAND = Command(
    "write a page, a PDF, slides or plain text about models, studies and fits",
    """\
$ exo report laginha.html laginha_2005_4t1_tumour doxorubicin_mouse
laginha.html""",
    (
        option("out", metavar="OUT", help="what to write: .html, .pdf, .pptx or .md"),
        option("names", nargs="+", metavar="NAME", help="models, studies and fits"),
        option("--title", default="", help="heading of the page"),
    ),
    run,
)
