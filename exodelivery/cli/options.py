"""Floor 10: options that several commands share, and what is made of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import exodelivery as exo
from exodelivery.cli.command import Misuse, option
from exodelivery.cli.plain import as_json

if TYPE_CHECKING:
    from exodelivery.declare.regimen import Regimen

MODEL = option("model", metavar="MODEL", help="its name, or its file")
CARRIER = option("--carrier", help="swap the carrier of a model")
USING = option("--using", metavar="FIT", help="take the values from this kept fit")
SEED = option("--seed", type=int, metavar="N", help="of whatever is drawn")
DOSE = (
    option("--dose", required=True, metavar="AMOUNT", help='"5 mg/kg", "1e10 particle", "1 ID", ...'),
    option("--every", default="0 h", metavar="TIME", help='interval of repeated doses, "7 d"'),
    option("--times", type=int, default=1, metavar="N", help="how many doses in all"),
    option("--over", default="0 h", metavar="TIME", help="duration of an infusion; a bolus unless given"),
    option("--route", default="iv", help="a route of the body; iv unless given"),
    option("--label", default="", metavar="AMOUNT", help='label injected along, "1 ID"'),
)
JSON = option("--json", action="store_true", help="print the result for machines")
OUTPUT = (
    JSON,
    option("--csv", metavar="FILE", help="write the table"),
    option("--html", metavar="FILE", help="write a report"),
)


def swaps(args: argparse.Namespace) -> dict[str, str]:
    """Return the parts of the model that the command line swaps."""
    return {"carrier": args.carrier} if args.carrier else {}


def dose(args: argparse.Namespace) -> Regimen:
    """Return the regimen that the command line asks for."""
    return exo.infusion(
        args.dose, over=args.over, route=args.route, every=args.every, times=args.times, label=args.label
    )


def values(pairs: Sequence[str]) -> dict[str, str | float]:
    """Return the values that ``--set NAME=VALUE`` lays over the model's; raises on a pair that is none."""
    found: dict[str, str | float] = {}
    for pair in pairs:
        name, sign, value = (part.strip() for part in pair.partition("="))
        if not (name and sign and value):
            raise Misuse(f"--set takes NAME=VALUE, not {pair!r}", remedy='write --set "uptake.PS=0.02 mL/h/g"')
        if name in found:
            raise Misuse(f"--set gives {name} twice")
        found[name] = value
    return found


def say(result: Any, args: argparse.Namespace, plain: Any = None) -> None:
    """Print a result as a person reads it, or for machines (``plain`` in its stead where it is given)."""
    print(as_json(result if plain is None else plain) if args.json else result)


def written(path: object, args: argparse.Namespace) -> None:
    """Say where a file was written, beside the result where that is for machines."""
    print(path, file=sys.stderr if args.json else sys.stdout)


def write_table(frame: Any, args: argparse.Namespace) -> None:
    """Write a table as CSV where the command line asks for it, and say where."""
    if args.csv:
        frame.to_csv(args.csv, index=False)
        written(args.csv, args)
