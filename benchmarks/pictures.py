"""Draw every picture of every kind of calls in every style, and of 300,000 calls, and measure them.

Run it with ``python benchmarks/pictures.py``: it lists text that is cut off, covered or faint, as
``tests/plots/test_matrix.py`` does for a part of the combinations, and how long the pictures of 300,000 calls
over 180 days take from calls to pixels, in seconds of the processor. ``--small`` draws 3,000 calls and leaves
the other kinds out, as ``make test`` does. All of it takes most of an hour; ``--style dark`` and names
of pictures take parts of it, a style without the 300,000 calls.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import matplotlib as mpl

sys.path.insert(0, str(Path(__file__).parents[1]))  # for what the tests share

from tests.plots.datasets import KINDS, calls, sandbox_calls
from tests.plots.matrix import PICTURES, STYLES, complaints, every_combination

SLOW_S = 3.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", action="store_true", help="a few calls, without the matrix")
    parser.add_argument("--style", choices=STYLES, help="every kind of calls in this style only")
    parser.add_argument("names", nargs="*", choices=[[], *PICTURES], help="pictures; default: all")
    arguments = parser.parse_args()
    mpl.use("agg")
    names = arguments.names or list(PICTURES)
    wrong = [] if arguments.style else of_many(names, 3_000 if arguments.small else 300_000)
    if not arguments.small:
        for picture in names:
            for kind, style, size in every_combination():
                if arguments.style in (None, style):
                    wrong += told(picture, complaints(picture, kind, style, size))
            print(f"{picture}: every kind in {arguments.style or 'every style'}", flush=True)
    if wrong:
        sys.exit(f"\n{len(wrong)} complaints")


def of_many(names: list[str], many: int) -> list[str]:
    """Draw pictures of many calls, print how long each takes, and return what is wrong with them."""
    KINDS["many"] = lambda: sandbox_calls(many, 180)
    print(f"{len(calls('many')):,} calls over 180 days\n")
    wrong = []
    for picture in names:
        start = time.process_time()
        found = complaints(picture, "many", "as it comes", "notebook")
        seconds = time.process_time() - start
        print(f"{picture:<32}{seconds:>8.1f} s{'  slow' if seconds > SLOW_S else ''}", flush=True)
        wrong += told(picture, found)
    KINDS.pop("many")
    return wrong


def told(picture: str, complaints_of: list[str]) -> list[str]:
    """Print what is wrong with a picture at once, since all of them take long; return it."""
    for each in complaints_of:
        print(f"    {picture}: {each}", flush=True)
    return complaints_of


if __name__ == "__main__":
    main()
