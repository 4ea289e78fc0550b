"""Floor 10: ``exo compare``."""

from __future__ import annotations

import argparse

import exodelivery as exo
from exodelivery.cli.command import WELL, Command, Misuse, option, watched
from exodelivery.cli.options import DOSE, MODEL, OUTPUT, SEED, USING, dose, hand_out


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    carriers = [name.strip() for name in args.carriers.split(",") if name.strip()]
    if not carriers:
        raise Misuse("--carriers names no carrier", remedy="write --carriers exosome_targeted,none")
    model = exo.load(args.model, carrier=carriers[0])
    using = exo.fit(args.using) if args.using else None
    asked = {"horizon": args.horizon, "draws": args.draws, "seed": args.seed}
    options = {name: value for name, value in asked.items() if value is not None}
    duel = exo.compare(model, carriers, dose(args), baseline=args.baseline, using=using, progress=watched(), **options)
    hand_out(duel, args, model, *([using] if using else []))
    return WELL


COMMAND = Command(
    "compare carriers by what they bring where, with the doubt",
    """\
$ exo compare doxorubicin_mouse --carriers none --baseline liposome_pegylated --dose "5 mg/kg" \
--using doxorubicin_carriers
doxorubicin_mouse: carriers against liposome_pegylated, 5 mg/kg iv bolus, over 7 d
  none, same drug: worse; released drug in tumour ... times that of liposome_pegylated ...""",
    (
        MODEL,
        option("--carriers", required=True, metavar="A,B,C", help="carriers to compare"),
        option("--baseline", required=True, metavar="CARRIER", help="the one that the others are held against"),
        *DOSE,
        USING,
        option("--horizon", metavar="TIME", help="how long is compared; else a week after the last dose"),
        option("--draws", type=int, metavar="N", help="how many draws of the parameters"),
        SEED,
        *OUTPUT,
    ),
    run,
)
