"""Floor 10: ``exo fits``."""

from __future__ import annotations

import argparse

from exodelivery.cli.command import WELL, Command


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    from exodelivery.fitting.index import kept_fits

    for kept in kept_fits():
        print(kept)
    return WELL


COMMAND = Command(
    "list the recipes on the shelves, and what is kept of each",
    """\
$ exo fits
doxorubicin_carriers: converged, chi-square ...""",
    (),
    run,
)
