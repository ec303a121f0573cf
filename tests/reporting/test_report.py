"""The report: what it says first, that its numbers are those of the tables, and what it refuses."""

from __future__ import annotations

import dataclasses
import inspect
import re

import openpyxl
import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas.reporting import Options
from tests.reporting.conftest import COSTS, FALLING, FORMULA, HOSTILE, NAMES, Page, drawn_calls


def percent(value: float) -> str:
    return f"{100 * value:.1f}%"


def html(tmp_path, *given, **options) -> Page:
    path = bc.report(*given, path=tmp_path / "report.html", **{"pictures": False, **options})
    return Page(path.read_text(encoding="utf-8"))


class TestStatements:
    def test_the_line_that_fell_comes_first(self, page, week, previous):
        lead = re.search(
            rf"Line {re.escape(FALLING)}: the answer rate of outbound calls fell by [\d.]+ points", page.words
        )
        assert lead is not None
        assert page.words.index("What differs beyond chance") > lead.start()
        assert "since about" in page.words

    def test_each_has_both_rates_with_their_denominators_and_an_interval(self, page, week, previous):
        told = []
        for df in (week, previous):
            calls = df[(df["type"] == "outbound") & (df["lineNumber"] == FALLING)]
            hits = int((calls["state"] == "answered").sum())
            told.append((percent(hits / len(calls)), f"{hits} of {len(calls)}"))
        (here, of_here), (there, of_there) = told
        assert f"{here} ({of_here} calls), against {there} ({of_there}) in 2–8 March 2026" in page.words
        assert re.search(r"points \(95% interval −[\d.]+ to −[\d.]+\)", page.words)

    def test_what_it_lets_expect_is_told_with_it(self, made, page):
        first = page.words[page.words.index("What differs beyond chance") :]
        also = first[first.index("It also shows here:") :]
        assert first.index("It also shows here:") < first.index("Looked at")
        assert "The answer rate of outbound calls fell by" in also
        first_sheet = openpyxl.load_workbook(made / "report.xlsx").worksheets[0]
        lines = [str(row[0]).strip() for row in first_sheet.values]
        apart = f"It also shows here: Line {FALLING}: the answer rate of outbound calls is"
        assert any(each.startswith(apart) for each in lines)
        found = sheet(openpyxl.load_workbook(made / "report.xlsx"), "All that was looked at")
        told = found[found["told_with"].notna()]
        assert f"moved outbound answer_rate line {FALLING}" in set(told["told_with"])
        assert told["beyond_chance"].all()

    def test_where_nothing_differs_nothing_is_said(self, tmp_path, previous):
        calm = drawn_calls("2026-03-09", 7, falls=False, seed=5)
        shown = html(tmp_path, calm, previous, sections=[])
        assert "Nothing moved beyond chance." in shown.words
        assert "Nothing moved, and no group stands apart, beyond chance." in shown.words
        assert "rose by" not in shown.words
        assert "fell by" not in shown.words

    def test_without_a_previous_period_groups_are_held_against_each_other(self, tmp_path, week):
        shown = html(tmp_path, week, sections=["kpis"])
        assert f"Line {FALLING}: the answer rate of outbound calls is" in shown.words
        assert "below that of the other lines" in shown.words
        assert "against 2–8" not in shown.words
        assert list(shown.table("Key figures").columns) == ["Figure", "This period"]

    def test_a_fall_of_leads_waits_until_outcomes_are_settled(self, tmp_path, previous):
        late = drawn_calls("2026-03-09", 7, falls=False, seed=6)
        late["outcomeType"] = late["outcomeType"].where(late["outcomeType"] != "positive", "negative")
        waiting = html(tmp_path, late, previous, sections=[])
        before, _, after = waiting.words.partition("Not settled yet")
        assert "lead rate of outbound calls fell" not in before
        assert "lead rate of outbound calls fell" in after
        assert "Too early to tell." in after
        settled = html(tmp_path, late, previous, sections=[], settle_days=0)
        assert "lead rate of outbound calls fell" in settled.words
        assert "Not settled yet" not in settled.words

    def test_an_own_metric_is_looked_at_too(self, tmp_path, week, previous):
        talks = bc.Metric("long_talks_reported", numerator="talkTime >= 60", title="share of long talks")
        shown = html(tmp_path, week, previous, sections=["kpis"], metrics=[talks])
        assert "share of long talks of outbound calls fell" in shown.words
        figures = shown.table("Key figures")
        share = (week["talkTime"] >= 60).mean()
        row = figures[figures["Figure"] == "share of long talks"].iloc[0]
        assert row["This period"].startswith(percent(share))


