"""Who the client is, in every table that goes by it: expected values are worked out by hand."""

from __future__ import annotations

import pandas as pd
import pandas.testing as pdt
import pytest

import brightcall_pandas as bc

ADA = ["+49 151 23456789", "0049-151-23456789", "tel:+49-151-23456789", "+49 (0)151 23456789 ext. 3"]
NOBODY = [
    *("", " ", "anonymous", "Restricted", "unknown"),
    *("+266696687", "0", "null", "Private number", "withheld"),
]


def calls_of(numbers, **columns):
    stamps = pd.date_range("2026-03-02 09:00", periods=len(numbers), freq="h", tz="UTC")
    return pd.DataFrame({"clientNumber": numbers, "timestamp": stamps, "state": 1, "type": 1} | columns)


class TestNoClient:
    """Twenty callers who withhold their number are not one caller who calls twenty times."""

    @pytest.fixture
    def calls(self):
        return calls_of(NOBODY * 2, totalTime=10, recallDate="2026-03-02T08:00:00Z")

    def test_attempts(self, calls):
        assert calls.calls.attempts().empty

    def test_repeat_callers(self, calls):
        assert calls.calls.repeat_callers(direction=None).empty
        known = pd.concat([calls, calls_of(ADA[:1])])
        table = known.calls.repeat_callers("1h", direction=None, until="2026-03-10")
        assert table.loc["all", ["n_calls", "observed", "repeated", "clients"]].tolist() == [1, 1, 0, 1]

    def test_recalls(self, calls):
        assert calls.calls.recalls()["recalls"].sum() == 0

    def test_summary_and_breakdown(self, calls):
        assert calls.calls.summary()["unique_clients"].isna().all()  # who called is not known
        by_client = calls.calls.breakdown("client", ["n_calls", "unique_clients"])
        assert by_client["n_calls"].to_dict() == {"(none)": 20}
        assert by_client.attrs["brightcall"]["clients"] == {"no_client": 20}

    def test_model_frame(self, calls):
        table = calls.calls.model_frame()
        assert table[["attempt", "client_calls", "since_last_s"]].isna().all(axis=None)

    def test_the_column_stays_as_it_came(self, calls):
        assert calls.calls.breakdown("clientNumber", ["n_calls"])["n_calls"]["anonymous"] == 2


class TestSpellings:
    """Ada is dialed four times, and once more by her national number; then somebody else."""

    @pytest.fixture
    def calls(self):
        return calls_of([*ADA, "0151 23456789", "+1 512 345 6789"], state=[0, 0, 1, 0, 0, 1], totalTime=10)

    def test_attempts(self, calls):
        columns = ["dials", "answered", "unreached", "reached"]
        found = calls.calls.attempts(region="DE")[columns]
        expected = [[2, 1, 2, 1], [1, 0, 1, 0], [1, 1, 1, 1], [1, 0, 0, 0], [1, 0, 0, 0]]
        assert found.to_numpy().tolist() == expected
        # Without a region the national number may be anybody's.
        assert calls.calls.attempts()["dials"].tolist() == [3, 1, 1, 1]

    def test_the_region_of_the_frame_does_as_well(self, calls):
        german = bc.to_frame(calls, region="DE")
        assert german.calls.attempts()["dials"].tolist() == [2, 1, 1, 1, 1]
        assert german.calls.attempts().attrs["brightcall"]["region"] == "DE"
        assert calls.calls.attempts().attrs["brightcall"]["region"] is None

    def test_repeat_callers(self, calls):
        table = calls.calls.repeat_callers("1h", direction=None, until="2026-03-10", region="DE")
        # Each call to Ada but the last is followed by another within the hour.
        assert table.loc["all", ["n_calls", "repeated", "clients", "repeat_clients"]].tolist() == [6, 4, 2, 1]

    def test_recalls(self, calls):
        promised = calls.assign(recallDate=[*["2026-03-02T11:00:00Z"], *[None] * 5])
        table = promised.calls.recalls(region="DE")
        assert table["recalls"].to_dict() == {"kept": 1, "late": 0, "missed": 0, "open": 0}

    def test_summary(self, calls):
        all_calls = calls.calls.summary(region="DE").loc["all"]
        assert all_calls[["unique_clients", "calls_per_client"]].tolist() == [2, 3]
        assert calls.calls.summary()["unique_clients"].tolist() == [3]

    def test_model_frame(self, calls):
        assert calls.calls.model_frame(region="DE")["attempt"].tolist() == [1, 2, 3, 4, 5, 1]

    def test_breakdown(self, calls):
        found = calls.calls.breakdown("client", ["n_calls", "unique_clients"], region="DE")
        assert found["n_calls"].to_dict() == {"+4915123456789": 5, "+15123456789": 1}
        assert found["unique_clients"].tolist() == [1, 1]

    def test_chains_without_the_client(self):
        calls = calls_of(
            ["0151 23456789", "anonymous", None],
            type=0,
            fromNumber=["0151 23456789", "anonymous", "Unknown"],
            numbersInvolvedJSON=[
                '["004915123456789","101"]',
                '["anonymous","102"]',
                '["withheld","0","103"]',
            ],
        )
        found = bc.to_frame(calls, region="DE").calls.transfer_chains()
        assert found["path"].tolist() == ["101", "102", "0 → 103"]
        assert calls.calls.transfer_chains()["path"].tolist()[0] == "004915123456789 → 101"

    def test_both_sides_of_a_comparison_are_read_in_one_region(self, calls):
        table = bc.to_frame(calls, region="DE").calls.compare(calls, metrics=["unique_clients"])
        assert table.to_numpy().tolist() == [[2, 2, 0]]
        table = calls.calls.compare(bc.to_frame(calls, region="DE"), by="country", metrics=["n_calls"])
        assert table["n_calls_change"].to_dict() == {"DE": 0, "US": 0}

    def test_pseudonyms_are_one_as_well(self, calls):
        for region in (None, "DE"):
            tokens = calls.calls.pseudonymize("a secret", region=region)
            pdt.assert_frame_equal(tokens.calls.attempts(), calls.calls.attempts(region=region))
        tokens = bc.to_frame(calls, region="DE").calls.pseudonymize("a secret")
        assert tokens["clientNumber"].nunique() == 2
        assert tokens.attrs["brightcall"]["region"] == "DE"

    def test_pseudonyms_of_nobody_are_nobody(self):
        tokens = calls_of([*NOBODY, "sip:anonymous@pbx.example.com"]).calls.pseudonymize("a secret")
        assert tokens.calls.summary()["unique_clients"].isna().all()
        assert "example" not in tokens.to_string()

    def test_a_region_that_does_not_exist(self, calls):
        for table in (calls.calls.attempts, calls.calls.repeat_callers, calls.calls.summary):
            with pytest.raises(ValueError, match="region='XX' is not a country"):
                table(region="XX")


