"""Floor 10: the verbs in the shell: the same words and options as in Python, plain text out, no logic of its own.

Every command returns a number for the shell: 0 when all is well, 1 when ``check`` finds errors or a run fails, 2 with
one clear sentence on misuse, 130 after Ctrl-C. Notes and errors go to the error stream, so that results can be piped.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import exodelivery as exo
from exodelivery.errors import ExodeliveryError

if TYPE_CHECKING:
    from exodelivery.declare.regimen import Regimen

WELL, FOUND, MISUSE, INTERRUPTED, CLOSED_PIPE = 0, 1, 2, 130, 141

DEMO = "doxorubicin_carriers"
"""The recipe that ``exo demo`` shows."""

Option = tuple[tuple[str, ...], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Command:
    """A verb in the shell: what it is for, an example with what it prints, its options, and what it does."""

    about: str
    example: str
    options: tuple[Option, ...]
    run: Callable[[argparse.Namespace], int]


class _Misuse(ExodeliveryError):
    """The command line cannot be understood."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _Misuse(message, remedy=f"see {self.prog} --help")


def _list(args: argparse.Namespace) -> int:
    frame = exo.list(args.kind)
    width = max(map(len, frame["name"]), default=0)
    for row in frame.itertuples():
        name = row.name if row.shelf == "library" else f"{row.shelf}:{row.name}"
        print(f"{row.kind:<12} {name:<{width}}  {row.about}")
    return WELL


def _check(args: argparse.Namespace) -> int:
    if args.all == bool(args.names):
        raise _Misuse("name what is to be checked, or pass --all", remedy="see exo check --help")
    if args.all:
        from exodelivery.checks.library import check_all

        every = [check_all()]
    else:
        every = [exo.check(name) for name in args.names]
    for findings in every:
        print(findings)
    return WELL if all(findings.ok for findings in every) else FOUND


def _show(args: argparse.Namespace) -> int:
    print(exo.show(args.name, **_swaps(args)))
    return WELL


def _simulate(args: argparse.Namespace) -> int:
    model = exo.load(args.model, **_swaps(args))
    using = exo.fit(args.using) if args.using else None
    run = exo.simulate(model, _dose(args), args.until, values=_values(args.set), using=using)
    print(run)
    if run and args.csv:
        _write_table(run.table(), args.csv)
    if args.html:
        print(exo.report(args.html, model, run))
    return WELL if run else FOUND


def _fit(args: argparse.Namespace) -> int:
    asked = {"starts": args.starts, "seed": args.seed}
    options = {name: value for name, value in asked.items() if value is not None}
    if options and not args.again:
        raise _Misuse(f"--{next(iter(options))} is for a new fit", remedy="pass --again as well")
    print(exo.fit(args.name, again=args.again, progress=args.again and _watched(), **options))
    return WELL


def _compare(args: argparse.Namespace) -> int:
    carriers = [name.strip() for name in args.carriers.split(",") if name.strip()]
    if not carriers:
        raise _Misuse("--carriers names no carrier", remedy="write --carriers exosome_targeted,none")
    model = exo.load(args.model, carrier=carriers[0])
    using = exo.fit(args.using) if args.using else None
    asked = {"horizon": args.horizon, "draws": args.draws, "seed": args.seed}
    options = {name: value for name, value in asked.items() if value is not None}
    duel = exo.compare(
        model, carriers, _dose(args), baseline=args.baseline, using=using, progress=_watched(), **options
    )
    print(duel)
    if args.csv:
        _write_table(duel.table(), args.csv)
    if args.html:
        print(exo.report(args.html, model, *([using] if using else []), duel))
    return WELL


def _report(args: argparse.Namespace) -> int:
    from exodelivery.declare.shelf import kinds_of

    doors: dict[str, Callable[[str], Any]] = {"study": exo.studies, "fit": exo.fit}
    parts = []
    for name in args.names:
        kind = next(iter(kinds_of(name)), "")
        parts.append(doors.get(kind, exo.load)(name))
    print(exo.report(args.out, *parts, title=args.title))
    return WELL


def _new(args: argparse.Namespace) -> int:
    folder = exo.new(args.folder)
    print(f"A shelf stands in {folder}; go there and run: exo check my_model")
    return WELL


def _demo(args: argparse.Namespace) -> int:
    print(f"The kept fit {DEMO}, on published numbers; then three carriers of the same doxorubicin ...", flush=True)
    fit = exo.fit(DEMO)
    print(fit.verdict, flush=True)
    model = exo.load("doxorubicin_mouse", carrier="exosome_targeted")
    dose = exo.bolus("5 mg/kg", every="7 d", times=3)
    carriers = ["exosome_targeted", "liposome_pegylated", "none"]
    duel = exo.compare(model, carriers, dose, baseline="liposome_pegylated", using=fit, progress=_watched())
    print(f"\n{duel}\n")
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    run = exo.simulate(model, dose, until="28 d", using=fit)
    path = exo.report(out / f"{DEMO}.html", model, run, fit, duel, exo.studies(*fit.studies))
    print(f"The report: {path}")
    return WELL