class TestTitle:
    @pytest.mark.parametrize(
        ("day_from", "days", "title"),
        [
            ("2026-03-09", 1, "The calls of the day"),
            ("2026-03-09", 7, "The calls of the week"),
            ("2026-02-01", 28, "The calls of February 2026"),
            ("2026-02-02", 28, "The calls"),
        ],
    )
    def test_names_the_period(self, tmp_path, day_from, days, title):
        calls = drawn_calls(day_from, days, falls=False, seed=5)
        assert html(tmp_path, calls, sections=[]).words.startswith(f"{title}: ")

    def test_is_what_was_given(self, tmp_path, week):
        assert html(tmp_path, week, sections=[], title="March").words.startswith("March: ")


class TestNumbers:
    """The numbers of the report are those of the tables."""

    def test_key_figures(self, page, week, previous):
        figures = page.table("Key figures").set_index("Figure")
        assert figures.loc["Calls", "This period"].tolist()[0] == f"{len(week):,}"
        outbound = week[week["type"] == "outbound"]
        rate, before = (
            (df[df["type"] == "outbound"]["state"] == "answered").mean() for df in (week, previous)
        )
        row = figures.loc["Answer rate"].iloc[0]
        assert row["This period"].startswith(percent(rate))
        assert row["Before"] == percent(before)
        assert row["Change"].startswith(f"−{100 * (before - rate):.1f} points")
        assert figures.loc["Leads", "This period"].tolist()[0] == str(
            (outbound["outcomeType"] == "positive").sum()
        )

    def test_outcomes(self, page, week):
        shown = page.table("Calls of 9–15 March 2026 by outcome").set_index("Outcome")
        counts = week["outcomeTag"].value_counts()
        assert shown["Calls"].str.replace(",", "").astype(int).to_dict() == counts.to_dict()
        assert shown.loc["Sold", "Share"].startswith(percent(counts["Sold"] / len(week)))

    def test_agents_have_fair_ranks_and_names(self, page, week):
        shown = page.table("Outbound calls by agent").set_index("Agent")
        outbound = week[week["type"] == "outbound"]
        assert set(shown.index) == set(NAMES.values())
        for agent, name in NAMES.items():
            calls = outbound[outbound["userId"] == agent]
            assert shown.loc[name, "Calls"] == str(len(calls))
            assert shown.loc[name, "Lead rate"].startswith(
                percent((calls["outcomeType"] == "positive").mean())
            )
        assert shown["Rank"].tolist() == ["1", "2", "3"]

    def test_the_workbook_has_them_unrounded(self, made, week):
        book = openpyxl.load_workbook(made / "report.xlsx")
        agents = sheet(book, "Agents")
        expected = week[week["type"] == "outbound"].calls.by_agent(rank_by="positive_rate", names=NAMES)
        assert agents["agent"].tolist() == expected.index.tolist()
        for name in ("n_calls", "positive_rate", "positive_rate_adjusted", "rank_worst"):
            assert agents[name].tolist() == pytest.approx(expected[name].tolist()), name
        lines = sheet(book, "Lines")
        by_line = week.calls.by_line()
        assert lines["answer_rate_adjusted"].tolist() == pytest.approx(
            by_line["answer_rate_adjusted"].tolist()
        )
        hours = sheet(book, "Hours")
        assert hours["n_calls"].sum() == (week["type"] == "outbound").sum()

    def test_rates_of_the_workbook_are_percentages_row_by_row(self, made):
        book = openpyxl.load_workbook(made / "report.xlsx")
        figures = book["Key figures"]
        formats = {row[1].value: row[2].number_format for row in figures.iter_rows(min_row=2)}
        assert formats["answer_rate"] == "0.0%"
        assert formats["talk_time_mean_s"] == "0.0"
        assert formats["n_calls"] == "General"

    def test_everything_that_was_looked_at_is_in_the_workbook(self, made, page):
        found = sheet(openpyxl.load_workbook(made / "report.xlsx"), "All that was looked at")
        assert f"Looked at {len(found)} differences" in page.words
        row = found[found["kind"] == "moved"].iloc[0]
        assert (row["dimension"], row["group"]) == ("line", FALLING)

    def test_callbacks_due_today_are_listed(self, page, made, week, previous):
        every = pd.concat([previous, week], ignore_index=True)
        promised = every[(every["recallDate"] >= "2026-03-16") & (every["recallDate"] < "2026-03-17")]
        shown = page.table("Promised callbacks")
        today = shown[shown["Status"] == "due today"]
        assert sorted(today["Client"]) == sorted(promised["clientNumber"])
        assert f"Due on 16 March 2026: {len(promised)} callback" in page.words
        listed = sheet(openpyxl.load_workbook(made / "report.xlsx"), "Callbacks due today")
        assert (listed["status"] == "due today").sum() == len(promised)

    def test_costs(self, page, week):
        shown = page.table("Costs").set_index("Figure")["This period"]
        total = COSTS["per_call"] * len(week) + COSTS["per_minute"] * week["talkTime"].sum() / 60
        leads = (week["outcomeType"] == "positive").sum()
        assert shown["Costs"] == f"{total:,.2f} EUR"
        assert shown["For each lead"] == f"{total / leads:,.2f} EUR"

    def test_attempts_say_how_many_clients_began_before(self, tmp_path, week):
        outbound = week[week["type"] == "outbound"]
        assert outbound["clientNumber"].is_unique
        begun = week.assign(firstTimeForTree=pd.array(week.index >= 600, dtype="boolean"))
        shown = html(tmp_path, begun, sections=["attempts"])
        said = f"{(outbound.index < 600).sum()} of {len(outbound)} clients had calls before their earliest"
        assert said in shown.words


