"""Floor 10: ``exo nca``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import exodelivery as exo
from exodelivery.cli.command import WELL, Command, Misuse, option
from exodelivery.cli.options import CARRIER, DOSE, OUTPUT, PIPE, dose, given_file, hand_out, pairs, swaps

TABLES = (".csv", ".tsv", ".txt", ".xlsx")
TERMINAL = "write --terminal 4, or --terminal 8,24"


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    options: dict[str, Any] = {"rule": args.rule, "below": args.below}
    for name in ("limit", "tau"):
        if getattr(args, name) is not None:
            options[name] = getattr(args, name)
    if args.terminal:
        options["terminal"] = _terminal(args.terminal)
    if args.what == PIPE or Path(args.what).suffix.lower() in TABLES:
        found = _of_table(args, options)
    else:
        model = exo.load(args.what, **swaps(args))
        made = exo.simulate(model, dose(args), args.until)
        times = [part.strip() for part in args.sampled.split(",")] if args.sampled else None
        found = exo.nca(made, args.observable, times=times, **options)
    hand_out(found, args, plain=found.table() if args.json else None)
    return WELL


def _terminal(text: str) -> int | tuple[float, float]:
    try:
        if "," not in text:
            return int(text)
        first, last = (float(end) for end in text.split(","))
        return first, last
    except ValueError:
        raise Misuse(f"--terminal takes a number of points or a window, not {text!r}", remedy=TERMINAL) from None


def _of_table(args: argparse.Namespace, options: dict[str, Any]) -> Any:
    import pandas as pd

    doses = [one.get("dose") for one in args.doses or []]
    if len(doses) > 1 or any(set(one) - {"dose"} for one in args.doses or []):
        raise Misuse("samples have one dose", remedy='write --dose "5 mg/kg", and --route and --infused for the rest')
    with given_file(args.what) as path:
        if path.suffix.lower() == ".xlsx":
            frame = pd.read_excel(path)
        else:
            frame = pd.read_csv(path, sep=None if path.suffix.lower() == ".txt" else _separator(path))
    columns = {name: getattr(args, name) for name in ("subject", "time", "level") if getattr(args, name)}
    by = [name.strip() for name in args.by.split(",") if name.strip()]
    units = pairs(args.unit, "--unit", '"level=ng/mL"') or None
    return exo.nca(
        frame, route=args.how, dose=doses[0] if doses else None, infusion=args.infused, sparse=args.sparse, by=by,
        units=units, **columns, **options,
    )  # fmt: skip


def _separator(path: Path) -> str:
    return "\t" if path.suffix.lower() == ".tsv" else ","


COMMAND = Command(
    "analyse curves without a model: of a table of samples, or of a simulated run",
    """\
$ printf 'time [h],conc [mg/L]\\n0,10\\n1,8\\n2,6.4\\n4,4.1\\n8,1.7\\n' | exo nca - --how "iv bolus" --dose "100 mg"
Noncompartmental analysis of one curve: iv bolus, linear-up/log-down
  ...
  CL_obs          2.22 L/h
  ...""",
    (
        option("what", metavar="TABLE|MODEL", help="a file of samples (- is a piped CSV), or a model that is run"),
        CARRIER,
        *DOSE,
        option("--until", metavar="TIME", help="end of the run"),
        option("--observable", help="of a run; its only one unless given"),
        option(
            "--sampled", metavar="T,T,...", help='sampling times of a run, "1 h,4 h,1 d"; its own grid unless given'
        ),
        option("--how", metavar="ROUTE", help='of a table: "iv bolus", "iv infusion" or "extravascular"'),
        option("--infused", type=float, default=0.0, metavar="X", help="of a table: how long, in its unit of time"),
        option("--subject", metavar="COLUMN", help="found by its heading unless given; so are the next two"),
        option("--time", metavar="COLUMN", help="times after the dose"),
        option("--level", metavar="COLUMN", help="concentrations"),
        option("--by", default="", metavar="A,B", help="columns that set curves apart, such as a tissue"),
        option("--unit", action="append", default=[], metavar="WHAT=UNIT", help="of time, level or dose"),
        option("--sparse", action="store_true", help="each animal gave one sample or a few"),
        option("--rule", default="linear-up/log-down", help="linear, linear-up/log-down or linear-log"),
        option("--below", default="standard", help="what levels below the limit count as: standard, zero, half, drop"),
        option("--limit", type=float, metavar="X", help="of quantification"),
        option("--tau", type=float, metavar="X", help="dosing interval of a curve at steady state"),
        option("--terminal", metavar="N|A,B", help="points or window of the terminal phase; the best fit unless given"),
        *OUTPUT,
    ),
    run,
)
