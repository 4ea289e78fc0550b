"""Floor 10: ``exo identifiability``."""

from __future__ import annotations

import argparse

import exodelivery as exo
from exodelivery.cli.command import WELL, Command, option
from exodelivery.cli.options import CARRIER, DOSE, MODEL, OUTPUT, dose, hand_out, swaps


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    model = exo.load(args.model, **swaps(args))
    seen, unknown, known = (_listed(text) for text in (args.observables, args.unknown, args.known))
    found = exo.identifiability(
        model, seen or None, dose(args), unknown=unknown or None, known=known, seconds=args.seconds
    )
    hand_out(found, args)
    return WELL


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


COMMAND = Command(
    "say which unknowns data of a kind could tell, however many and exact, before there are any",
    """\
$ exo identifiability doxorubicin_human --carrier none --observables plasma_total --dose "30 mg/m2" \
--unknown disposition --seconds 0
Structural identifiability of doxorubicin_human (none in human) from plasma_total after 30 mg/m2 iv bolus: ...
  disposition.CL: identified
  ...""",
    (
        MODEL,
        CARRIER,
        *DOSE,
        option(
            "--observables", default="", metavar="A,B", help="what is measured; all that the model has unless given"
        ),
        option("--unknown", default="", metavar="A,B", help='parameters or prefixes that are asked about, or "all"'),
        option("--known", default="", metavar="A,B", help="parameters or prefixes that are taken as known"),
        option("--seconds", type=float, default=5.0, metavar="X", help="time for proving that a value is the only one"),
        *OUTPUT,
    ),
    run,
)
