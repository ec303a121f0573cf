"""What is read from a column once is kept only while it is true."""

from __future__ import annotations

import gc
import weakref

import pandas as pd
import pytest

import brightcall_pandas  # noqa: F401 - registers .calls
from brightcall_pandas.analysis import compare, repeat_callers, transfer_variants
from brightcall_pandas.frame import client_codes, factorized, remembered

CALLS = 20_000


def calls_of(clients: int, start: str = "2026-03-02T08:00:00Z") -> pd.DataFrame:
    """Return inbound calls of so many clients in turn, a minute apart."""
    return pd.DataFrame(
        {
            "clientNumber": pd.Series([f"+4930{9_000_000 + n % clients}" for n in range(CALLS)], dtype="str"),
            "numbersInvolvedJSON": pd.Series(['["101"]', '["101","102"]'] * (CALLS // 2), dtype="str"),
            "timestamp": pd.date_range(start, periods=CALLS, freq="min"),
            "type": pd.Categorical(["inbound"] * CALLS, ["inbound", "outbound", "internal"]),
            "state": pd.Categorical(["answered"] * CALLS, ["unanswered", "answered", "failed"]),
        }
    )


def of_chains(df: pd.DataFrame) -> dict[str, int]:
    return dict(transfer_variants(df)["n_calls"])


class TestAColumnThatChanges:
    """A column is written to between two questions: the second answer is that of the new values."""

    def test_by_position(self) -> None:
        df = calls_of(4)
        assert len(client_codes(df)[1]) == 4
        df.loc[0, "clientNumber"] = "+49301234567"
        codes, clients = client_codes(df)
        assert len(clients) == 5
        assert clients[codes[0]] == "+49301234567"

    def test_by_a_mask(self) -> None:
        df = calls_of(4)
        assert of_chains(df) == {"101": CALLS // 2, "101 → 102": CALLS // 2}
        df.loc[df["numbersInvolvedJSON"] == '["101"]', "numbersInvolvedJSON"] = '["103"]'
        assert of_chains(df) == {"103": CALLS // 2, "101 → 102": CALLS // 2}

    def test_by_another_column(self) -> None:
        df = calls_of(4)
        before = repeat_callers(df)
        df["clientNumber"] = calls_of(CALLS)["clientNumber"]
        after = repeat_callers(df)
        assert not before.equals(after)
        pd.testing.assert_frame_equal(after, repeat_callers(calls_of(CALLS)))

    def test_a_client_that_becomes_a_party(self) -> None:
        df = calls_of(4)
        assert of_chains(df) == {"101": CALLS // 2, "101 → 102": CALLS // 2}
        df["clientNumber"] = pd.Series(["102"] * CALLS, dtype="str")
        assert of_chains(df) == {"101": CALLS}

    def test_the_direction_that_says_which_end_is_the_client(self) -> None:
        df = calls_of(4).assign(
            clientNumber=pd.Series([None] * CALLS, dtype="str"),
            fromNumber=pd.Series(["101"] * CALLS, dtype="str"),
            toNumber=pd.Series(["102"] * CALLS, dtype="str"),
        )
        assert of_chains(df) == {"(none)": CALLS // 2, "102": CALLS // 2}
        df.loc[:, "type"] = "outbound"
        assert of_chains(df) == {"101": CALLS}

    def test_one_of_two_columns(self) -> None:
        df = calls_of(4)
        df["transfers"] = pd.Series([None] * CALLS, dtype="str")
        assert of_chains(df) == {"101": CALLS // 2, "101 → 102": CALLS // 2}
        df["transfers"] = pd.Series(['[{"from":"101","to":"104"}]'] * CALLS, dtype="str")
        assert of_chains(df) == {"101 → 104": CALLS}
        df["numbersInvolvedJSON"] = pd.Series(['["103"]'] * CALLS, dtype="str")
        assert of_chains(df.drop(columns="transfers")) == {"103": CALLS}

    def test_the_clients_of_one_of_two_frames(self) -> None:
        before, after = calls_of(40), calls_of(40, "2026-03-20T08:00:00Z")
        apart = calls_of(40, "2026-03-20T08:00:00Z")
        apart["clientNumber"] = pd.Series([f"+4989{9_000_000 + n % 40}" for n in range(CALLS)], dtype="str")
        first = compare(after, before, metrics=["answer_rate"])
        assert len(compare(apart, before, metrics=["answer_rate"])) == len(first)
        after["clientNumber"] = apart["clientNumber"]
        pd.testing.assert_frame_equal(
            compare(after, before, metrics=["answer_rate"]), compare(apart, before, metrics=["answer_rate"])
        )

    def test_another_region(self) -> None:
        df = calls_of(4)
        df["clientNumber"] = pd.Series(["030901820", "+4930901820"] * (CALLS // 2), dtype="str")
        assert [len(client_codes(df, region)[1]) for region in (None, "DE", None)] == [2, 1, 2]


class TestWhatIsKept:
    def test_is_read_once_from_the_same_values(self) -> None:
        readings: list[int] = []
        column = calls_of(4)["clientNumber"]
        for _ in range(3):
            assert remembered(column, "length", lambda: readings.append(1) or len(column)) == CALLS  # type: ignore[func-returns-value]
        assert remembered(column.copy(), "length", lambda: -1) == CALLS
        assert len(readings) == 1

    def test_is_told_apart_by_what_is_read(self) -> None:
        column = calls_of(4)["clientNumber"]
        assert remembered(column, ("first", 3), lambda: column[0][:3]) == "+49"
        assert remembered(column, ("first", 5), lambda: column[0][:5]) == "+4930"

    def test_goes_with_the_column(self) -> None:
        class Large:
            """Something that memory is needed for."""

        column = calls_of(4)["clientNumber"]
        kept = weakref.ref(remembered(column, "large", Large))
        assert kept() is not None
        del column
        gc.collect()
        assert kept() is None

    def test_of_two_columns_goes_with_either(self) -> None:
        one, other = calls_of(4)["clientNumber"], calls_of(5)["clientNumber"]
        assert remembered([one, other], "pair", lambda: "both") == "both"
        assert remembered([one, other], "pair", lambda: "again") == "both"
        assert remembered([other, one], "pair", lambda: "in the other order") == "in the other order"
        assert remembered([one, other.copy()], "pair", lambda: "another") == "both"  # the same Arrow array
        assert remembered([one, calls_of(5)["clientNumber"]], "pair", lambda: "another") == "another"

    def test_is_nothing_that_is_not_worth_it(self) -> None:
        column = calls_of(4)["clientNumber"]
        results = [remembered(column, "list", lambda: [1], worth=lambda _: False) for _ in range(2)]
        assert results[0] is not results[1]

    @pytest.mark.parametrize("dtype", [object, "category", "string[python]"])
    def test_is_nothing_of_values_that_can_change_in_place(self, dtype: object) -> None:
        column = calls_of(4)["clientNumber"].astype(dtype)
        assert remembered(column, "answer", lambda: 1) == 1
        assert remembered(column, "answer", lambda: 2) == 2

    def test_cannot_be_written_to(self) -> None:
        codes, _ = factorized(calls_of(4)["clientNumber"])
        with pytest.raises(ValueError, match="read-only"):
            codes[0] = 7