def sheet(book: openpyxl.Workbook, name: str) -> pd.DataFrame:
    head, *rows = book[name].iter_rows(values_only=True)
    return pd.DataFrame(rows, columns=head)


class TestOptions:
    def test_sections_are_chosen_and_added(self, tmp_path, week):
        table = week.calls.by_outcome()
        own = bc.Section("What <we> think", table, week.calls.plot.by_outcome(), text="Have a look.")
        shown = html(tmp_path, week, sections=["funnel", own], pictures=True)
        assert list(shown.tables) == ["Outbound calls by stage", "What <we> think", "What the numbers mean"]
        assert "Have a look." in shown.words
        assert len(shown.table("What <we> think")) == len(table)
        assert shown.images[-1]["alt"].startswith("Outcomes") or "outcome" in shown.images[-1]["alt"]

    def test_a_lead_is_what_the_caller_says(self, tmp_path, week):
        shown = html(tmp_path, week, sections=["kpis"], lead=["No answer"])
        leads = shown.table("Key figures").set_index("Figure").loc["Leads", "This period"]
        outbound = week[week["type"] == "outbound"]
        assert leads.tolist()[0] == str((outbound["outcomeTag"] == "No answer").sum())
        assert "A lead is a call with the outcome No answer." in shown.words

    def test_pseudonyms_leave_no_number(self, tmp_path, week, previous):
        bc.report(
            week,
            previous,
            path=tmp_path / "report.html",
            pseudonyms="a secret",
            sections=["agents", "lines", "callbacks"],
            pictures=False,
        )
        text = (tmp_path / "report.html").read_text(encoding="utf-8")
        assert FALLING not in text
        assert not any(number in text for number in week["clientNumber"])
        assert re.search(r"Line \*\d{5}: the answer rate of outbound calls fell", text)

    def test_statistics_of_the_server_are_reconciled(self, tmp_path, week):
        directions = pd.Index(["all", "inbound", "outbound", "internal"], name="direction")
        counts = [len(week), *((week["type"] == name).sum() for name in directions[1:])]
        stats = pd.DataFrame({"all": counts}, index=directions)
        assert (
            "all 4 figures of the server’s own statistics agree"
            in html(tmp_path, week, sections=[], stats=stats).words
        )
        stats.loc["all", "all"] += 1
        shown = html(tmp_path, week, sections=[], stats=stats)
        assert "1 of 4 figures of the server’s own statistics differ" in shown.words
        assert shown.table("Figures that differ").iloc[0]["Rows"] == f"{len(week):,}"

    def test_periods_of_different_length_are_said(self, tmp_path, week, previous):
        shown = html(tmp_path, week, previous[previous["timestamp"] >= "2026-03-05"], sections=[])
        assert "The periods have 7 and 4 days: compare their rates, not their counts." in shown.words

    def test_an_unproved_load_is_said_first(self, tmp_path, week):
        doubtful = week.copy()
        doubtful.attrs["brightcall"] = {**week.attrs["brightcall"], "complete": False}
        words = html(tmp_path, doubtful, sections=[]).words
        assert words.index("not proved complete") < words.index("What differs beyond chance")
        assert "NOT proved complete" in words


