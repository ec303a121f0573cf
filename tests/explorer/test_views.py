"""What the page shows, as numbers and words."""

import numpy as np
import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas.analysis import MetricOfRows, metric_value
from brightcall_pandas.analysis._metrics import METRICS
from brightcall_pandas.explorer._snapshot import as_html


class TestView:
    CALLS = pd.DataFrame(
        {
            "state": ["answered", "answered", "unanswered", "unanswered"],
            "type": ["inbound", "outbound", "inbound", "inbound"],
            "talkTime": [10.0, 30.0, 0.0, 0.0],
            "timestamp": pd.to_datetime(
                ["2026-03-02T09:10Z", "2026-03-02T09:50Z", "2026-03-03T23:59Z", "2026-03-08T00:00Z"]
            ),
            "numbersInvolvedJSON": ['["101"]', '["101", "102"]', '["101"]', None],
        }
    )

    @pytest.mark.parametrize(
        ("first", "end", "of_sunday"),
        [("2025-10-24", "2025-10-29", (75, 6.0)), ("2026-03-27", "2026-04-01", (69, np.nan))],
        ids=["an hour twice", "an hour less"],
    )
    def test_days_of_a_clock_change_are_counted_as_in_the_tables(self, first, end, of_sunday):
        # Three calls an hour: on the Sunday the hour from 2 to 3 is there twice, or not at all.
        stamps = pd.date_range(first, end, freq="20min", tz="Europe/Berlin", inclusive="left")
        df = bc.to_frame(pd.DataFrame({"timestamp": stamps}), timezone="Europe/Berlin")
        view = df.calls.explore().view
        assert view["days"]["counts"] == df.calls.over_time("D")["n_calls"].tolist()
        a_day = np.array(view["heatmap"]["a_day"], dtype=float)
        np.testing.assert_array_equal(a_day, df.calls.heatmap("n_calls_per_day").to_numpy(dtype=float))
        of_day, at_two = of_sunday
        assert view["days"]["counts"][2] == of_day
        np.testing.assert_array_equal(a_day[6, 2], at_two)

    def test_key_figures_against_everything(self):
        ex = self.CALLS.calls.explore()
        assert ex.view["sentence"] == "4 of 4 calls, answer rate 50 %"
        ex.set("types", "inbound")
        assert ex.view["sentence"] == "3 of 4 calls, answer rate 33 % (−17 points)"
        assert [(card["value"], card["against"]) for card in ex.view["figures"]] == [
            ("3", "of 4 (75 %)"),
            ("33 %", "−17 points"),
            ("10 s", "−10 s"),
            ("10 s", "25 %"),
        ]

    def test_heat_map(self):
        counts = np.array(self.CALLS.calls.explore().view["heatmap"]["counts"])
        assert counts.sum() == 4
        assert (counts[0, 9], counts[1, 23], counts[6, 0]) == (2, 1, 1)

    def test_heat_map_is_the_mean_of_its_days(self):
        # 12 Mondays and 12 Tuesdays at 9:00, of which the days chosen have one each.
        stamps = pd.date_range("2026-03-02T09:00Z", periods=22, freq="D")
        calls = pd.DataFrame({"timestamp": stamps.append(stamps[:1])})
        ex = calls.calls.explore()
        heat = ex.view["heatmap"]
        assert (heat["counts"][0][9], heat["n_days"][0][9], heat["a_day"][0][9]) == (5, 4, 1.25)
        assert (heat["counts"][1][9], heat["n_days"][1][9], heat["a_day"][1][9]) == (3, 3, 1)
        assert heat["a_day"][0][10] == 0
        ex.set("day", ("2026-03-02", "2026-03-04"))
        heat = ex.view["heatmap"]
        assert (heat["counts"][0][9], heat["n_days"][0][9], heat["a_day"][0][9]) == (2, 1, 2)
        assert heat["a_day"][3] == [None] * 24  # no Thursday is chosen
        table = calls.calls.filter(day_to="2026-03-04").calls.heatmap("n_calls_per_day")
        assert table.loc["Monday", 9] == 2

    def test_a_cell_of_the_heat_map_chooses_weekday_and_hour(self):
        ex = self.CALLS.calls.explore()
        ex.page.receive({"do": "cell", "value": [0, 9]})
        assert ex.conditions == {"weekdays": ("Monday",), "hours": (9, 9)}
        assert ex.view["n_calls"] == 2
        heat = ex.view["heatmap"]
        assert (heat["counts"][0][9], heat["counts"][1][23]) == (2, 1)  # the others can still be chosen
        assert (heat["chosen"][0][9], sum(map(sum, heat["chosen"]))) == (True, 1)
        ex.page.receive({"do": "cell", "value": [1, 23]})
        assert ex.view["n_calls"] == 1
        ex.page.receive({"do": "cell", "value": [1, 23]})
        assert ex.conditions == {}

    def test_chips_say_ranges_in_words(self):
        ex = self.CALLS.calls.explore()
        ex.set("day", ("2026-03-02", "2026-03-04"))
        ex.set("hours", (9, 9))
        ex.set("talk_time", (None, 30))
        assert [chip["text"] for chip in ex.view["chips"]] == [
            "Days: 2026-03-02 – 2026-03-04",
            "Hours: 9 h",
            "Talk time: up to 30 s",
        ]

    def test_days(self):
        ex = self.CALLS.calls.explore()
        shown = ex.view["days"]
        assert shown["edges"] == [f"2026-03-{day:02}" for day in range(2, 10)]
        assert shown["counts"] == [2, 1, 0, 0, 0, 0, 1]
        ex.set("day", ("2026-03-03", None))
        assert ex.view["days"]["counts"] == shown["counts"]  # what one would get, as beside the controls
        assert (ex.view["days"]["low"], ex.view["n_calls"]) == ("2026-03-03", 2)

    def test_many_days_are_drawn_as_weeks_from_monday(self):
        stamps = pd.date_range("2026-01-01", "2026-07-31", tz="Europe/Berlin")  # a Thursday first
        shown = pd.DataFrame({"timestamp": stamps}).calls.explore().view["days"]
        assert shown["edges"][:3] == ["2026-01-01", "2026-01-05", "2026-01-12"]
        assert shown["last_days"][:2] == ["2026-01-04", "2026-01-11"]
        assert shown["counts"] == [4, *[7] * 29, 5]
        assert "a bar is a week" in shown["note"]

    def test_without_times_there_are_no_days(self):
        calls = pd.DataFrame({"timestamp": pd.to_datetime([None, None], utc=True), "state": [1, 0]})
        view = calls.calls.explore().view
        assert view["days"] is None
        assert view["heatmap"]["a_day"] == [[None] * 24] * 7

    def test_bars_of_variants_choose_and_stay(self):
        ex = self.CALLS.calls.explore()
        places = {bar["label"]: bar["choice"] for bar in ex.view["paths"]["bars"]}
        ex.page.receive({"do": "tick", "name": "paths", "value": [places["101 → 102"]]})
        assert ex.conditions == {"paths": ("101 → 102",)}
        shown = {bar["label"]: (bar["n_calls"], bar["chosen"]) for bar in ex.view["paths"]["bars"]}
        assert shown == {"101": (2, False), "101 → 102": (1, True), "(none)": (1, False)}
        ex.page.receive({"do": "tick", "name": "paths", "value": [places["(none)"]]})
        assert ex.frame.index.tolist() == [3]

    def test_talk_time_that_is_not_known_is_not_0(self):
        calls = self.CALLS.assign(talkTime=[None, 30.0, None, None])
        ex = calls.calls.explore()
        card = ex.view["figures"][3]
        assert (card["value"], card["against"]) == ("30 s", "100 %; 3 not known")
        ex.set("types", "inbound")
        mean, total = ex.view["figures"][2:]
        assert (mean["value"], total["value"], total["against"]) == ("not known", "not known", "3 not known")
        assert "not known: 3" in ex.controls["talk_time"]["note"]
        ex = calls.assign(talkTime=0.0).calls.explore()
        assert ex.view["figures"][3]["value"] == "0 s"

    def test_agents_lines_and_parties_have_names(self):
        calls = self.CALLS.assign(userId=["101", "102", "101", None], lineNumber=["7", "7", "8", "8"])
        ex = calls.calls.explore(names={101: "Ann", 102: "Bo", 7: "Berlin"})
        shown = {
            name: dict(zip(each["labels"], each["counts"], strict=True))
            for name, each in ex.controls.items()
            if name in ("agent_ids", "lines", "paths")
        }
        assert shown == {
            "agent_ids": {"Ann": 2, "Bo": 1},
            "lines": {"Berlin": 2, "8": 2},
            "paths": {"Ann": 2, "Ann → Bo": 1, "(none)": 1},
        }
        ex.page.receive({"do": "tick", "name": "agent_ids", "value": [0]})
        assert ex.filter.agent_ids == ("101",)
        assert ex.view["chips"] == [{"name": "agent_ids", "text": "Agent: Ann"}]

    def test_metrics_are_cards_of_the_rows_that_pass(self):
        long_talks = bc.Metric(
            "long_talks",
            numerator="talkTime >= 20 and state == 'answered'",
            denominator=bc.CallFilter(states="answered"),
            doc="Answered calls of 20 s or more",
        )
        calls = self.CALLS.assign(clientNumber=["+4930901820", "+4930901821", "+4930901820", None])
        ex = calls.calls.explore(metrics=[long_talks, "unique_clients", "talk_time_median_s"])
        cards = ex.view["figures"][4:]
        assert [card["value"] for card in cards] == ["50.0 %", "2", "20 s"]
        assert cards[0]["label"] == "Long talks"
        assert cards[0]["doc"].startswith("Answered calls of 20 s or more: ")
        ex.set("types", "inbound")  # one answered call, of 10 s
        shown = [(card["value"], card["against"]) for card in ex.view["figures"][4:]]
        assert shown == [("0.0 %", "−50 points"), ("1", "50 %"), ("10 s", "50 %")]
        ex.set("states", "unanswered")
        assert ex.view["figures"][4]["value"] == "not known"
        with pytest.raises(ValueError, match="'lng_talks' is not one of"):
            calls.calls.explore(metrics=["lng_talks"])

    def test_metrics_are_those_of_the_tables(self):
        calls = pd.concat([self.CALLS] * 3, ignore_index=True).assign(
            outcomeType=["positive", None, "neutral"] * 4, answerTime=[3.0, None, 9.0, 30.0] * 3
        )
        ex = calls.calls.explore()
        ex.set("types", "inbound")
        rows = np.flatnonzero(calls["type"] == "inbound")
        for name, metric in METRICS.items():
            if not metric.counts_clients:  # the frame has no clients
                found, expected = MetricOfRows(calls, metric).of(rows), metric_value(ex.frame, name)
                assert found == expected or (np.isnan(found) and np.isnan(expected)), name

    def test_variants(self):
        paths = self.CALLS.calls.explore().view["paths"]
        assert [(bar["label"], bar["n_calls"]) for bar in paths["bars"]] == [
            ("101", 2),
            ("101 → 102", 1),
            ("(none)", 1),
        ]
        assert paths["note"] == "4 of 4 calls in 3 of 3 variants"

    def test_labels_that_look_like_code_stay_text(self):
        text = "<img src=x onerror=alert(1)>"
        ex = pd.DataFrame({"outcomeTag": [text]}).calls.explore()
        assert ex.view["outcomes"]["bars"][0]["label"] == text
        assert "<img" not in as_html(ex.view, ex.code())


