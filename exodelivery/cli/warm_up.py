"""Floor 10: ``exo warm-up``."""

from __future__ import annotations

import argparse

from exodelivery.cli.command import WELL, Command


def run(args: argparse.Namespace) -> int:
    """Run the command, and return the code for the shell."""
    from exodelivery.compile.native.machine import cache_folder
    from exodelivery.solve.solvers.rodas5p import warm_up

    print("Compiling the solver for this processor, which takes some ten seconds, once ...", flush=True)
    warm_up()
    print(f"Done; compiled models are kept in {cache_folder()}")
    return WELL


COMMAND = Command(
    "compile the solver for this processor now, so that the first run need not",
    """\
$ exo warm-up
Compiling the solver for this processor, which takes some ten seconds, once ...
Done; compiled models are kept in ...""",
    (),
    run,
)