class TestPage:
    def test_asks_nobody_for_anything(self, page):
        assert all(each.startswith(("data:image/svg+xml;base64,", "#")) for each in page.addresses)
        assert "script" not in page.tags
        assert "link" not in page.tags

    def test_is_accessible(self, page):
        assert page.language == "en"
        assert {"header", "nav", "main", "footer", "h1", "h2"} <= set(page.tags)
        assert page.tags.count("main") == page.tags.count("h1") == 1
        assert page.tags.count("caption") == page.tags.count("table") == len(page.tables)
        assert all(
            each.get("scope") in ("row", "col", "rowgroup", "colgroup") or "id" in each
            for each in page.headers
        )
        assert len(page.images) >= 6
        assert all(len(each["alt"]) > 30 for each in page.images)

    def test_hostile_texts_stay_texts(self, page, made):
        text = (made / "report.html").read_text(encoding="utf-8")
        assert HOSTILE not in text
        assert HOSTILE in page.words
        assert HOSTILE in page.table("Outbound calls by agent")["Agent"].tolist()

    def test_pictures_claim_nothing(self, page):
        assert not [each["alt"] for each in page.images if "beyond chance" in each["alt"].split(".")[0]]


class TestWorkbook:
    def test_no_text_is_a_formula(self, made):
        book = openpyxl.load_workbook(made / "report.xlsx")
        cells = [cell for each in book for row in each.iter_rows() for cell in row]
        assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
        assert FORMULA in [cell.value for cell in cells]

    def test_the_first_sheet_says_what_matters(self, made, page):
        first = openpyxl.load_workbook(made / "report.xlsx").worksheets[0]
        lines = [str(row[0]) for row in first.iter_rows(values_only=True) if row[0]]
        assert first.title == "Report"
        assert lines[2].startswith(f"Line {FALLING}: the answer rate of outbound calls fell")
        assert "What this rests on" in lines


BAD = {
    "path='report.pdf'": "end it in .html or .xlsx",
    "path='.'": "is a folder",
    "path=1": "path",
    "sections='kpis'": "sections",
    "sections=['kpi']": "kpis",
    "sections=['kpis', 'kpis']": "twice",
    "sections=['costs']": "costs",
    "sections=[1]": "sections",
    "title=' '": "title",
    "costs={'per_cal': 1}": "per_call",
    "costs={'per_call': -1}": "from 0 on",
    "costs={'per_call': '1'}": "number",
    "costs={}": "names no cost",
    "costs=3": "costs",
    "names=3": "names",
    "metrics=['answer_rat']": "answer_rate",
    "metrics=[bc.Metric('masked_reported', numerator=week['talkTime'] > 1)]": "mask",
    "settle_days=-1": "settle_days",
    "today='tomorrow'": "today",
    "confidence=2": "confidence",
    "pictures=1": "pictures",
    "lead=[]": "lead",
    "agent='nobody'": "nobody",
    "pseudonyms=''": "key",
    "pseudonyms='x', names={'7': 'Ann'}": "names",
    "stats=pd.DataFrame({'all': [1]})": "stats",
    "previous=week": "share 1,000 calls",
    "previous=3": "previous",
    "before=previous": "previous",
    "previous=pd.DataFrame()": "no columns",
}


class TestOptionsOfAReport:
    def test_have_the_defaults_that_the_function_shows(self):
        shown = inspect.signature(bc.report).parameters
        for each in dataclasses.fields(Options):
            assert shown[each.name].default == each.default, each.name
        named = {name for name, each in shown.items() if each.kind is each.KEYWORD_ONLY}
        assert named - {"path"} == {each.name for each in dataclasses.fields(Options)}


