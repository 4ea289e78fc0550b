"""Floor 10: ``exo check``."""

from __future__ import annotations

import argparse

import exodelivery as exo
from exodelivery.cli.command import FOUND, WELL, Command, Misuse, option
from exodelivery.cli.options import JSON
from exodelivery.cli.plain import as_json


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    if args.all == bool(args.names):
        raise Misuse("name what is to be checked, or pass --all", remedy="see exo check --help")
    if args.all:
        from exodelivery.checks.library import check_all

        every = [check_all()]
    else:
        every = [exo.check(name) for name in args.names]
    if args.json:
        print(as_json([{"subject": one.subject, "ok": one.ok, "issues": one.issues} for one in every]))
    for findings in () if args.json else every:
        print(findings)
    return WELL if all(findings.ok for findings in every) else FOUND


COMMAND = Command(
    "check models and parts against every rule; the code is 1 when there are errors",
    """\
$ exo check doxorubicin_mouse
model doxorubicin_mouse with exosome_targeted: 2 notes
note [names] models/blocks/release/first_order.toml:16 (flows.leak_endosome): the flow ...""",
    (
        option("names", nargs="*", metavar="NAME", help="names on the shelves, or files"),
        option("--all", action="store_true", help="everything on the shelves"),
        JSON,
    ),
    run,
)
