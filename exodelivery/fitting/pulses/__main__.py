"""Floor 7: ``python -m exodelivery.fitting.pulses [--keep]`` fits, predicts the pulses left out, and says how well."""

from __future__ import annotations

import sys

from exodelivery.declare.shelf import library_folder
from exodelivery.errors import ExodeliveryError
from exodelivery.fitting.pulses.kept import fit_pulses

NAME = "mckenna_2017_pulses"


def main(words: list[str]) -> int:
    """Run the recipe; ``--keep`` writes ``result.json`` beside it."""
    try:
        print(fit_pulses(library_folder() / "fits" / NAME, again=True, keep="--keep" in words))
    except ExodeliveryError as error:
        print(f"exo: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
