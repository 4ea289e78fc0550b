"""Floor 7: ``python -m exodelivery.fitting.pulses [--keep]`` fits, predicts the pulses left out, and says how well."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from exodelivery.declare.shelf import library_folder
from exodelivery.errors import ExodeliveryError
from exodelivery.fitting.pulses.fit import held_out
from exodelivery.fitting.pulses.read import read_recipe

NAME = "mckenna_2017_pulses"


def main(words: list[str]) -> int:
    """Run the recipe; ``--keep`` writes ``result.json`` beside it."""
    folder = library_folder() / "fits" / NAME
    try:
        recipe = read_recipe(folder)
        found = [held_out(recipe, line) for line in recipe["lines"]]
    except ExodeliveryError as error:
        print(f"exo: {error}", file=sys.stderr)
        return 2
    print(recipe["about"])
    for one in found:
        print(one)
    if "--keep" in words:
        text = json.dumps({one.line: asdict(one) for one in found}, indent=1, allow_nan=False)
        (folder / "result.json").write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
