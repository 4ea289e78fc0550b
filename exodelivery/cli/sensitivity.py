"""Floor 10: ``exo sensitivity``."""

from __future__ import annotations

import argparse

import exodelivery as exo
from exodelivery.cli.command import WELL, Command, option, watched
from exodelivery.cli.options import CARRIER, DOSE, MODEL, OUTPUT, SEED, USING, dose, hand_out, swaps


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    using = exo.fit(args.using) if args.using else None
    asked = {"metric": args.metric, "horizon": args.horizon, "samples": args.samples, "seed": args.seed}
    options = {name: value for name, value in asked.items() if value is not None}
    model = exo.load(args.model, **swaps(args))
    found = exo.sensitivity(model, dose(args), using=using, progress=watched(), **options)
    hand_out(found, args)
    return WELL


COMMAND = Command(
    "say which parameters a number hangs on, over all that is believed of them",
    """\
$ exo sensitivity doxorubicin_mouse --carrier none --dose "5 mg/kg" --metric "plasma AUC" --horizon "6 h" --samples 16
doxorubicin_mouse with none: plasma AUC, 5 mg/kg iv bolus, over 0.25 d
  plasma AUC of none hangs most on ...
  of ... parameters; the ones with indices make ... % of the variance; ... runs""",
    (
        MODEL,
        CARRIER,
        *DOSE,
        USING,
        option("--metric", help="released drug in tumour unless given"),
        option("--horizon", metavar="TIME", help="how long is judged; else a week after the last dose"),
        option("--samples", type=int, metavar="N", help="for the division of the variance; a power of two"),
        SEED,
        *OUTPUT,
    ),
    run,
)
