"""Floor 10: ``exo demo``."""

from __future__ import annotations

import argparse
from pathlib import Path

import exodelivery as exo
from exodelivery.cli.command import WELL, Command, option, watched

DEMO = "doxorubicin_carriers"
"""The recipe that ``exo demo`` shows."""
TITLE = "Doxorubicin to a 4T1 tumour: exosome, liposome, free drug"
FORMS = ("html", "pdf", "pptx", "md")
"""What needs something that is not installed is said and left out; the page needs nothing."""


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    print(f"The kept fit {DEMO}, on published numbers; then three carriers of the same doxorubicin ...", flush=True)
    fit = exo.fit(DEMO)
    print(fit.verdict, flush=True)
    model = exo.load("doxorubicin_mouse", carrier="exosome_targeted")
    dose = exo.bolus("5 mg/kg", every="7 d", times=3)
    carriers = ["exosome_targeted", "liposome_pegylated", "none"]
    duel = exo.compare(model, carriers, dose, baseline="liposome_pegylated", using=fit, progress=watched())
    print(f"\n{duel}\n")
    swapped = exo.attribute(
        model, "exosome_targeted", dose, baseline="liposome_pegylated", using=fit, draws=60, progress=watched()
    )
    print(f"{swapped}\n")
    told = []
    try:
        told.append(exo.sensitivity(model, dose, using=fit, progress=watched()))
    except exo.ExodeliveryError as error:
        print(f"No sensitivity: {error}", flush=True)
    run = exo.simulate(model, dose, until="28 d", using=fit)
    parts = (duel, swapped, *told, fit, run, model, exo.studies(*fit.studies))
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    for form in FORMS:
        try:
            print(f"The report: {exo.report(out / f'{DEMO}.{form}', *parts, title=TITLE)}", flush=True)
        except exo.ExodeliveryError as error:
            print(f"No {form}: {error}", flush=True)
    sliders = exo.what_if(model, carriers, dose, "28 d", using=fit)
    print(f"The same to play with: {exo.report(out / 'what_if.html', sliders, title=TITLE)}")
    return WELL


COMMAND = Command(
    "compare exosome, liposome and free drug on the published numbers, and write the report",
    """\
$ exo demo
The kept fit doxorubicin_carriers, on published numbers; then three carriers of the same doxorubicin ...
The report: out/doxorubicin_carriers.html
...
The same to play with: out/what_if.html""",
    (option("--out", default="out", metavar="FOLDER", help="where the report goes; out unless given"),),
    run,
)
