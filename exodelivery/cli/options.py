"""Floor 10: options that several commands share, and what is made of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import exodelivery as exo
from exodelivery.cli.command import Misuse, Option, option
from exodelivery.cli.plain import as_json

if TYPE_CHECKING:
    from exodelivery.declare.regimen import Regimen

MODEL = option("model", metavar="MODEL", help="its name, or its file")
CARRIER = option("--carrier", help="swap the carrier of a model")
USING = option("--using", metavar="FIT", help="take the values from this kept fit")
SEED = option("--seed", type=int, metavar="N", help="of whatever is drawn")


class OfDose(argparse.Action):
    """Gathers doses: ``--dose`` and ``--infusion`` begin one, what follows says more of it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        key = (option_string or "").lstrip("-").replace("-", "_")
        given: list[dict[str, Any]] = list(getattr(namespace, self.dest) or [])
        begins = key in BEGINNINGS
        if not given or (begins and BEGINNINGS & given[-1].keys()):
            given.append({})
        if key in given[-1]:
            raise Misuse(f"--{key.replace('_', '-')} is given twice for one dose", remedy="write it after its --dose")
        given[-1] = {**given[-1], key: values}
        setattr(namespace, self.dest, given)


BEGINNINGS = {"dose", "infusion"}


def _of_dose(name: str, metavar: str, about: str, **more: Any) -> Option:
    return option(name, action=OfDose, dest="doses", metavar=metavar, help=about, **more)


DOSE = (
    _of_dose("--dose", "AMOUNT", '"5 mg/kg", "1e10 particle", "1 ID", ...; may be repeated, each with what follows it'),
    _of_dose("--infusion", "AMOUNT", 'the same at a constant rate, with --over or --rate; "" for one without end'),
    _of_dose("--over", "TIME", "duration of an infusion"),
    _of_dose("--rate", "RATE", 'rate of an infusion, "10 mg/h"'),
    _of_dose("--at", "TIME", "time of the first dose; at once unless given"),
    _of_dose("--every", "TIME", 'interval of repeated doses, "7 d"'),
    _of_dose("--times", "N", "how many doses in all", type=int),
    _of_dose("--lag", "TIME", "how much later it arrives"),
    _of_dose("--bioavailability", "SHARE", "the share that arrives", type=float),
    _of_dose("--route", "ROUTE", "a route of the body, or a pool; iv unless given"),
    _of_dose("--label", "AMOUNT", 'label injected along, "1 ID"'),
    _of_dose("--steady-state", "HOW", "the series has gone on for ever: alone, or added to the rest"),
    _of_dose("--when", "CONDITION", 'give it once this comes to hold, "tumour_volume > 500 mm3"'),
    _of_dose("--whenever", "CONDITION", "give it every time that this comes to hold"),
)
PIPE = "-"
"""Stands for the standard input or output."""
JSON = option("--json", action="store_true", help="print the result for machines")
OUTPUT = (
    JSON,
    option("--csv", metavar="FILE", help="write the table; - sends it down the pipe and nothing else"),
    option("--html", metavar="FILE", help="write a report"),
)


def swaps(args: argparse.Namespace) -> dict[str, str]:
    """Return the parts of the model that the command line swaps."""
    return {"carrier": args.carrier} if args.carrier else {}


def dose(args: argparse.Namespace) -> Regimen:
    """Return the regimen that the command line asks for."""
    given = args.doses or []
    if not any(BEGINNINGS & one.keys() for one in given):
        raise Misuse("a dose is required: --dose or --infusion", remedy='write --dose "5 mg/kg"')
    found = [_one(dict(one)) for one in given]
    return sum(found[1:], found[0])


def _one(said: dict[str, Any]) -> Regimen:
    conditions = [(said.pop(key), key == "whenever") for key in ("when", "whenever") if key in said]
    if len(conditions) > 1:
        raise Misuse("a dose waits for one condition", remedy="join conditions by and")
    infused = "infusion" in said or "over" in said or "rate" in said
    amount = said.pop("infusion" if "infusion" in said else "dose")
    found = exo.infusion(amount, **said) if infused else exo.bolus(amount, **said)
    return found.when(conditions[0][0], each=conditions[0][1]) if conditions else found


def inputs(pairs: Sequence[str], regimen: Regimen) -> Regimen:
    """Return a regimen under inputs over time, ``--input "body.weight=0 h: 20 g, 7 d: 22 g"``."""
    for pair in pairs:
        name, sign, course = (part.strip() for part in pair.partition("="))
        points = [tuple(side.strip() for side in point.split(":")) for point in course.split(",")]
        if not sign or any(len(point) != 2 for point in points):
            raise Misuse(
                f"--input takes NAME=TIME: VALUE, ..., not {pair!r}",
                remedy='write --input "body.weight=0 h: 20 g, 7 d: 22 g"',
            )
        regimen = regimen.varying(name, [(time, value) for time, value in points])
    return regimen


def values(given: Sequence[str]) -> dict[str, str | float]:
    """Return the values that ``--set NAME=VALUE`` lays over the model's."""
    return dict(pairs(given, "--set", '"uptake.PS=0.02 mL/h/g"'))


def say(result: Any, args: argparse.Namespace, plain: Any = None) -> None:
    """Print a result as a person reads it, or for machines (``plain`` in its stead where it is given)."""
    print(as_json(result if plain is None else plain) if args.json else result)


def hand_out(result: Any, args: argparse.Namespace, *more: Any, plain: Any = None) -> None:
    """Print a result, and write its table and a report (of ``more``, then the result) where they are asked for."""
    if args.csv == PIPE:
        if args.json:
            raise Misuse("--json and --csv - both want the output", remedy="name a file for one of them")
        if result:
            result.table().to_csv(sys.stdout, index=False, lineterminator="\n")
        else:
            print(result, file=sys.stderr)
    else:
        say(result, args, plain)
    if args.csv and args.csv != PIPE and result:
        result.table().to_csv(args.csv, index=False)
        written(args.csv, args)
    if args.html:
        written(exo.report(args.html, *more, result), args)


def written(path: object, args: argparse.Namespace) -> None:
    """Say where a file was written, beside the result where that is for machines."""
    print(path, file=sys.stderr if args.json or getattr(args, "csv", None) == PIPE else sys.stdout)


@contextmanager
def given_file(name: str) -> Iterator[Path]:
    """Give the file that a command reads; ``-`` is what is piped in, taken as CSV."""
    if name != PIPE:
        yield Path(name)
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "piped.csv"
        path.write_text(sys.stdin.read(), encoding="utf-8")
        yield path


def pair(text: str, word: str, example: str) -> tuple[str, str]:
    """Return name and value of NAME=VALUE; raises on what is none."""
    name, sign, value = (part.strip() for part in text.partition("="))
    if not (name and sign and value):
        raise Misuse(f"{word} takes NAME=VALUE, not {text!r}", remedy=f"write {word} {example}")
    return name, value


def pairs(given: Sequence[str], word: str, example: str) -> dict[str, str]:
    """Return what an option that takes NAME=VALUE was given; raises on what is none, and on a name given twice."""
    found: dict[str, str] = {}
    for text in given:
        name, value = pair(text, word, example)
        if name in found:
            raise Misuse(f"{word} gives {name} twice")
        found[name] = value
    return found
