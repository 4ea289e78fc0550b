"""Floor 10: ``exo simulate``."""

from __future__ import annotations

import argparse
from typing import Any

import exodelivery as exo
from exodelivery.cli.command import FOUND, WELL, Command, option
from exodelivery.cli.options import (
    CARRIER,
    DOSE,
    MODEL,
    OUTPUT,
    USING,
    dose,
    hand_out,
    inputs,
    swaps,
    values,
)


def _plain(made: Any) -> dict[str, Any]:
    found = {"ok": bool(made), "outcome": made.outcome, "notes": made.notes, "dose": str(made.regimen)}
    return {**found, "ledgers": made.residuals, "table": made.table()} if made else found


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    model = exo.load(args.model, **swaps(args))
    using = exo.fit(args.using) if args.using else None
    regimen = inputs(args.input, dose(args))
    made = exo.simulate(model, regimen, args.until, values=values(args.set), using=using)
    hand_out(made, args, model, plain=_plain(made) if args.json else None)
    return WELL if made else FOUND


COMMAND = Command(
    "run a model under a dose",
    """\
$ exo simulate doxorubicin_mouse --carrier none --dose "5 mg/kg" --until "24 h"
Run of doxorubicin_mouse (none in mouse_4t1) to 24 h
  dose    5 mg/kg iv bolus
          each dose: 184 nmol of drug...
  ledgers ...
  plasma_total: largest ...""",
    (
        MODEL,
        CARRIER,
        *DOSE,
        option("--until", metavar="TIME", help='end of the run, "28 d"; else a week after the last dose'),
        option(
            "--input", action="append", default=[], metavar="NAME=COURSE", help='"body.weight=0 h: 20 g, 7 d: 22 g"'
        ),
        option("--set", action="append", default=[], metavar="NAME=VALUE", help="lay a value over the model's"),
        USING,
        *OUTPUT,
    ),
    run,
)
