"""Attempts of clients whose first dial is out of sight: `before=`, what attributes say, and the warning."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pandas as pd
import pytest

import brightcall_pandas as bc

HISTORY = ("2026-01-05", "2026-01-06")
FEBRUARY, MARCH = "2026-02-02", "2026-03-02"
BEGUN = "had calls before the earliest one here"


def dials(of: Sequence[tuple[str, str, int, bool | None]]) -> pd.DataFrame:
    """Return outbound calls of client, day, whether answered, and whether it is the client's first call."""
    client, day, answered, is_first = zip(*of, strict=True)
    return bc.to_frame(
        pd.DataFrame(
            {
                "id": [f"{each} {when}" for each, when in zip(client, day, strict=True)],
                "clientNumber": [f"+4930555{each}" for each in client],
                "timestamp": [f"{each}T09:00:00Z" for each in day],
                "state": answered,
                "type": 1,
                "firstTimeForTree": pd.array(is_first, dtype="boolean"),
            }
        )
    )


@pytest.fixture(scope="module")
def calls() -> pd.DataFrame:
    """Clients 10 and 11 are dialed from January on, 20 and 21 in February first, 30 in March."""
    return dials(
        [
            *((client, day, 0, day == HISTORY[0]) for client in ("10", "11") for day in HISTORY),
            ("10", FEBRUARY, 0, False),
            ("20", FEBRUARY, 1, True),
            ("21", FEBRUARY, 1, True),
            ("10", MARCH, 0, False),
            ("11", MARCH, 0, False),
            ("30", MARCH, 1, True),
        ]
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Fail where anything warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def month(calls: pd.DataFrame, day: str) -> pd.DataFrame:
    return calls.calls.filter(day_from=day, day_to=day)


class TestExplainChange:
    def test_counts_attempts_over_both_sides_where_nothing_is_before(self, calls: pd.DataFrame) -> None:
        # February: three first dials, two of them answered. March: 11 and 30 first, 10 second.
        with pytest.warns(RuntimeWarning, match=f"2 of 5 clients {BEGUN}.*Pass earlier calls as before="):
            table = month(calls, MARCH).calls.explain_change(month(calls, FEBRUARY), by="attempt")
        assert table["share"].to_dict() == pytest.approx({"1": 2 / 3, "2": 1 / 3})
        assert table["rate_effect"].sum() == pytest.approx((1 / 2 - 2 / 3) * (2 / 3 + 1) / 2)
        assert table.attrs["brightcall"]["clients"] == {"begun_before": 2, "begin_known": 5}

    def test_numbers_them_by_the_calls_before(self, calls: pd.DataFrame) -> None:
        # February: 20 and 21 first (both answered), 10 third. March: 30 first, 11 third, 10 fourth.
        before = calls.calls.filter(day_to=HISTORY[1])
        with quiet():
            table = month(calls, MARCH).calls.explain_change(
                month(calls, FEBRUARY), by="attempt", before=before
            )
        assert table["share"].to_dict() == pytest.approx({"1": 1 / 3, "3": 1 / 3, "4": 1 / 3})
        assert table["share_other"].to_dict() == pytest.approx({"1": 2 / 3, "3": 1 / 3, "4": 0})
        # First dials are always answered and later ones never: all of the change is mix.
        assert table["rate_effect"].abs().max() == pytest.approx(0)
        assert table["mix_effect"].sum() == pytest.approx(1 / 3 - 2 / 3)
        assert table.attrs["brightcall"]["clients"] == {"begun_before": 0, "begin_known": 5}
        assert table.attrs["brightcall"]["before"]["n_calls"] == 4

    def test_numbers_them_alike_in_the_list_of_dimensions(self, calls: pd.DataFrame) -> None:
        with quiet():
            table = month(calls, MARCH).calls.explain_change(month(calls, FEBRUARY), before=calls)
        found = table.loc[["attempt", "new_or_redial"], ["mix_effect", "rate_effect"]]
        assert found["mix_effect"].tolist() == pytest.approx([-1 / 3, -1 / 3])
        assert found["rate_effect"].tolist() == pytest.approx([0, 0])

    def test_counts_calls_that_are_before_and_in_a_side_once(self, calls: pd.DataFrame) -> None:
        now, then = month(calls, MARCH), month(calls, FEBRUARY)
        history = calls.calls.filter(day_to=HISTORY[1])
        of_all = now.calls.explain_change(then, by="attempt", before=calls)
        pd.testing.assert_frame_equal(of_all, now.calls.explain_change(then, by="attempt", before=history))

    def test_refuses_what_is_no_frame(self, calls: pd.DataFrame) -> None:
        for by in (None, "project", "attempt"):
            with pytest.raises(TypeError, match="before takes a frame of earlier calls"):
                calls.calls.explain_change(calls, by=by, before="28d")


def test_compare_numbers_attempts_by_the_calls_before(calls: pd.DataFrame) -> None:
    now, then = month(calls, MARCH), month(calls, FEBRUARY)
    with pytest.warns(RuntimeWarning, match=BEGUN):
        alone = now.calls.compare(then, by="new_or_redial", metrics=["n_calls"])
    assert alone["n_calls"].to_dict() == {"new": 2, "redial": 1}
    with quiet():
        table = now.calls.compare(then, by="new_or_redial", metrics=["n_calls"], before=calls)
    assert table["n_calls"].to_dict() == {"new": 1, "redial": 2}
    assert table["n_calls_other"].to_dict() == {"new": 2, "redial": 1}


class TestTables:
    @pytest.mark.parametrize(
        "table",
        [
            lambda df: df.calls.attempts(),
            lambda df: df.calls.attempt_gaps(),
            lambda df: df.calls.breakdown("attempt"),
            lambda df: df.calls.funnel(by="new_or_redial", stages={"answered": "state == 'answered'"}),
        ],
    )
    def test_warn_where_many_clients_began_before(self, calls: pd.DataFrame, table) -> None:
        with pytest.warns(RuntimeWarning, match=f"^2 of 3 clients {BEGUN}") as caught:
            found = table(month(calls, MARCH))
        assert len(caught) == 1
        assert caught[0].filename == __file__
        assert found.attrs["brightcall"]["clients"] == {"begun_before": 2, "begin_known": 3}
        with quiet():
            whole = table(calls)
        assert whole.attrs["brightcall"]["clients"] == {"begun_before": 0, "begin_known": 5}

    def test_only_say_it_up_to_a_third(self, calls: pd.DataFrame) -> None:
        with quiet():  # in February one of three clients is known from before
            found = month(calls, FEBRUARY).calls.attempts()
        assert found.attrs["brightcall"]["clients"] == {"begun_before": 1, "begin_known": 3}

    def test_adjusted_for_attempts_only_say_it(self, calls: pd.DataFrame) -> None:
        march = month(calls, MARCH).assign(lineNumber="A")
        with quiet():
            tables = [march.calls.by_line(), march.calls.watch(by="lineNumber")]
        for each in tables:
            assert each.attrs["brightcall"]["clients"] == {"begun_before": 2, "begin_known": 3}

    def test_say_nothing_where_nobody_knows(self, calls: pd.DataFrame) -> None:
        march = month(calls, MARCH)
        unknown = march.assign(firstTimeForTree=pd.array([None] * 3, dtype="boolean"))
        with quiet():
            for df in (march.drop(columns="firstTimeForTree"), unknown):
                assert "begun_before" not in df.calls.attempts().attrs["brightcall"].get("clients", {})

    def test_look_at_the_earliest_call_in_whatever_order(self) -> None:
        df = dials([("40", MARCH, 0, False), ("40", FEBRUARY, 0, True), ("50", MARCH, 0, None)])
        with quiet():
            table = df.calls.attempts()
        assert table.attrs["brightcall"]["clients"] == {"begun_before": 0, "begin_known": 1}
