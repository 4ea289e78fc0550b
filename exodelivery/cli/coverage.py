"""Floor 10: ``exo coverage``."""

from __future__ import annotations

import argparse
import os

from exodelivery.cli.command import WELL, Command, option, watched
from exodelivery.cli.options import JSON
from exodelivery.cli.plain import as_json


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    from exodelivery.fitting.coverage.trial import trial

    processes = args.processes or os.cpu_count() or 1
    every = []
    for covariance in (True, False):
        found = trial(
            args.studies,
            seed=args.seed,
            covariance=covariance,
            bootstrap=args.bootstrap if covariance else 0,
            executor=processes if processes > 1 else None,
            progress=watched(),
        )
        every.append(found)
        if not args.json:
            print(found, flush=True)
    if args.json:
        print(as_json(every))
    return WELL


COMMAND = Command(
    "simulate studies of known truth, fit each, and count how often the intervals hold the truth",
    """\
$ exo coverage --studies 4 --bootstrap 0 --processes 1
4 studies of known truth, with the records' covariance; ...""",
    (
        option("--studies", type=int, default=2000, metavar="N", help="how many studies (2000)"),
        option("--bootstrap", type=int, default=40, metavar="N", help="how many of them are bootstrapped (40)"),
        option("--seed", type=int, default=1, metavar="N", help="of the studies (1)"),
        option("--processes", type=int, default=0, metavar="N", help="all cores unless given"),
        JSON,
    ),
    run,
)
