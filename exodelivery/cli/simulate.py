"""Floor 10: ``exo simulate``."""

from __future__ import annotations

import argparse

import exodelivery as exo
from exodelivery.cli.command import FOUND, WELL, Command, option
from exodelivery.cli.options import CARRIER, DOSE, MODEL, OUTPUT, USING, dose, swaps, values, write_table


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    model = exo.load(args.model, **swaps(args))
    using = exo.fit(args.using) if args.using else None
    made = exo.simulate(model, dose(args), args.until, values=values(args.set), using=using)
    print(made)
    if made and args.csv:
        write_table(made.table(), args.csv)
    if args.html:
        print(exo.report(args.html, model, made))
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
        option("--set", action="append", default=[], metavar="NAME=VALUE", help="lay a value over the model's"),
        USING,
        *OUTPUT,
    ),
    run,
)
