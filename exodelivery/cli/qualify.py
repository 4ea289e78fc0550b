"""Floor 10: ``exo qualify``."""

from __future__ import annotations

import argparse

import exodelivery as exo
from exodelivery.cli.command import FOUND, WELL, Command, option, watched
from exodelivery.cli.options import say, written


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    found = exo.qualify(*args.names, progress=watched())
    say(found, args, found.plain())
    if args.html:
        written(exo.report(args.html, found), args)
    return WELL if found.ok else FOUND


COMMAND = Command(
    "re-run what papers published, with every deviation; the code is 1 when a gate is missed",
    """\
$ exo qualify evans_2004
evans_2004 (evans_2004): Topotecan in living cells...
...
10 targets of 1 cases: 10 met""",
    (
        option("names", nargs="*", metavar="NAME", help="cases of fits/qualification; all unless given"),
        option("--json", action="store_true", help="a list for machines, with the keys of the table and an ok"),
        option("--html", metavar="FILE", help="write a report"),
    ),
    run,
)
