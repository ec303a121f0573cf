"""Forked children load with their parent's client, each through connections and files of its own."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")

PROGRAM = Path(__file__).with_name("forking_process.py")
DAYS = ["2026-03-28", "2026-03-29", "2026-03-30", "2026-03-31"]


@pytest.fixture
def truth(shared, fetch_plainly):
    return {day: sorted(fetch_plainly(shared, dayFrom=day, dayTo=day)) for day in DAYS}


@pytest.fixture
def loaded(shared, tmp_path, run_script):
    """What a program's loads return."""

    def loaded(**job):
        job |= {"url": shared.url, "api_key": shared.api_key, "account": "forked", "days": DAYS}
        job |= {"cache_dir": str(tmp_path), "options": {"page_size": 20, "timezone": "Europe/Berlin"}}
        done = run_script(str(PROGRAM), json.dumps(job))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return loaded


def wrong(found, truth):
    right = [(day, truth[day], True, len(truth[day])) for day, *_ in found]
    return [each for each, expected in zip(found, right, strict=True) if tuple(each) != expected]


def test_four_children_48_loads_all_right(shared, loaded, truth, tmp_path):
    shared.latency(0.04)  # each answer takes 40 to 120 ms
    shared.set_faults({"slow": {"rate": 0.5, "seconds": 0.08}})
    found = loaded(how="pools", children=4, rounds=4, loads=48)
    assert len(found) == 48 + 4 + 1  # and the parent's own
    assert wrong(found, truth) == []
    with closing(sqlite3.connect(tmp_path / "forked" / "pages.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_forks_while_threads_of_the_parent_load(shared, loaded, truth):
    found = loaded(how="while threads load", children=4)
    assert len(found) > 5  # the threads have loaded meanwhile
    assert wrong(found, truth) == []
