"""Floor 10: ``exo design``."""

from __future__ import annotations

import argparse

import exodelivery as exo
from exodelivery.cli.command import WELL, Command, Misuse, option, watched
from exodelivery.cli.options import CARRIER, DOSE, MODEL, OUTPUT, SEED, USING, dose, hand_out, swaps


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    using = exo.fit(args.using) if args.using else None
    asked = {
        "knobs": _names(args.knobs),
        "objectives": _names(args.objectives),
        "require": dict(map(_bound, args.require)) or None,
        "horizon": args.horizon,
        "draws": args.draws,
        "start": args.start,
        "rounds": args.rounds,
        "seed": args.seed,
    }
    options = {name: value for name, value in asked.items() if value is not None}
    model = exo.load(args.model, **swaps(args))
    hand_out(exo.design(model, dose(args), using=using, progress=watched(), **options), args)
    return WELL


def _names(words: str | None) -> list[str] | None:
    return [name.strip() for name in words.split(",") if name.strip()] if words else None


def _bound(words: str) -> tuple[str, tuple[str, float]]:
    name, sign, rest = (part.strip() for part in words.partition("="))
    bound, _, chance = (part.strip() for part in rest.rpartition("@"))
    try:
        probability = float(chance)
    except ValueError:
        probability = 0.0
    if not (name and sign and bound and probability):
        raise Misuse(
            f"--require takes METRIC=BOUND @ PROBABILITY, not {words!r}",
            remedy='write --require "tumour : heart=5 @ 0.8"',
        )
    return name, (bound, probability)


COMMAND = Command(
    "turn what can be engineered of a carrier until no design beats those found",
    """\
$ exo design doxorubicin_mouse --dose "5 mg/kg" --knobs release,dose --objectives "more plasma AUC,drug given" \
--horizon "24 h" --draws 2 --start 2 --rounds 0
doxorubicin_mouse: exosome_targeted, 5 mg/kg iv bolus, over 1 d: ...
  Within the evidence: plasma AUC ... times the carrier as it is by ...""",
    (
        MODEL,
        CARRIER,
        *DOSE,
        USING,
        option(
            "--knobs", metavar="A,B", help="loading, release, size, ligands, stealth, dose, doses; all unless given"
        ),
        option("--objectives", metavar="A,B", help='metrics, "particles given" or "drug given"'),
        option("--require", action="append", default=[], metavar="METRIC=BOUND @ P", help="hold it with a probability"),
        option("--horizon", metavar="TIME", help="how long is judged; else a week after the last dose"),
        option("--draws", type=int, metavar="N", help="how many draws of the doubt"),
        option("--start", type=int, metavar="N", help="designs at first, and in each round"),
        option("--rounds", type=int, metavar="N", help="rounds of search after the first"),
        SEED,
        *OUTPUT,
    ),
    run,
)
