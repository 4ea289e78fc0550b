"""Floor 10: ``exo diff``."""

from __future__ import annotations

import argparse

import exodelivery as exo
from exodelivery.cli.command import WELL, Command, option
from exodelivery.cli.options import JSON, say, written


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    found = exo.diff(args.first, args.second)
    say(found, args)
    if args.html:
        written(exo.report(args.html, found), args)
    return WELL


COMMAND = Command(
    "say what changed from one kept fit to another: data, models, estimates, verdict",
    """\
$ exo diff doxorubicin_carriers doxorubicin_carriers
doxorubicin_carriers and doxorubicin_carriers are the same ...""",
    (
        option("first", metavar="FIT", help="a recipe's name, or a folder with result.json"),
        option("second", metavar="FIT", help="another"),
        JSON,
        option("--html", metavar="FILE", help="write a report"),
    ),
    run,
)
