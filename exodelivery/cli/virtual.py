"""Floor 10: ``exo virtual``."""

from __future__ import annotations

import argparse

import exodelivery as exo
from exodelivery.cli.command import WELL, Command, Misuse, option, watched
from exodelivery.cli.options import DOSE, MODEL, OUTPUT, SEED, USING, dose, hand_out, pairs


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    carriers = [name.strip() for name in args.carriers.split(",") if name.strip()]
    if not carriers:
        raise Misuse("--carriers names no carrier", remedy="write --carriers exosome_targeted,none")
    using = exo.fit(args.using) if args.using else None
    metrics = [name.strip() for name in args.metrics.split(",") if name.strip()] if args.metrics else None
    asked = {
        "horizon": args.horizon,
        "count": args.count,
        "draws": args.draws,
        "share": args.share,
        "matching": args.matching,
        "seed": args.seed,
        "metrics": metrics,
        "variability": pairs(args.cv, "--cv", '"body.weight=15 %"') or None,
        "targets": pairs(args.target, "--target", '"plasma AUC=20 nmol*h/mL"'),
    }
    options = {name: value for name, value in asked.items() if value is not None}
    model = exo.load(args.model, carrier=carriers[0])
    who = exo.virtual(model, carriers, dose(args), baseline=args.baseline, using=using, progress=watched(), **options)
    hand_out(who, args)
    return WELL


COMMAND = Command(
    "give a virtual population every carrier: who is better off, and at which dose do enough reach a target",
    """\
$ exo virtual doxorubicin_mouse --carriers none --baseline liposome_pegylated --dose "5 mg/kg" --metrics "plasma AUC,\
released drug in tumour" --horizon "24 h" --count 4 --draws 0
doxorubicin_mouse: 4 subjects, each with liposome_pegylated, none; 5 mg/kg iv bolus, same drug, over 1 d; 0 draws ...
  ... % of subjects get more released drug in tumour with none than with liposome_pegylated ...""",
    (
        MODEL,
        option("--carriers", required=True, metavar="A,B,C", help="carriers to give"),
        option("--baseline", required=True, metavar="CARRIER", help="the one that the others are held against"),
        *DOSE,
        USING,
        option("--cv", action="append", default=[], metavar="NAME=CV", help='a coefficient, "body.weight=15 %%"'),
        option(
            "--target", action="append", default=[], metavar="METRIC=VALUE", help="ask for the dose that reaches it"
        ),
        option("--share", type=float, metavar="P", help="of subjects that must reach a target; 0.9 unless given"),
        option("--metrics", metavar="A,B", help="all that can be had unless given"),
        option("--matching", metavar="HOW", help="what doses are the same by: drug, particles or protein"),
        option("--horizon", metavar="TIME", help="how long is judged; else a week after the last dose"),
        option("--count", type=int, metavar="N", help="how many subjects"),
        option("--draws", type=int, metavar="N", help="how many draws of the doubt"),
        SEED,
        *OUTPUT,
    ),
    run,
)
