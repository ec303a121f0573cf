"""The table below the views: sorted, searched, paged, and clicked on."""

import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas.explorer import Explorer

CALLS = bc.to_frame(
    pd.DataFrame(
        {
            "id": [str(each) for each in range(10)],
            "timestamp": [f"2026-03-{2 + each // 4:02}T{8 + each:02}:00:00" for each in range(10)],
            "type": ["inbound", "outbound"] * 5,
            "state": ["answered", "unanswered", "answered", "answered", "failed"] * 2,
            "outcomeTag": ["Sold", "sold ", "Later", None, "Sold"] * 2,
            "talkTime": [30.0, 0.0, 60.0, None, 5.0, 30.0, 0.0, 90.0, 12.5, None],
            "clientNumber": ["+4930901820", "+4930901821", None, "+12125551234", "+4930901820"] * 2,
            "userId": ["500", "501"] * 5,
        }
    ),
    timezone="Europe/Berlin",
)


@pytest.fixture
def ex(tmp_path):
    ex = Explorer(CALLS, presets=tmp_path / "presets.json", names={500: "Ann", 501: "Bo"})
    table(ex, columns=["id", "timestamp", "outcomeTag", "talkTime", "clientNumber", "agent"])
    return ex


def table(ex, **changes):
    ex.page.receive({"do": "table", "value": changes})
    return ex.view["table"]


def ids(shown):
    at = shown["names"].index("id")
    return "".join(row[at] for row in shown["rows"])


class TestSort:
    def test_by_a_number_with_the_unknown_last_and_equal_ones_in_their_order(self, ex):
        assert ids(table(ex, sort="talkTime", size=25)) == "1648052739"
        assert ids(table(ex, sort="talkTime", descending=True)) == "7205841639"

    def test_by_a_text_and_by_a_time(self, ex):
        assert ids(table(ex, sort="outcomeTag", size=25)) == "2704591638"
        assert ids(table(ex, sort="timestamp", descending=True)) == "9876543210"

    def test_goes_back_to_the_order_of_the_frame(self, ex):
        table(ex, sort="talkTime", size=25)
        assert ids(table(ex, sort="")) == "0123456789"

    def test_keeps_to_the_rows_that_pass(self, ex):
        ex.set("types", "inbound")
        assert ids(table(ex, sort="talkTime")) == "64802"

    def test_leaves_frame_and_code_as_they_are(self, ex):
        table(ex, sort="talkTime", descending=True, find="sold")
        assert ex.frame["id"].tolist() == list("0123456789")
        assert ex.code() == "calls = CALLS"


class TestPages:
    def test_follow_one_another(self, ex):
        first, second = table(ex), table(ex, page=1)
        assert (ids(first), ids(second)) == ("01234567", "89")
        assert (first["n_pages"], second["page"], second["note"]) == (2, 1, "2 of 10 calls")

    def test_a_page_behind_the_last_is_the_last(self, ex):
        table(ex, page=1)
        ex.set("types", "inbound")
        shown = ex.view["table"]
        assert (ids(shown), shown["page"], shown["n_pages"]) == ("02468", 0, 1)

    def test_of_another_size_begin_at_the_first(self, ex):
        table(ex, page=1)
        assert ids(table(ex, size=25)) == "0123456789"

    def test_without_rows_there_is_one_and_it_is_empty(self):
        shown = CALLS.iloc[:0].calls.explore().view["table"]
        assert (shown["rows"], shown["n_pages"], shown["page"]) == ([], 1, 0)


class TestFind:
    @pytest.mark.parametrize(
        ("part", "found"),
        [
            ("SOLD", "014569"),
            ("+1212", "38"),
            ("2026-03-02", "0123"),
            ("17:00", "9"),
            ("12.5", "8"),
            ("bo", "13579"),
            ("[", ""),
        ],
    )
    def test_looks_into_the_columns_shown_as_they_are_shown(self, part, found, ex):
        shown = table(ex, find=part, size=25)
        assert ids(shown) == found
        assert shown["note"].startswith(f"{len(shown['rows'])} of 10 calls; ")

    def test_not_into_the_others(self, ex):
        assert ids(table(ex, find="answered")) == ""
        assert ids(table(ex, columns=["id", "state"], find="failed")) == "49"


class TestColumns:
    def test_stay_where_they_are_and_new_ones_follow(self, ex):
        shown = ["timestamp", "outcomeTag", "talkTime", "clientNumber", "agent", "id"]
        assert table(ex)["names"] == shown
        assert table(ex, columns=["id", "state", "talkTime", "agent"])["names"] == [
            "talkTime",
            "agent",
            "id",
            "state",
        ]

    def test_own_columns_of_the_frame_are_offered(self):
        ex = CALLS.assign(team=["red", "blue"] * 5, score=range(10)).calls.explore()
        shown = table(ex, columns=["id", "team", "score"], sort="score", descending=True)
        assert shown["rows"][0] == ["9", "blue", "9"]
        assert shown["numeric"] == [False, False, True]

    @pytest.mark.parametrize(
        "wrong", [{"columns": []}, {"columns": ["nothing"]}, {"sort": "nothing"}, {"size": 7}]
    )
    def test_a_wrong_one_changes_nothing(self, wrong, ex, monkeypatch):
        before, sent = ex.view["table"], []
        monkeypatch.setattr(ex.page, "send", sent.append)
        assert table(ex, **wrong) == before
        assert sent[-1]["error"]


class TestCells:
    def test_show_names_and_what_is_not_known(self, ex):
        rows = table(ex)["rows"]
        assert rows[1] == ["2026-03-02 09:00:00", "sold ", "0", "+4930901821", "Bo", "1"]
        assert rows[3] == ["2026-03-02 11:00:00", "", "not known", "+12125551234", "Bo", "3"]

    @pytest.mark.parametrize(
        ("column", "position", "chosen"),
        [
            ("timestamp", 4, "4567"),
            ("type", 1, "13579"),
            ("outcomeTag", 1, "014569"),
            ("talkTime", 0, "05"),
            ("clientNumber", 3, "38"),
            ("agent", 0, "02468"),
        ],
    )
    def test_a_click_chooses_the_calls_with_its_value_and_another_takes_it_back(
        self, column, position, chosen, ex
    ):
        ex.page.receive({"do": "pick", "name": column, "value": position})
        assert "".join(ex.frame["id"]) == chosen
        ex.page.receive({"do": "pick", "name": column, "value": position})
        assert len(ex.frame) == 10

    @pytest.mark.parametrize(
        ("column", "position", "said"),
        [("talkTime", 3, "this call has no talkTime"), ("id", 3, "no control"), ("agent", 99, "")],
    )
    def test_a_cell_that_chooses_nothing_says_so(self, column, position, said, ex, monkeypatch):
        sent = []
        monkeypatch.setattr(ex.page, "send", sent.append)
        ex.page.receive({"do": "pick", "name": column, "value": position})
        assert sent[-1]["error"]
        assert said in sent[-1]["error"]
        assert len(ex.frame) == 10
