"""Floor 10: ``exo attribute``."""

from __future__ import annotations

import argparse

import exodelivery as exo
from exodelivery.cli.command import WELL, Command, option, watched
from exodelivery.cli.options import DOSE, MODEL, OUTPUT, SEED, USING, dose, hand_out


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    using = exo.fit(args.using) if args.using else None
    asked = {"metric": args.metric, "horizon": args.horizon, "draws": args.draws, "seed": args.seed}
    options = {name: value for name, value in asked.items() if value is not None}
    found = exo.attribute(
        args.model, args.carrier, dose(args), baseline=args.baseline, using=using, progress=watched(), **options
    )
    hand_out(found, args)
    return WELL


COMMAND = Command(
    "say which block of a carrier makes the difference from another",
    """\
$ exo attribute doxorubicin_mouse --carrier liposome_leaky --baseline liposome_pegylated --dose "5 mg/kg" --draws 20
doxorubicin_mouse: from liposome_pegylated to liposome_leaky, 5 mg/kg iv bolus, over 7 d
  released drug in tumour of liposome_leaky is ... times that of liposome_pegylated; the largest part is
  ...
  all of them: ...; 20 draws""",
    (
        MODEL,
        option("--carrier", required=True, help="the carrier whose blocks are swapped in"),
        option("--baseline", required=True, metavar="CARRIER", help="the one that is held against"),
        *DOSE,
        USING,
        option("--metric", help="released drug in tumour unless given"),
        option("--horizon", metavar="TIME", help="how long is compared; else a week after the last dose"),
        option("--draws", type=int, metavar="N", help="how many draws of the parameters"),
        SEED,
        *OUTPUT,
    ),
    run,
)