class TestDimensions:
    """One call each at 12:30 UTC on Monday, 2 March 2026."""

    NUMBERS = (
        "+4930901820",  # Berlin, 13:30
        "+4915123456789",  # a mobile number of Germany
        "+12125550123",  # New York, 7:30
        "+18005550100",  # toll free anywhere in North America
        "+61291234567",  # Sydney, 23:30
        "+81312345678",  # Tokyo, 21:30
        "030901820",  # no country code
        "anonymous",
    )

    @pytest.fixture
    def calls(self):
        return calls_of(list(self.NUMBERS)).assign(timestamp=pd.Timestamp("2026-03-02 12:30", tz="UTC"))

    def counts(self, calls, by, **options):
        table = calls.calls.breakdown(by, ["n_calls"], **options)
        return {"?" if label is pd.NA else label: n for label, n in table["n_calls"].items()}

    def test_country(self, calls):
        assert self.counts(calls, "country") == {"DE": 2, "US": 2, "AU": 1, "JP": 1, "(none)": 2}
        assert self.counts(calls, "country", region="DE") == {"DE": 3, "US": 2, "AU": 1, "JP": 1, "(none)": 1}

    def test_region(self, calls):
        assert self.counts(calls, "region") == {
            "Berlin": 1,
            "Germany": 1,
            "New York, NY": 1,
            "Sydney": 1,
            "Tokyo": 1,
            "(none)": 3,
        }

    def test_number_type(self, calls):
        assert self.counts(calls, "number_type") == {
            "fixed_line": 3,
            "mobile": 1,
            "fixed_line_or_mobile": 1,
            "toll_free": 1,
            "(none)": 2,
        }

    def test_client_hour(self, calls):
        assert self.counts(calls, "client_hour") == {13: 2, 7: 1, 23: 1, 21: 1, "?": 3}

    def test_client_weekday(self, calls):
        later = calls.assign(timestamp=calls["timestamp"] + pd.Timedelta("1h"))  # past midnight in Sydney
        assert self.counts(later, "client_weekday") == {"Monday": 4, "Tuesday": 1, "(none)": 3}

    def test_the_clock_follows_summer_time(self):
        stamps = pd.to_datetime(["2026-03-28 12:00", "2026-03-29 12:00"], utc=True)  # the night between
        calls = calls_of(["+4930901820"] * 2).assign(timestamp=stamps)
        assert self.counts(calls, "client_hour") == {13: 1, 14: 1}

    def test_the_zone_of_the_frame_does_not_matter(self, calls):
        moved = calls.assign(timestamp=calls["timestamp"].dt.tz_convert("Asia/Tokyo"))
        assert self.counts(moved, "client_hour") == self.counts(calls, "client_hour")

    def test_unknown_times(self, calls):
        untimed = calls.assign(timestamp=pd.NaT)
        assert self.counts(untimed, "client_hour") == {"?": 8}

    def test_what_is_not_known_is_counted(self, calls):
        said = calls.calls.breakdown("client_hour").attrs["brightcall"]
        assert said["region"] is None
        assert said["clients"] == {"no_client": 1, "no_country_code": 1, "several_timezones": 1}
        said = calls.calls.heatmap(by="country", value="n_calls").attrs["brightcall"]
        assert said["clients"] == {"no_client": 1, "no_country_code": 1}
        assert "clients" not in calls.calls.breakdown("state").attrs["brightcall"]

    def test_in_any_table(self, calls):
        assert calls.calls.attempts(by="country").index.get_level_values("country").tolist() == [
            *("AU", "DE", "JP", "US", "(none)")
        ]
        assert calls.calls.over_time("D", by="number_type")["n_calls"].sum() == 8
        assert calls.calls.summary(by=["country", "client_hour"])["n_calls"].sum() == 8

    def test_a_column_of_that_name_goes_before(self, calls):
        own = calls.assign(region=["north", "south"] * 4)
        assert self.counts(own, "region") == {"north": 4, "south": 4}

    def test_a_missing_column_is_named(self, calls):
        with pytest.raises(KeyError, match="clientNumber"):
            calls.drop(columns="clientNumber").calls.breakdown("country")


