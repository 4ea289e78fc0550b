"""Floor 10: ``exo fits``."""

from __future__ import annotations

import argparse

from exodelivery.cli.command import WELL, Command
from exodelivery.cli.options import JSON, say


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    from exodelivery.fitting.index import kept_fits

    found = kept_fits()
    say("\n".join(map(str, found)), args, found)
    return WELL


COMMAND = Command(
    "list the recipes on the shelves, and what is kept of each",
    """\
$ exo fits
doxorubicin_carriers: converged, chi-square ...""",
    (JSON,),
    run,
)
