"""Who the agent is where userId is the account's: over HTTP, from cache and from files, through dask."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas import doctor
from brightcall_pandas.filters import CallFilter

OLDEST = 300  # calls of the persona from before the account had the field


def counts(series):
    """Return the calls of each agent, by plain pandas."""
    return series.fillna("(none)").value_counts().to_dict()


def involved(calls):
    found = calls["extras"].map(
        lambda text: json.loads(text or "{}").get("involvedAgent1Id"), na_action="ignore"
    )
    return found.map(lambda number: str(int(number)), na_action="ignore").astype("str")


@pytest.fixture(scope="module")
def account():
    with bc.start_sandbox(calls=2_000, days=6, seed=4, persona="account-user") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def client(account, tmp_path_factory):
    with_cache = account.client(cache_dir=tmp_path_factory.mktemp("cache"))
    yield with_cache
    with_cache.close()


@pytest.fixture(scope="module")
def calls(account, client):
    return bc.load_calls(account.day_from, account.day_to, client=client)


@pytest.fixture(scope="module")
def folder(account, client, calls, tmp_path_factory):
    return bc.export_calls(
        account.day_from, account.day_to, tmp_path_factory.mktemp("out") / "x", client=client
    )


class TestAccountUser:
    def test_the_three_fields_differ(self, account, calls):
        assert set(calls["userId"]) == {"7001"}
        people = {each["extension"]: str(each["user_id"] + 9000) for each in account.truth["users"]}
        pairs = pd.DataFrame({"extension": calls["agentShortNumber"], "agent": involved(calls)}).dropna()
        assert dict(pairs.drop_duplicates().itertuples(index=False)) == {
            extension: people[extension] for extension in pairs["extension"].unique()
        }
        assert involved(calls.sort_values("id").head(OLDEST)).isna().all()

    def test_by_agent_is_plain_pandas(self, calls):
        assert calls.attrs["brightcall"]["agent"] == "involvedAgent1Id"
        assert calls.attrs["brightcall"]["agent_by"] == "account"
        assert calls.calls.by_agent()["n_calls"].to_dict() == counts(involved(calls))
        assert calls.calls.by_agent(agent="userId")["n_calls"].to_dict() == {"7001": 2_000}

    def test_from_cache(self, account, client, calls):
        again = bc.load_calls(account.day_from, account.day_to, client=client)
        assert {each["source"] for each in again.attrs["brightcall"]["windows"]} == {"cache"}
        assert counts(involved(again)) == again.calls.by_agent()["n_calls"].to_dict()

    def test_a_day_of_which_most_calls_lack_the_field(self, account, client, calls):
        day = bc.load_calls(account.day_from, account.day_from, client=client)
        answered = day[day["state"] == "answered"]
        assert len(answered) >= 50
        assert involved(answered).notna().mean() < 0.5
        assert day.calls.by_agent()["n_calls"].to_dict() == counts(involved(day))
        alone = day.copy()
        alone.attrs.clear()
        assert alone.calls.by_agent()["n_calls"].to_dict() == counts(day["agentShortNumber"])
        for sides in ((day, calls), (alone, calls)):
            table = sides[0].calls.compare(sides[1], by="agent", metrics=["n_calls"])
            assert table["n_calls"][lambda n: n > 0].to_dict() == counts(involved(day))

    def test_filter_finds_the_calls_of_an_agent(self, calls):
        agents = involved(calls)
        for agent in agents.dropna().unique():
            assert calls.calls.filter(agent_ids=agent)["id"].tolist() == calls["id"][agents == agent].tolist()
        assert len(calls.calls.filter(agent_ids="(none)")) == agents.isna().sum()
        with pytest.warns(bc.NoMatchWarning, match="9501"):
            assert len(calls.calls.filter(agent_ids="101")) == 0
        assert len(calls.calls.filter(agent_ids="101", agent="agentShortNumber")) > 0

    @pytest.mark.parametrize(
        "filters", [{"agent_ids": [9501, 9503]}, {"agent_ids": "102"}, {"agent_ids": 7001}, {"user_id": 7001},
                    {"user_id": 501}, {"agent_ids": 501}]
    )  # fmt: skip
    @pytest.mark.filterwarnings("ignore::brightcall_pandas.errors.NoMatchWarning")
    def test_the_mask_takes_what_the_server_takes(self, account, client, calls, filters):
        served = bc.load_calls(account.day_from, account.day_to, client=client, **filters)
        for masked in (
            calls[CallFilter(**filters).mask(calls)],
            calls.calls.filter(**filters, fold_case=False),
        ):
            assert sorted(served["id"]) == sorted(masked["id"])

    def test_from_files(self, folder, calls):
        read = bc.read_calls(folder)
        assert read.attrs["brightcall"]["agent"] == "involvedAgent1Id"
        assert read.calls.by_agent()["n_calls"].to_dict() == counts(involved(calls))
        one_day = bc.read_calls(sorted(folder.glob("day=*"))[0] / "calls.parquet")
        assert one_day.calls.by_agent()["n_calls"].to_dict() == counts(involved(one_day))
        some = bc.read_calls(folder, agent_ids=9502)
        assert sorted(some["id"]) == sorted(calls["id"][involved(calls) == "9502"])

    def test_pseudonyms_keep_the_field(self, account, client, calls, tmp_path):
        tokens = calls.calls.pseudonymize("a secret")
        assert tokens.attrs["brightcall"]["agent"] == "involvedAgent1Id"
        expected = sorted(counts(involved(calls)).values())
        days = account.day_from, account.day_to
        out = bc.export_calls(*days, tmp_path / "x", client=client, pseudonymize_key="a secret")
        for frame in (tokens, bc.read_calls(out)):
            table = frame.calls.by_agent()
            assert sorted(table["n_calls"]) == expected
            assert "9501" not in table.index

    def test_of_a_frame_in_a_folder_by_day(self, calls, tmp_path):
        plain = calls.copy()
        plain.attrs.clear()
        plain.calls.to_parquet(tmp_path / "x")
        one_day = bc.read_calls(sorted((tmp_path / "x").glob("day=*"))[0] / "calls.parquet")
        assert one_day.attrs["brightcall"]["agent"] == "involvedAgent1Id"

    def test_through_dask(self, folder, calls):
        pytest.importorskip("dask")
        lazy = bc.scan_calls(folder)
        for table in (lazy.calls.by_agent(), lazy.calls.breakdown("agent"), lazy.calls.summary(by="agent")):
            found = table.compute(scheduler="sync")
            assert found["n_calls"].to_dict() == counts(involved(calls))
            assert found.attrs["brightcall"]["agent"] == "involvedAgent1Id"
        named = lazy.calls.by_agent(agent="userId", names={7001: "all"}).compute(scheduler="sync")
        assert named["n_calls"].to_dict() == {"all": 2_000}
        some = lazy.calls.filter(agent_ids="9503").compute(scheduler="sync")
        assert sorted(some["id"]) == sorted(calls["id"][involved(calls) == "9503"])

    def test_through_dask_where_no_file_says_it(self, calls):
        dd = pytest.importorskip("dask.dataframe")
        import brightcall_pandas.accessors._dask  # noqa: F401

        plain = calls.sort_values("timestamp", ignore_index=True)
        plain.attrs.clear()
        lazy = dd.from_pandas(plain, npartitions=6)
        found = lazy.calls.by_agent().compute(scheduler="sync")
        assert found["n_calls"].to_dict() == counts(involved(calls))
        with pytest.raises(ValueError, match="do not say which field tells the agents"):
            lazy.calls.filter(agent_ids="9503")


class TestAccountUserOnly:
    def test_the_extension_tells(self, tmp_path):
        with bc.start_sandbox(calls=600, days=3, seed=4, persona="account-user-only") as sandbox:
            calls = bc.load_calls(sandbox.day_from, sandbox.day_to, client=sandbox.client(cache_dir=tmp_path))
        assert calls["extras"].isna().all()
        assert set(calls["userId"]) == {"7001"}
        assert calls.attrs["brightcall"]["agent"] == "agentShortNumber"
        assert calls.calls.by_agent()["n_calls"].to_dict() == counts(calls["agentShortNumber"])


class TestAccountFact:
    @pytest.fixture
    def make(self, account, tmp_path):
        made = []

        def make(**options):
            made.append(account.client(cache_dir=tmp_path, **options))
            return made[-1]

        yield make
        for each in made:
            each.close()

    def test_is_dated_readable_and_cleared_with_the_cache(self, account, make):
        client = make()
        assert client.account.agent is None
        bc.load_calls(account.day_from, account.day_to, client=client)
        assert client.account.agent == "involvedAgent1Id"
        (line,) = [each for each in repr(client.account).splitlines() if "agents" in each]
        assert pd.Timestamp(line.split()[0]) <= pd.Timestamp.now("UTC").tz_localize(None)
        assert line.endswith("  its agents are told by involvedAgent1Id")
        assert line.strip() in client.account.shareable
        client.cache.clear()
        assert client.account.agent is None

    def test_stays_once_it_is_decided(self, account, make):
        client = make()
        bc.load_calls(account.day_from, account.day_from, client=client)  # most lack the unlisted field
        assert client.account.agent == "agentShortNumber"
        calls = bc.load_calls(account.day_from, account.day_to, client=client)
        assert calls.attrs["brightcall"]["agent"] == client.account.agent == "agentShortNumber"

    @pytest.mark.parametrize("filters", [{"types": "inbound"}, {"agent_ids": 101}, {"talk_time_from": 30}])
    def test_a_load_of_some_calls_decides_nothing(self, account, make, filters):
        client = make()
        calls = bc.load_calls(account.day_from, account.day_to, client=client, **filters)
        assert client.account.agent is None
        assert "agent" not in calls.attrs["brightcall"]

    def test_some_columns_are_enough_to_decide(self, account, make):
        client = make()
        calls = bc.load_calls(account.day_from, account.day_to, client=client, columns=["id", "userId"])
        assert calls.columns.tolist() == ["id", "userId"]
        assert client.account.agent == "involvedAgent1Id"
        with pytest.raises(KeyError, match="agents are told by 'involvedAgent1Id', which the frame lacks"):
            calls.calls.by_agent()

    def test_of_a_client(self, account, make):
        client = make(agent="agentShortNumber")
        calls = bc.load_calls(account.day_from, account.day_to, client=client)
        assert calls.attrs["brightcall"]["agent"] == "agentShortNumber"
        assert calls.attrs["brightcall"]["agent_by"] == "client"
        assert calls.calls.by_agent()["n_calls"].to_dict() == counts(calls["agentShortNumber"])
        assert client.account.agent is None

    def test_the_doctor_says_it(self, account, make):
        client = make()
        report = doctor.report(client, day_from=account.day_to, day_to=account.day_to)
        (finding,) = [each for each in report.findings if each.check == "agent"]
        assert finding.differs == (
            "userId has one value, involvedAgent1Id several: agents are told by involvedAgent1Id",
        )
