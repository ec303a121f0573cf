"""Every persona of the sandbox, through HTTP: all calls once, or `IncompleteDataError`; nothing else.

With ``-s`` the tests print what came of each persona, and how many answers it took for each page.
"""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import brightcall_pandas as bc
from brightcall_pandas.sandbox import PERSONAS, Sandbox
from brightcall_pandas.sandbox._personas import behavior_of, personas_named

TABLES = {500: 1_010, 100: 210, 37: 80}  # calls in three days, by the size of the page: three pages each
VERSIONS = ("v1", "v3")
CHANGES = {"grow": 0.2, "insert": 0.03, "delete": 0.03}
GOOD = {"whole", "refused"}

pytestmark = pytest.mark.usefixtures("quick_retries")


class Came(NamedTuple):
    """What came of a load, what it cost, and what was said."""

    outcome: str
    answers: int
    said: str = ""


Load = Callable[..., Came]


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[int, Sandbox]]:
    """By the size of the page, the server that has as many calls as `TABLES` says."""
    with contextlib.ExitStack() as running:
        by_calls = {
            calls: running.enter_context(bc.start_sandbox(calls=calls, days=3, seed=17))
            for calls in set(TABLES.values())
        }
        yield {size: by_calls[calls] for size, calls in TABLES.items()}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders for caches, each used once."""
    base = tmp_path_factory.mktemp("caches")
    return (base / str(number) for number in itertools.count())


def load(
    sandbox: Sandbox,
    folder: Path,
    *,
    page_size: int,
    version: str = "v1",
    changes: dict[str, float] | None = None,
    seed: int = 0,
    days: tuple[str, str] | None = None,
) -> Came:
    """Load days into an empty cache while the table changes, and judge what came.

    Without `days` it is all of the table; those given have no calls.
    """
    sandbox.restore()
    sandbox.set_faults(changes, seed=seed)
    sandbox.mark()
    client = sandbox.client(cache_dir=folder, page_size=page_size, api_version=version)
    found: Counter[str] | None = None
    said = ""
    try:
        frame = bc.load_calls(*(days or (sandbox.day_from, sandbox.day_to)), client=client, progress=False)
        found = Counter(frame["uniqueId"])
    except (bc.BrightcallError, Warning) as error:  # nothing here deserves a warning
        said = f"{type(error).__name__}: {error}"
    finally:
        client.close()
    told = sandbox.since_mark()
    if found is None:
        outcome = "refused" if said.startswith("IncompleteDataError") else "failed"
        return Came(outcome, told["answers"], said)
    always, ever = (set(told["always"]), set(told["ever"])) if days is None else (set(), set())
    lost, invented = always - set(found), set(found) - ever
    twice = [name for name, copies in found.items() if copies > 1]
    said = f"{len(lost)} of {len(always)} lost, {len(invented)} invented, {len(twice)} twice"
    return Came("WRONG" if lost or invented or twice else "whole", told["answers"], said)


def undetectable(names: list[str], changes: dict[str, float]) -> bool:
    """Tell whether calls can be missing without a trace."""
    behavior = behavior_of(personas_named(names))
    return behavior.hides_calls(edited=bool(changes.get("insert") or changes.get("delete")))


def show(name: str, said: str) -> None:
    """Print a line of the table; pytest shows it with ``-s``."""
    print(f"\n{name:28} {said}", end="")  # noqa: T201


def drawn(name: str) -> Iterator[tuple[bool, int, str]]:
    """Yield whether the table changes, the size of the page and the version, for each load of a persona.

    A table that stands still is read in large pages, of which some servers give only the first thousand
    calls; one that changes in a size that comes round, by the other version.
    """
    number = list(PERSONAS).index(name)
    large, *_ = TABLES
    yield False, large, VERSIONS[number % 2]
    yield True, list(TABLES)[number % 3], VERSIONS[(number + 1) % 2]


class TestDrawn:
    def test_every_size_meets_every_version_while_the_table_changes(self):
        """And each persona both versions; ``benchmarks/soak.py --personas`` goes through all of each."""
        by_persona = {name: list(drawn(name)) for name in PERSONAS}
        met = Counter(itertools.chain.from_iterable(by_persona.values()))
        large, *_ = TABLES
        changing = set(itertools.product((True,), TABLES, VERSIONS))
        assert set(met) == {(False, large, version) for version in VERSIONS} | changing
        assert min(met.values()) > len(PERSONAS) / 8
        for loads in by_persona.values():
            assert [state for state, *_ in loads] == [False, True]
            assert {version for *_, version in loads} == set(VERSIONS)


@pytest.mark.parametrize("name", PERSONAS)
def test_loads_whole_or_says_so(name, servers, folders):
    """Two loads of each persona; all twelve of each: ``benchmarks/soak.py --personas``."""
    tally: Counter[str] = Counter()
    wrong, answers, pages = [], 0, 0
    for moving, size, version in drawn(name):
        changes = dict(CHANGES) if moving else {}
        if undetectable([name], changes):
            changes = {"grow": CHANGES["grow"]}
        sandbox = servers[size]
        sandbox.set_persona(name)
        came = load(sandbox, next(folders), page_size=size, version=version, changes=changes)
        tally[f"{'changing' if moving else 'still'} {came.outcome}"] += 1
        answers += came.answers
        pages += -(-TABLES[size] // size)
        expected = GOOD if moving or PERSONAS[name].may_be_refused else {"whole"}
        if came.outcome not in expected:
            wrong.append(f"{size} {version} {changes or 'still'}: {came.outcome}, {came.said}")
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(tally.items(), reverse=True))
    show(name, f"{counts}, {answers / pages:.1f} answers a page")
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "version"),
    [
        *itertools.product(("day-to-exclusive", "pages-from-0", "totals-as-text"), VERSIONS),
        *(("sizes-rounded-down+day-to-exclusive", "v3"), ("depth-1000-empty", "v1")),
        *(("newest-first", "v1"), ("sizes-in-tens", "v3"), ("sizes-refused-400", "v1")),
        *(("newest-first+null-calls", "v3"), ("pages-from-0+absent-calls", "v1")),
        *(("pages-from-0+no-totals", "v1"), ("pages-from-0+no-totals", "v3")),
    ],
)
def test_what_was_learnt_loses_nothing_later(name, version, servers, folders):
    """A second load knows what the first one saw; so does a third one, of other days."""
    sandbox = servers[100]
    sandbox.restore()
    sandbox.set_faults(None)
    sandbox.set_persona(name)
    client = sandbox.client(cache_dir=next(folders), page_size=100, api_version=version)
    days = [str(day.date()) for day in pd.date_range(sandbox.day_from, sandbox.day_to)]
    assert len(days) == 3
    whole = [bc.load_calls(days[0], days[2], client=client, progress=False, refresh=True) for _ in "ab"]
    assert [len(frame) for frame in whole] == [sandbox.truth["calls"]] * 2
    parts = [
        bc.load_calls(*span, client=client, progress=False, refresh=True) for span in (days[:2], days[2:] * 2)
    ]
    assert sum(map(len, parts)) == sandbox.truth["calls"]
    client.close()


@pytest.mark.parametrize("name", PERSONAS)
def test_a_day_without_calls(name, servers, folders):
    sandbox = servers[100]
    sandbox.set_persona(name)
    came = load(sandbox, next(folders), page_size=100, days=("2026-02-10", "2026-02-10"))
    assert came.outcome in (GOOD if PERSONAS[name].may_be_refused else {"whole"}), came.said


chances = st.sampled_from([0.0, 0.05, 0.2, 0.5])


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(
    names=st.lists(st.sampled_from(list(PERSONAS)), min_size=1, max_size=3, unique=True),
    size=st.sampled_from(list(TABLES)),
    version=st.sampled_from(VERSIONS),
    changes=st.fixed_dictionaries({"grow": chances, "insert": chances, "delete": chances}),
    seed=st.integers(0, 1_000),
)
def test_any_combination(servers, folders, names, size, version, changes, seed):
    try:
        personas_named(names)
    except ValueError:
        assume(False)
    assume(not undetectable(names, changes))
    sandbox = servers[size]
    sandbox.set_persona(names, seed=seed)
    came = load(sandbox, next(folders), page_size=size, version=version, changes=changes, seed=seed)
    assert came.outcome in GOOD, came.said