def _warm_up(args: argparse.Namespace) -> int:
    from exodelivery.compile.native.machine import cache_folder
    from exodelivery.solve.solvers.rodas5p import warm_up

    print("Compiling the solver for this processor, which takes some ten seconds, once ...", flush=True)
    warm_up()
    print(f"Done; compiled models are kept in {cache_folder()}")
    return WELL


def _watched() -> bool:
    """Return whether a person sees the progress of long work."""
    return sys.stderr.isatty()


def _swaps(args: argparse.Namespace) -> dict[str, str]:
    return {"carrier": args.carrier} if args.carrier else {}


def _dose(args: argparse.Namespace) -> Regimen:
    return exo.infusion(
        args.dose, over=args.over, route=args.route, every=args.every, times=args.times, label=args.label
    )


def _values(pairs: Sequence[str]) -> dict[str, str | float]:
    found: dict[str, str | float] = {}
    for pair in pairs:
        name, sign, value = (part.strip() for part in pair.partition("="))
        if not (name and sign and value):
            raise _Misuse(f"--set takes NAME=VALUE, not {pair!r}", remedy='write --set "uptake.PS=0.02 mL/h/g"')
        if name in found:
            raise _Misuse(f"--set gives {name} twice")
        found[name] = value
    return found


def _write_table(frame: Any, path: str) -> None:
    frame.to_csv(path, index=False)
    print(path)


def _option(*names: str, **settings: Any) -> Option:
    return names, settings


_MODEL = _option("model", metavar="MODEL", help="its name, or its file")
_CARRIER = _option("--carrier", help="swap the carrier of a model")
_USING = _option("--using", metavar="FIT", help="take the values from this kept fit")
_SEED = _option("--seed", type=int, metavar="N", help="of whatever is drawn")
_DOSE = (
    _option("--dose", required=True, metavar="AMOUNT", help='"5 mg/kg", "1e10 particle", "1 ID", ...'),
    _option("--every", default="0 h", metavar="TIME", help='interval of repeated doses, "7 d"'),
    _option("--times", type=int, default=1, metavar="N", help="how many doses in all"),
    _option("--over", default="0 h", metavar="TIME", help="duration of an infusion; a bolus unless given"),
    _option("--route", default="iv", help="a route of the body; iv unless given"),
    _option("--label", default="", metavar="AMOUNT", help='label injected along, "1 ID"'),
)
_OUTPUT = (
    _option("--csv", metavar="FILE", help="write the table"),
    _option("--html", metavar="FILE", help="write a report"),
)