class TestThousandsOfChoices:
    CALLS = pd.DataFrame(
        {
            "state": ["answered", "unanswered"] * 1500,
            "lineNumber": [f"+4930{each:05}" for each in range(3000)],
            "outcomeTag": [f"Outcome {each % 1000}" for each in range(3000)],
            "userId": [str(each) for each in range(3000)],
        }
    )

    @pytest.fixture
    def ex(self):
        return self.CALLS.calls.explore(names={each: f"Agent {each}" for each in range(3000)})

    def test_a_search_finds_those_that_are_not_shown_at_first(self, ex):
        control = ex.controls["lines"]
        assert (len(control["labels"]), control["n_found"], control["total"]) == (200, 3000, 3000)
        assert "+493002999" not in control["labels"]
        ex.page.receive({"do": "find", "name": "lines", "value": " 02999"})
        control = ex.controls["lines"]
        assert (control["labels"], control["counts"], control["n_found"]) == (["+493002999"], [1], 1)
        ex.page.receive({"do": "tick", "name": "lines", "value": control["places"]})
        assert ex.frame.index.tolist() == [2999]

    def test_what_is_chosen_stays_in_sight_and_is_kept(self, ex):
        for part in ("02999", "01234"):
            ex.page.receive({"do": "find", "name": "lines", "value": part})
            ex.page.receive({"do": "tick", "name": "lines", "value": ex.controls["lines"]["places"]})
        ex.page.receive({"do": "find", "name": "lines", "value": "nothing"})
        control = ex.controls["lines"]
        assert (control["labels"], control["chosen"]) == (["+493001234", "+493002999"], [True, True])
        assert control["n_found"] == 0
        ex.page.receive({"do": "tick", "name": "lines", "value": control["places"][:1]})
        assert ex.conditions == {"lines": ("+493001234",)}

    @pytest.mark.parametrize("part", ["agent 2718", "2718"])
    def test_agents_are_found_by_name_and_by_id(self, part, ex):
        ex.page.receive({"do": "find", "name": "agent_ids", "value": part})
        assert ex.controls["agent_ids"]["labels"] == ["Agent 2718"]

    def test_an_outcome_without_a_bar_is_an_outcome(self, ex):
        assert ex.view["outcomes"]["note"] == (
            "36 of 3,000 calls; 0 have no outcome; 988 further outcomes not drawn"
        )

    def test_a_control_without_choices_has_nothing_to_find(self, ex, monkeypatch):
        sent = []
        monkeypatch.setattr(ex.page, "send", sent.append)
        ex.page.receive({"do": "find", "name": "talk_time", "value": "1"})
        assert "no choices" in sent[-1]["error"]


def test_names_written_from_right_to_left_leave_chains_in_their_order():
    # Without the isolates around them, a browser shows the second party before the arrow.
    calls = pd.DataFrame({"numbersInvolvedJSON": ['["101", "102"]']})
    ex = calls.calls.explore(names={101: "שלום", 102: "علي"})
    assert ex.controls["paths"]["labels"] == ["\u2068שלום\u2069 → \u2068علي\u2069"]
    assert ex.view["paths"]["bars"][0]["label"] == "\u2068שלום\u2069 → \u2068علي\u2069"
    ex.set("paths", "101 → 102")
    assert len(ex.frame) == 1