class TestRefusals:
    @pytest.mark.parametrize("given", BAD)
    def test_come_before_anything_is_written(self, given, week, previous, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        arguments = eval(f"dict({given})", {"bc": bc, "pd": pd, "week": week, "previous": previous})
        file = tmp_path / "report.xlsx"
        file.write_text("the report of last week")
        with pytest.raises((TypeError, ValueError, KeyError), match=BAD[given]):
            bc.report(week, **{"path": file, "sections": ["kpis"], **arguments})
        assert [each.name for each in tmp_path.iterdir()] == ["report.xlsx"]
        assert file.read_text() == "the report of last week"

    @pytest.mark.parametrize("given", [None, [1], {"id": ["1"]}])
    def test_calls_are_a_frame(self, given, tmp_path):
        with pytest.raises(TypeError, match="calls"):
            bc.report(given, path=tmp_path / "report.html")

    @pytest.mark.parametrize(
        "given",
        [
            {"title": ""},
            {"title": 1},
            {"title": "A"},
            {"title": "A", "table": [1]},
            {"title": "A", "picture": "picture.png"},
            {"title": "A", "text": 1},
        ],
    )
    def test_sections_that_show_nothing(self, given):
        with pytest.raises((TypeError, ValueError), match="section"):
            bc.Section(**given)

    def test_a_report_is_replaced_whole(self, tmp_path, week):
        file = tmp_path / "report.html"
        file.write_text("old")
        bc.report(week, path=file, sections=["kpis"], pictures=False)
        assert "</html>" in file.read_text(encoding="utf-8")
        assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


class TestUnusualCalls:
    @pytest.mark.parametrize("ending", ["html", "xlsx"])
    def test_no_calls(self, ending, week, tmp_path):
        empty = week.iloc[:0]
        for previous in (None, week):
            path = bc.report(empty, previous, path=tmp_path / f"report.{ending}", pictures=False)
            assert path.stat().st_size > 1_000
        if ending == "html":
            assert "No calls." in Page((tmp_path / "report.html").read_text(encoding="utf-8")).words

    @pytest.mark.parametrize(
        "columns", [["timestamp"], ["state"], ["type", "state"], ["outcomeTag"], ["talkTime"]]
    )
    def test_columns_that_are_missing_are_said(self, columns, week, previous, tmp_path):
        path = bc.report(week[columns], previous[columns], path=tmp_path / "report.xlsx")
        first = openpyxl.load_workbook(path).worksheets[0]
        assert "Not shown:" in " ".join(str(row[0]) for row in first.iter_rows(values_only=True))

    def test_columns_of_nulls(self, week, previous, tmp_path):
        def blank(df: pd.DataFrame) -> pd.DataFrame:
            kept = df.copy()
            for name in (
                "state",
                "talkTime",
                "outcomeTag",
                "outcomeType",
                "lineNumber",
                "clientNumber",
                "userId",
            ):
                kept[name] = None
            return kept

        path = bc.report(
            blank(week),
            blank(previous),
            path=tmp_path / "report.html",
            sections=["kpis", "agents", "outcomes"],
        )
        assert "NaN" not in Page(path.read_text(encoding="utf-8")).words

    def test_without_outcomes_nothing_is_said_of_leads(self, week, previous, tmp_path):
        bare = [df.drop(columns=["outcomeTag", "outcomeType"]) for df in (week, previous)]
        shown = html(tmp_path, *bare, sections=[])
        looked = shown.words[shown.words.index("Looked at") :].split(".")[0]
        assert "answer rate of outbound calls" in looked
        assert "lead rate" not in looked
        assert "may still get an outcome" not in shown.words

    def test_one_agent(self, week, previous, tmp_path):
        one = [df[df["userId"] == "7"] for df in (week, previous)]
        shown = html(tmp_path, *one, sections=["agents"])
        assert len(shown.table("Outbound calls by agent")) == 1
        assert "other agents" not in shown.words

    def test_frames_by_hand(self, tmp_path):
        stamps = pd.date_range("2026-03-02 09:00", periods=40, freq="h", tz="UTC")
        calls = pd.DataFrame({"timestamp": stamps, "state": [1, 0] * 20, "userId": ["7", "8"] * 20})
        assert bc.report(calls, path=tmp_path / "report.xlsx").exists()
