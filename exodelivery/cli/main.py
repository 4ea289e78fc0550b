"""Floor 10: the table of commands, and the door of the shell."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

import exodelivery as exo
from exodelivery.cli import (
    attribute,
    calibrate,
    check,
    compare,
    completion,
    coverage,
    demo,
    design,
    diff,
    doctor,
    fit,
    fits,
    identifiability,
    list,
    nca,
    new,
    plan,
    qualify,
    read,
    recipe,
    report,
    sensitivity,
    show,
    simulate,
    virtual,
    warm_up,
)
from exodelivery.cli.command import CLOSED_PIPE, INTERRUPTED, MISUSE, Command, Misuse
from exodelivery.errors import ExodeliveryError

COMMANDS: dict[str, Command] = {
    "list": list.COMMAND,
    "check": check.COMMAND,
    "show": show.COMMAND,
    "simulate": simulate.COMMAND,
    "nca": nca.COMMAND,
    "identifiability": identifiability.COMMAND,
    "read": read.COMMAND,
    "recipe": recipe.COMMAND,
    "fit": fit.COMMAND,
    "fits": fits.COMMAND,
    "diff": diff.COMMAND,
    "coverage": coverage.COMMAND,
    "calibrate": calibrate.COMMAND,
    "compare": compare.COMMAND,
    "attribute": attribute.COMMAND,
    "plan": plan.COMMAND,
    "qualify": qualify.COMMAND,
    "sensitivity": sensitivity.COMMAND,
    "virtual": virtual.COMMAND,
    "design": design.COMMAND,
    "report": report.COMMAND,
    "new": new.COMMAND,
    "completion": completion.COMMAND,
    "doctor": doctor.COMMAND,
    "warm-up": warm_up.COMMAND,
    "demo": demo.COMMAND,
}


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Misuse(message, remedy=f"see {self.prog} --help")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line: one sub-parser a verb, each with its example."""
    form = argparse.RawDescriptionHelpFormatter
    top = Parser(prog="exo", description=exo.__doc__, formatter_class=form)
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
    >>> main(["list", "immunity"])  # doctest: +ELLIPSIS
    immunity     anti_peg  ...
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