COMMANDS: dict[str, Command] = {
    "list": Command(
        "say what stands on the shelves",
        """\
$ exo list carrier
carrier      exosome_natural     Exosomes as cells shed them, loaded by incubation; mouse values
...
carrier      none                No carrier: all drug is given free""",
        (_option("kind", nargs="?", default="", help="model, body, drug, carrier, a slot, study or fit"),),
        _list,
    ),
    "check": Command(
        "check models and parts against every rule; the code is 1 when there are errors",
        """\
$ exo check doxorubicin_mouse
model doxorubicin_mouse with exosome_targeted: 2 notes
note [names] models/blocks/release/first_order.toml:16 (flows.leak_endosome): the flow ...""",
        (
            _option("names", nargs="*", metavar="NAME", help="names on the shelves, or files"),
            _option("--all", action="store_true", help="everything on the shelves"),
        ),
        _check,
    ),
    "show": Command(
        "say what a model, part, study or fit is",
        """\
$ exo show doxorubicin_mouse --carrier none
Model doxorubicin_mouse: Doxorubicin in a mouse with a 4T1 tumour, in a carrier or free
  body     mouse_4t1: Mouse with an orthotopic 4T1 tumour...
  drug     doxorubicin: Doxorubicin, counted as the free base
  carrier  none: No carrier: all drug is given free
  ...""",
        (_option("name", metavar="NAME", help="a name on the shelves"), _CARRIER),
        _show,
    ),
    "simulate": Command(
        "run a model under a dose",
        """\
$ exo simulate doxorubicin_mouse --carrier none --dose "5 mg/kg" --until "24 h"
Run of doxorubicin_mouse (none in mouse_4t1) to 24 h
  dose    5 mg/kg iv bolus
          each dose: 184 nmol of drug...
  ledgers ...
  plasma_total: largest ...""",
        (
            _MODEL,
            _CARRIER,
            *_DOSE,
            _option("--until", metavar="TIME", help='end of the run, "28 d"; else a week after the last dose'),
            _option("--set", action="append", default=[], metavar="NAME=VALUE", help="lay a value over the model's"),
            _USING,
            *_OUTPUT,
        ),
        _simulate,
    ),
    "fit": Command(
        "show the kept result of a recipe, or make it anew",
        """\
$ exo fit doxorubicin_carriers
Fit doxorubicin_carriers: Free doxorubicin, two liposomes, ...
  The fit converged.
  ...
  laginha_2005_4t1_tumour/doxil_9 auc(tumour_total)  observed 3988  predicted ...""",
        (
            _option("name", metavar="NAME", help="a recipe on the shelves"),
            _option("--again", action="store_true", help="fit anew, and keep the result in your own fits/"),
            _option("--starts", type=int, metavar="N", help="how many starting points"),
            _SEED,
        ),
        _fit,
    ),
    "compare": Command(
        "compare carriers by what they bring where, with the doubt",
        """\
$ exo compare doxorubicin_mouse --carriers none --baseline liposome_pegylated --dose "5 mg/kg" \
--using doxorubicin_carriers
doxorubicin_mouse: carriers against liposome_pegylated, 5 mg/kg iv bolus, over 7 d
  none, same drug: worse; released drug in tumour ... times that of liposome_pegylated ...""",
        (
            _MODEL,
            _option("--carriers", required=True, metavar="A,B,C", help="carriers to compare"),
            _option("--baseline", required=True, metavar="CARRIER", help="the one that the others are held against"),
            *_DOSE,
            _USING,
            _option("--horizon", metavar="TIME", help="how long is compared; else a week after the last dose"),
            _option("--draws", type=int, metavar="N", help="how many draws of the parameters"),
            _SEED,
            *_OUTPUT,
        ),
        _compare,
    ),
    "report": Command(
        "write one HTML page about models, studies and fits",
        """\
$ exo report laginha.html laginha_2005_4t1_tumour doxorubicin_mouse
laginha.html""",
        (
            _option("out", metavar="OUT.html", help="the page to write"),
            _option("names", nargs="+", metavar="NAME", help="models, studies and fits"),
            _option("--title", default="", help="heading of the page"),
        ),
        _report,
    ),
    "new": Command(
        "start a shelf of your own",
        """\
$ exo new mine
A shelf stands in mine; go there and run: exo check my_model""",
        (_option("folder", metavar="FOLDER", help="does not exist yet, or is empty"),),
        _new,
    ),
    "warm-up": Command(
        "compile the solver for this processor now, so that the first run need not",
        """\
$ exo warm-up
Compiling the solver for this processor, which takes some ten seconds, once ...
Done; compiled models are kept in ...""",
        (),
        _warm_up,
    ),
    "demo": Command(
        "compare exosome, liposome and free drug on the published numbers, and write the report",
        """\
$ exo demo
The kept fit doxorubicin_carriers, on published numbers; then three carriers of the same doxorubicin ...
The report: out/doxorubicin_carriers.html""",
        (_option("--out", default="out", metavar="FOLDER", help="where the report goes; out unless given"),),
        _demo,
    ),
}


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line: one sub-parser a verb, each with its example."""
    form = argparse.RawDescriptionHelpFormatter
    top = _Parser(prog="exo", description=exo.__doc__, formatter_class=form)
    top.add_argument("--version", action="version", version=f"exodelivery {exo.__version__}")
    verbs = top.add_subparsers(title="verbs", dest="verb", metavar="VERB", required=True)
    for name, command in COMMANDS.items():
        example = "example:\n" + "\n".join(f"  {line}" for line in command.example.splitlines())
        options = verbs.add_parser(
            name, help=command.about, description=command.about, epilog=example, formatter_class=form
        )
        for words, settings in command.options:
            options.add_argument(*words, **settings)
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Run a command line, and return the code for the shell.

    Parameters
    ----------
    words : sequence of str, optional
        The command line after ``exo``; the process's own unless given.

    Examples
    --------
    >>> main(["list", "effect"])  # doctest: +ELLIPSIS
    effect       emax_kill  Drug on DNA kills cells...
    0
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal or pipe that knows fewer characters shows ? and goes on
            stream.reconfigure(errors="replace")
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _note
            args = parser().parse_args(words)
            code = COMMANDS[args.verb].run(args)
            sys.stdout.flush()
            return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the exit's own flush stays quiet
        return CLOSED_PIPE
    except (ExodeliveryError, OSError) as error:
        print(f"exo: {error}", file=sys.stderr)
        return MISUSE
    except KeyboardInterrupt:
        print("exo: interrupted", file=sys.stderr)
        return INTERRUPTED


def _note(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"exo: note: {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
