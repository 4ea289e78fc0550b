"""Floor 10: ``exo diff``."""

from __future__ import annotations

import argparse

from exodelivery.cli.command import WELL, Command, option


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    from exodelivery.fitting.index import difference, fit_called

    print(difference(fit_called(args.first), fit_called(args.second), (args.first, args.second)))
    return WELL


COMMAND = Command(
    "say what changed from one kept fit to another: data, models, estimates, verdict",
    """\
$ exo diff doxorubicin_carriers doxorubicin_carriers
doxorubicin_carriers and doxorubicin_carriers are the same ...""",
    (
        option("first", metavar="FIT", help="a recipe's name, or a folder with result.json"),
        option("second", metavar="FIT", help="another"),
    ),
    run,
)
