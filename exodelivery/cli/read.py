"""Floor 10: ``exo read``."""

from __future__ import annotations

import argparse
from typing import Any

import exodelivery as exo
from exodelivery.cli.command import FOUND, WELL, Command, Misuse, option
from exodelivery.cli.options import OUTPUT, given_file, hand_out, pairs


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    gone = pairs(args.leave_out, "--leave-out", '"7=tube broken"')
    if not all(row.isdigit() for row in gone):
        raise Misuse("--leave-out takes ROW=REASON", remedy='write --leave-out "7=tube broken"')
    constants = pairs(args.constant, "--constant", "arm=free")
    options: dict[str, Any] = {
        "roles": pairs(args.role, "--role", '"value=DOX (ug/mL)"'),
        "constants": constants,
        "units": pairs(args.unit, "--unit", "value=ug/mL"),
        "names": pairs(args.name, "--name", "Plasma=plasma_total"),
        "leave_out": {int(row): why for row, why in gone.items()},
        "fill": [name.strip() for name in args.fill.split(",") if name.strip()],
        "spread": args.spread, "lloq": args.lloq, "heads": args.heads, "sheet": args.sheet, "kind": args.kind,
    }  # fmt: skip
    with given_file(args.file) as path:
        found = exo.read(path, **options)
    hand_out(found, args)
    return WELL if found else FOUND


COMMAND = Command(
    "read a lab's or a paper's own table and show what was taken for what; the code is 1 when rows cannot be read",
    """\
$ printf 'Time (h),free (ug/mL),SD\\n1,4.2,0.5\\n4,1.9,0.3\\n' | exo read - --constant what=plasma_total
...piped.csv: read as a column for each arm, 2 numbers, no faults, 0 excluded
  'Time (h)' → time [h] (by its heading)
  'free (ug/mL)' → value of arm 'free' [ug/mL] ...
  ...""",
    (
        option("file", metavar="FILE", help="CSV, TSV, .xlsx, or a project of WebPlotDigitizer; - is a piped CSV"),
        option("--kind", help="long, wide, plate, digitised or nonmem; found by the layout unless given"),
        option("--role", action="append", default=[], metavar="ROLE=HEADING", help='"value=DOX (ug/mL)"'),
        option("--constant", action="append", default=[], metavar="ROLE=TEXT", help='"arm=free": holds for every row'),
        option("--unit", action="append", default=[], metavar="ROLE=UNIT", help="of time and value"),
        option("--name", action="append", default=[], metavar="THEIRS=OURS", help="the file's words in ours"),
        option("--leave-out", action="append", default=[], metavar="ROW=REASON", help="rows that are not used"),
        option("--fill", default="", metavar="A,B", help="roles whose empty cells repeat the one above"),
        option("--spread", default="", help="sd, sem or cv, where the file does not say which its ± is"),
        option("--lloq", type=float, metavar="X", help="limit of quantification; what lies below becomes a bound"),
        option("--heads", default="arm", help="what headings of a wide table name: arm, subject or what"),
        option("--sheet", help="of a workbook"),
        *OUTPUT,
    ),
    run,
)
