"""Floor 10: ``exo calibrate``."""

from __future__ import annotations

import argparse
import os

from exodelivery.cli.command import FOUND, WELL, Command, option, watched
from exodelivery.cli.plain import as_json


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell: 1 where P(better) turns out not to be calibrated."""
    from exodelivery.judge.calibration.trial import calibrate

    processes = args.processes or os.cpu_count() or 1
    found = calibrate(
        args.worlds,
        draws=args.draws,
        seed=args.seed,
        executor=processes if processes > 1 else None,
        progress=watched(),
    )
    print(as_json(found) if args.json else found, flush=True)
    return FOUND if found.calibrated is False else WELL


COMMAND = Command(
    "draw worlds from priors, study and fit each, and count how often P(better) was right",
    """\
$ exo calibrate --worlds 2 --draws 20 --processes 1
Too few worlds to say (it takes 400): where P(better) said 75% to 85%, ...""",
    (
        option("--worlds", type=int, default=4500, metavar="N", help="how many worlds (4500)"),
        option("--draws", type=int, default=200, metavar="N", help="of each comparison (200)"),
        option("--seed", type=int, default=1, metavar="N", help="of the worlds (1)"),
        option("--processes", type=int, default=0, metavar="N", help="all cores unless given"),
        option("--json", action="store_true", help="print JSON"),
    ),
    run,
)
