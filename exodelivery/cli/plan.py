"""Floor 10: ``exo plan``."""

from __future__ import annotations

import argparse

import exodelivery as exo
from exodelivery.cli.command import WELL, Command, Misuse, option, watched
from exodelivery.cli.options import DOSE, MODEL, OUTPUT, SEED, USING, dose, hand_out, pair


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    carriers = _listed(args.carriers)
    if not carriers:
        raise Misuse("--carriers names no carrier", remedy="write --carriers exosome_targeted,none")
    plain = ("metric", "horizon", "budget", "animal", "assay", "group", "between", "error", "draws", "truths", "seed")
    options = {name: getattr(args, name) for name in plain if getattr(args, name) is not None}
    if args.kill_at is not None:
        options["times"] = _listed(args.kill_at)
    for name in ("assays", "arms"):
        if getattr(args, name) is not None:
            options[name] = _listed(getattr(args, name))
    if args.levels is not None:
        options["doses"] = [_number(text, "--levels") for text in _listed(args.levels)]
    serial = dict(pair(text, "--serial", "plasma_total=2") for text in args.serial)
    if serial:
        options["serial"] = {name: int(_number(text, "--serial")) for name, text in serial.items()}
    limits = dict(pair(text, "--limit", '"plasma_total=0.05 nmol/mL"') for text in args.limit)
    if limits:
        options["limits"] = limits
    rival = dict(pair(text, "--rival", "uptake=leaky_vessels") for text in args.rival)
    if rival:
        options["rival"] = rival
    inhibitors: dict[str, dict[str, float]] = {}
    for text in args.inhibit:
        name, number = pair(text, "--inhibit", "efflux.pump.v_max=0.1")
        inhibitors.setdefault("inhibited", {})[name] = _number(number, "--inhibit")
    if inhibitors:
        options["inhibitors"] = inhibitors
    model = exo.load(args.model, carrier=carriers[0])
    using = exo.fit(args.using) if args.using else None
    found = exo.plan(model, carriers, dose(args), baseline=args.baseline, using=using, progress=watched(), **options)
    hand_out(found, args)
    return WELL


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _number(text: str, word: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Misuse(f"{word} takes numbers, not {text!r}") from None


COMMAND = Command(
    "plan an experiment that settles which carrier brings more",
    """\
$ exo plan doxorubicin_mouse --carriers none --baseline liposome_pegylated --dose "5 mg/kg" --metric "plasma AUC" \
--horizon "2 d" --assays plasma_total --draws 2
doxorubicin_mouse: a plan for plasma AUC of none over that of liposome_pegylated, 5 mg/kg iv bolus, budget 48
  ... animals and ... assays leave ...""",
    (
        MODEL,
        option("--carriers", required=True, metavar="A,B,C", help="carriers of the question"),
        option("--baseline", required=True, metavar="CARRIER", help="the one that the others are held against"),
        *DOSE,
        USING,
        option("--metric", help="released drug in tumour unless given"),
        option("--horizon", metavar="TIME", help="of the metric and the experiment; else a week after the last dose"),
        option(
            "--kill-at", metavar="T,T,...", help='when animals may be killed, "1 h,24 h"; customary times unless given'
        ),
        option(
            "--assays", metavar="A,B,...", help="observables that may be assayed; what laboratories count unless given"
        ),
        option("--arms", metavar="A,B,...", help='among "drug", "label", "free drug"; all unless given'),
        option("--levels", metavar="X,X,...", help="dose levels that may be given, times the dose; 1 unless given"),
        option("--inhibit", metavar="NAME=X", action="append", default=[], help="an arm with a parameter times X"),
        option("--budget", type=float, metavar="X", help="what may be spent; 48 unless given"),
        option("--animal", type=float, metavar="X", help="cost of an animal with its dose; 1 unless given"),
        option("--assay", type=float, metavar="X", help="cost of an assay run; 0.1 unless given"),
        option("--group", type=int, metavar="N", help="animals that are killed together; 3 unless given"),
        option("--serial", metavar="NAME=N", action="append", default=[], help="micro-samples of an animal at most"),
        option("--limit", metavar="NAME=X", action="append", default=[], help="standard deviation at low levels"),
        option("--between", type=float, metavar="CV", help="between animals; 0.3 unless given"),
        option("--error", type=float, metavar="CV", help="of an assay; 0.15 unless given"),
        option("--draws", type=int, metavar="N", help="of all that is uncertain; 16 unless given"),
        option(
            "--rival", metavar="SLOT=BLOCK", action="append", default=[], help="tell this mechanism from the model's"
        ),
        option("--truths", type=int, metavar="N", help="simulate and refit so many experiments of each design"),
        SEED,
        *OUTPUT,
    ),
    run,
)