class TestQuality:
    def test_what_stands_in_the_way_of_knowing_clients(self):
        numbers = ["+4915123456789", "0049 151 23456789", "0151 23456789"]
        numbers += ["anonymous", "", None, "+18005550100"]
        calls = calls_of(numbers, lineNumber=["+4930901820", "004930901820"] * 3 + [None])
        found = calls.calls.quality().loc["clients", ["count", "of", "detail"]]
        assert found.to_dict("index") == {
            "no number": {"count": 2, "of": 6, "detail": "e.g. 'anonymous'"},
            "several spellings": {
                "count": 1,
                "of": 3,
                "detail": "e.g. '+4915123456789', '0049 151 23456789'",
            },
            "no country code": {
                "count": 1,
                "of": 6,
                "detail": "e.g. '0151 23456789'; region= says of which country it is; all lines are in 'DE'",
            },
            "several timezones": {"count": 1, "of": 6, "detail": "e.g. '+18005550100'"},
        }
        german = bc.to_frame(calls, region="DE").calls.quality().loc["clients", "count"]
        assert german.to_dict() == {"no number": 2, "several spellings": 1, "several timezones": 1}

    def test_nothing_to_say(self):
        checks = calls_of(["+4915123456789"] * 3).calls.quality().index.get_level_values("check")
        assert "clients" not in checks


@pytest.fixture(scope="module")
def spelled(tmp_path_factory):
    """The calls of an account that writes numbers in six forms, as they came over HTTP."""
    with bc.start_sandbox(calls=1_500, days=3, seed=3, persona="number-spellings") as sandbox:
        client = sandbox.client(region="DE", cache_dir=tmp_path_factory.mktemp("cache"))
        return bc.load_calls(sandbox.day_from, sandbox.day_to, client=client)


@pytest.fixture(scope="module")
def plain(spelled):
    """The calls of clients; who is who by the last eleven digits, the national number without its zero."""
    digits = spelled["clientNumber"].str.replace(r"\D", "", regex=True).str[-11:]
    known = spelled.assign(who=digits.where(digits.str.len() == 11)).dropna(subset="who")
    return known.astype({"id": int}).sort_values(["timestamp", "id"])


class TestOverHttp:
    """Against plain pandas."""

    def test_the_load_says_the_region_and_leaves_numbers_as_they_came(self, spelled):
        assert spelled.attrs["brightcall"]["region"] == "DE"
        assert spelled["clientNumber"].str.startswith("sip:").sum() > 100

    def test_unique_clients(self, spelled, plain):
        assert spelled.calls.summary().loc["all", "unique_clients"] == plain["who"].nunique()
        assert spelled["clientNumber"].nunique() > 1.3 * plain["who"].nunique()

    def test_attempts(self, spelled, plain):
        number = plain[plain["type"] == "outbound"].groupby("who").cumcount() + 1
        expected = number.value_counts().sort_index()
        assert spelled.calls.attempts()["dials"].to_dict() == expected.to_dict()
        assert len(expected) > 3

    def test_repeat_callers(self, spelled, plain):
        inbound = plain[plain["type"] == "inbound"]
        soon = inbound.groupby("who")["timestamp"].diff(-1).abs() <= pd.Timedelta("24h")
        observed = inbound["timestamp"] <= spelled["timestamp"].max() - pd.Timedelta("24h")
        table = spelled.calls.repeat_callers("24h").loc["all"]
        found = table[["n_calls", "observed", "repeated"]].tolist()
        assert found == [len(inbound), observed.sum(), (soon & observed).sum()]

    def test_calls_of_nobody_are_counted(self, spelled, plain):
        withheld = spelled.calls.quality().loc[("clients", "no number"), "count"]
        assert withheld == spelled["clientNumber"].notna().sum() - len(plain) > 5

    def test_a_filter_finds_all_spellings(self, spelled, plain):
        who = plain["who"].value_counts().index[0]
        found = spelled.calls.filter(number=f"0{who}")
        assert sorted(found["id"]) == sorted(plain.loc[plain["who"] == who, "id"].astype(str))
