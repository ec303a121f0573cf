"""Draw every picture of every kind of calls in every style, and of 300,000 calls, and measure them.

Run it with ``python benchmarks/pictures.py``: it lists text that is cut off, covered or faint, as
``tests/plots/test_matrix.py`` does for a part of the combinations, and how long the pictures of 300,000 calls
over 180 days take from calls to pixels. ``--small`` draws 3,000 calls and leaves the other kinds out, as
``make test`` does.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import matplotlib as mpl

sys.path.insert(0, str(Path(__file__).parents[1]))  # for what the tests share

from tests.plots.datasets import KINDS, calls, sandbox_calls
from tests.plots.matrix import PICTURES, complaints, every_combination

SLOW_S = 3.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", action="store_true", help="a few calls, without the matrix")
    parser.add_argument("names", nargs="*", choices=[[], *PICTURES], help="pictures; default: all")
    arguments = parser.parse_args()
    mpl.use("agg")
    wrong = []
    KINDS["many"] = lambda: sandbox_calls(3_000 if arguments.small else 300_000, 180)
    print(f"{len(calls('many')):,} calls over 180 days\n")
    for picture in arguments.names or PICTURES:
        start = time.perf_counter()
        found = complaints(picture, "many", "as it comes", "notebook")
        seconds = time.perf_counter() - start
        print(f"{picture:<32}{seconds:>8.1f} s{'  slow' if seconds > SLOW_S else ''}", flush=True)
        wrong += told(picture, found)
    if not arguments.small:
        KINDS.pop("many")
        for picture in arguments.names or PICTURES:
            for combination in every_combination():
                wrong += told(picture, complaints(picture, *combination))
            print(f"{picture}: every kind in every style", flush=True)
    if wrong:
        sys.exit(f"\n{len(wrong)} complaints")


def told(picture: str, complaints_of: list[str]) -> list[str]:
    """Print what is wrong with a picture at once, since all of them take long; return it."""
    for each in complaints_of:
        print(f"    {picture}: {each}", flush=True)
    return complaints_of


if __name__ == "__main__":
    main()
