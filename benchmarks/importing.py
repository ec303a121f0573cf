"""How long ``import brightcall_pandas`` takes, against pandas and pyarrow, without which it cannot be.

Run it with ``make bench``, or ``python benchmarks/importing.py``; ``--rounds 31`` runs each more often, and
with fewer than nine runs of each nothing is judged.
"""

from __future__ import annotations

import argparse
import compileall
import importlib
import importlib.util
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from measure import Contestant, Figure, Part, Protocol, Run, Target, compared, measured, take_part

ROUNDS = 9
MOST = 1.3


def importing(*names: str) -> Part:
    """Return the part of a run that imports some modules, one after the other."""

    def part(_: dict[str, Any]) -> tuple[Run, Callable[[], dict[str, Any]]]:
        _modules, run = measured(lambda: [importlib.import_module(name) for name in names])
        loaded = {"pandas", "pyarrow"} & sys.modules.keys()
        return run, lambda: {name: version(name) for name in loaded}

    return part


PARTS = {"package": importing("brightcall_pandas"), "libraries": importing("pandas", "pyarrow")}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default: {ROUNDS}")
    rounds = parser.parse_args().rounds
    protocol = Protocol(judge=rounds >= ROUNDS)
    # As an installer does it. A checkout may have no bytecode, and then each run would compile the package.
    (package,) = importlib.util.find_spec("brightcall_pandas").submodule_search_locations
    compileall.compile_dir(package, quiet=1)
    labels = {"package": "import brightcall_pandas", "libraries": "import pandas, pyarrow"}
    contestants = [Contestant(label, "importing", part, {}) for part, label in labels.items()]
    here, rival = map(Figure.of, labels.values(), compared(contestants, rounds))
    protocol.compare("import", here, rival, Target("at most", MOST))
    raise SystemExit(bool(protocol.missed))


if __name__ == "__main__":
    # A run is a process that is given the name of its part.
    if set(sys.argv[1:]) & PARTS.keys():
        take_part(PARTS)
    else:
        main()
