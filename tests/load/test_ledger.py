"""What the ledger keeps, and what can be removed from it."""

from __future__ import annotations

import random
import re
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pyarrow as pa
import pytest

import brightcall_pandas as bc
from brightcall_pandas.cache import ENTRIES, WHOLE, Ledger, Part, Store, typed
from brightcall_pandas.frame import TABLE_SCHEMA, to_pandas
from brightcall_pandas.load._as_of import rewound
from brightcall_pandas.load._successor import Successor

DAYS = ("2026-03-26", "2026-03-31")


@pytest.fixture(scope="module")
def sandbox():
    with bc.start_sandbox(calls=700, days=6, seed=7, now="2026-03-29 02:00") as running:
        yield running


@pytest.fixture
def read(sandbox, tmp_path):
    """How a test reads a few times, 36 hours apart: the client, and what came, each with when it was over."""
    sandbox.restore()

    def read_it(times=3, folder=tmp_path, **options):
        given = {"clock": sandbox.clock, "cache_dir": folder, "max_age": 0}
        client, told = sandbox.client(**(given | options)), []
        for _ in range(times):
            told.append((client.now(), bc.load_calls(*DAYS, client=client)))
            told[-1] = (client.now(), told[-1][1])
            sandbox.advance("36h")
        return client, told

    return read_it


def entries(client):
    folders = [each for each in (client.cache.folder / "ledger").glob("*") if each.is_dir()]
    return pa.concat_tables([Ledger(each).read(10**9) for each in folders]).to_pandas()


def as_of(client, moment, **options):
    return bc.load_calls(*DAYS, client=client, as_of=moment, **options)


class TestFieldsOnly:
    def test_values_of_personal_fields_are_left_out(self, read, sandbox):
        client, told = read(1, ledger="fields-only")
        name = told[0][1]["id"].iloc[0]
        sandbox.update(name, clientNumber="+4915100000001", outcomeTag="Won")
        bc.load_calls(*DAYS, client=client)
        found = entries(client)
        mine = found[(found["id"] == name) & (found["field"].isin(["clientNumber", "outcomeTag"]))]
        shown = mine.set_index("field")[["new", "hidden"]].to_dict("index")
        assert shown["outcomeTag"] == {"new": "Won", "hidden": False}
        assert shown["clientNumber"]["hidden"]
        assert "+4915100000001" not in found.to_json()
        with pytest.raises(bc.CacheError, match="only that clientNumber changed, not how"):
            as_of(client, told[0][0])
        columns = ["id", "outcomeTag", "talkTime"]
        pdt.assert_frame_equal(as_of(client, told[0][0], columns=columns), told[0][1][columns])

    def test_a_call_that_is_gone_is_not_told(self, read, sandbox):
        client, told = read(1, ledger="fields-only")
        gone = told[0][1].iloc[0]
        sandbox.delete([gone["id"]])
        bc.load_calls(*DAYS, client=client)
        (text,) = entries(client).query("kind == 'gone' and id == @gone['id']")["old"]
        assert gone["fromNumber"] not in text
        assert gone["userId"] not in re.findall(r"\w+", text)
        with pytest.raises(bc.CacheError, match="does not keep all values"):
            as_of(client, told[0][0], columns=["id"])

    @pytest.mark.parametrize("option", [{"ledger": "off"}, {"ledger_days": 0}, {"ledger_days": "x"}])
    def test_other_settings(self, option):
        with pytest.raises((TypeError, ValueError), match=next(iter(option))):
            bc.Client("key", base_url="http://127.0.0.1:9", **option)


class TestRevisions:
    def test_what_changed_in_words(self, read, sandbox):
        client, told = read(1)
        first = told[0][1].iloc[0]
        earlier = told[0][0]
        moved = first["timestamp"] + timedelta(minutes=1)
        sandbox.update(first["id"], timestamp=moved.isoformat(), qualityRating=5)
        bc.load_calls(*DAYS, client=client)
        found = bc.revisions(*DAYS, client=client)
        assert list(found.columns) == [
            *("seen_at", "day", "id", "uniqueId", "kind", "field", "old", "new", "unchanged_at")
        ]
        mine = found[found["id"] == first["id"]].set_index("field")
        assert set(mine.index) >= {"timestamp", "qualityRating"}
        assert (mine["kind"] == "changed").all()
        assert mine.at["timestamp", "old"] == first["timestamp"].isoformat()
        assert mine.at["timestamp", "new"] == moved.isoformat()
        assert pd.isna(mine.at["qualityRating", "old"])
        assert mine.at["qualityRating", "new"] == "5"
        assert (found["unchanged_at"] <= earlier).all()
        assert (found["seen_at"] > earlier).all()
        assert str(found["seen_at"].dt.tz) == "Europe/Berlin"

    def test_only_the_days_asked_for(self, read):
        client, _ = read(2)
        everything = bc.revisions(*DAYS, client=client)
        day = everything["day"].iloc[0]
        one = bc.revisions(day, day, client=client)
        assert 0 < len(one) < len(everything)
        pdt.assert_frame_equal(one, everything[everything["day"] == day].reset_index(drop=True))

    def test_nothing_changed_has_the_same_columns(self, read):
        client, _ = read(1)
        found = bc.revisions(*DAYS, client=client)
        assert len(found) == 0
        assert found["seen_at"].dt.tz is not None
        assert found.dtypes["old"] == "str"

    def test_days_that_were_never_read(self, read):
        client, _ = read(1)
        with pytest.raises(bc.CacheError, match="the calls of 2026-04-01 to 2026-04-02 were never read"):
            bc.revisions("2026-03-31", "2026-04-02", client=client)
        with pytest.raises(bc.CacheError, match="never read"):
            bc.revisions(*DAYS, client=client, types="inbound")


class TestRetention:
    def test_what_is_older_goes_and_is_not_told_wrongly(self, read):
        client, told = read(4, ledger_days=2)
        ages = (client.now().timestamp() * 1e6 - entries(client)["seen"]) / 86_400e6
        assert len(ages) > 0
        assert ages.max() < 4.6  # two days, one more before it is written anew, and a step of 36 hours
        with pytest.raises(bc.CacheError, match="the ledger goes back to"):
            as_of(client, told[0][0])
        pdt.assert_frame_equal(as_of(client, told[-1][0]), told[-1][1])


class TestClear:
    def test_days_go_with_what_is_known_of_them(self, read):
        client, told = read()
        client.cache.clear("2026-03-27", "2026-03-28")
        left = set(map(str, entries(client)["day"]))
        assert left
        assert not left & {"2026-03-27", "2026-03-28"}
        with pytest.raises(bc.CacheError, match=r"of 2026-03-27 to 2026-03-28 by .* never read"):
            as_of(client, told[0][0])
        for moment, frame in told:
            kept = frame[frame["timestamp"].dt.strftime("%Y-%m-%d") == "2026-03-26"].reset_index(drop=True)
            got = bc.load_calls("2026-03-26", "2026-03-26", client=client, as_of=moment)
            pdt.assert_frame_equal(got, kept)

    def test_all(self, read):
        client, _ = read()
        client.cache.clear()
        assert client.cache.info()["ledger_bytes"] == 0
        assert not list(client.cache.folder.rglob("*.parquet"))

    def test_by_age(self, read, sandbox):
        client, told = read()
        client.cache.clear(older_than="1h")
        assert len(entries(client)) == 0
        with pytest.raises(bc.CacheError, match="never read"):
            as_of(client, told[0][0])


class TestForget:
    @pytest.fixture
    def person(self, read):
        """A client whose number is in windows, ledger and answers: the client, what was told, the number."""
        client, told = read()
        changed = entries(client)["id"]
        last = told[-1][1]
        calls = last[last["clientNumber"].notna()]
        (number, *_) = calls[calls["id"].isin(changed)]["clientNumber"].value_counts().index
        return client, told, number

    def test_nothing_is_left_and_the_rest_is_as_it_was(self, person):
        client, told, number = person
        forgotten = bc.forget(number, client=client)
        everyone = {name for _, frame in told for name in frame.loc[_with(frame, number), "id"]}
        assert forgotten.calls == len(everyone) > 0
        assert forgotten.entries > 0
        assert forgotten.answers > 0
        assert forgotten.searched >= 2
        for moment, frame in told:
            pdt.assert_frame_equal(as_of(client, moment), frame[~_with(frame, number)].reset_index(drop=True))
        digits = number.removeprefix("+")
        for path in client.cache.folder.rglob("*"):
            if path.is_file():
                assert digits.encode() not in path.read_bytes()
        assert digits not in entries(client).to_json()
        for key in client.cache.pages.all_keys():
            assert digits.encode() not in client.cache.pages.get_response(key).content

    def test_again_there_is_nothing(self, person):
        client, _, number = person
        bc.forget(number, client=client)
        again = bc.forget(number, client=client)
        assert (again.calls, again.entries, again.answers) == (0, 0, 0)

    @pytest.mark.parametrize("spelling", ["00{}", "+{0:.2}(0) {1}", "tel:+{}"])
    def test_in_any_spelling(self, person, spelling):
        client, told, number = person
        digits = number.removeprefix("+")
        said = spelling.format(digits, digits[2:])
        assert bc.forget(said, client=client).calls >= int(_with(told[-1][1], number).sum())

    def test_a_longer_number_stays(self, read, sandbox):
        client, _ = read(1)
        name = next(iter(sandbox.truth["late_edits"]))["id"]
        sandbox.update(name, clientNumber="+491511111111", fromNumber="0049 151 111 11 11 1")
        bc.load_calls(*DAYS, client=client)
        assert bc.forget("+49151111111", client=client).calls == 0
        assert bc.forget("+491511111111", client=client).calls == 1

    @pytest.mark.parametrize(
        ("number", "error"),
        [("anonymous", ValueError), ("101", ValueError), (None, TypeError), (1.5, TypeError)],
    )
    def test_what_is_no_number(self, sandbox, tmp_path, number, error):
        with pytest.raises(error, match="client_number"):
            bc.forget(number, client=sandbox.client(cache_dir=tmp_path))


def _with(frame, number):
    """Tell which calls show a number anywhere, with pandas alone."""
    digits = number.removeprefix("+")
    texts = frame.select_dtypes(["str"]).fillna("")
    return texts.apply(lambda column: column.str.contains(digits, regex=False)).any(axis=1)


class TestLaw:
    """Any states of a day, one after the other, come back: twins, ids that are none, values of every kind."""

    MARCH = date(2026, 3, 1)
    BEGIN = datetime(2026, 3, 10, tzinfo=UTC)

    def call(self, draw):
        number = draw.choice(["", "0", *map(str, range(1, 12))])
        return {
            "id": number,
            "uniqueId": draw.choice(["", f"u{number}"]),
            "timestamp": datetime(2026, 3, 1, draw.randint(0, 23), tzinfo=UTC),
            "talkTime": draw.choice([None, 0.1, 1 / 3, float("nan"), 5e20]),
            "favorite": draw.choice([None, True, False]),
            "label": draw.choice([None, "", 'ä "quoted"\n', "x"]),
            "recallDate": draw.choice([None, datetime(1960, 1, 1, 0, 0, 0, 7, tzinfo=UTC)]),
            "outcomeType": draw.choice([None, "positive", "absent"]),
            "fromNumber": draw.choice(["1", "2"]),
        }

    def state(self, draw, before):
        kept = [call for call in before if draw.random() < 0.8]
        edited = [
            self.call(draw) | {"id": c["id"], "uniqueId": c["uniqueId"]} if draw.random() < 0.3 else c
            for c in kept
        ]
        return edited + [self.call(draw) for _ in range(draw.randint(0, 4))]

    def part(self, calls):
        rows = sorted(calls, key=lambda each: (each["timestamp"], len(each["id"]), each["id"], repr(each)))
        columns = {}
        for name in TABLE_SCHEMA.names:
            kind, values = TABLE_SCHEMA.field(name).type, [row.get(name) for row in rows]
            label = pa.types.is_dictionary(kind)
            columns[name] = (
                typed(pa.array(values, pa.large_string()), name) if label else pa.array(values, kind)
            )
        table = pa.table(columns)
        window = {
            "day_from": "2026-03-01",
            "day_to": "2026-03-01",
            "fetched_at": self.BEGIN.isoformat(),
            "changes": {},
        }
        return Part(self.MARCH, [len(rows)], table, [window])

    @pytest.mark.parametrize("seed", range(6))
    def test_every_state_comes_back(self, seed, tmp_path):
        draw, calls, older, told, kept = random.Random(seed), [], [], [], []
        for number in range(8):
            calls = self.state(draw, calls)
            moment = self.BEGIN + timedelta(minutes=number)
            successor = Successor(self.part(calls), older, moment, lambda *_: False)
            found = successor.entries(number + 1)
            segment = Store(tmp_path).put(successor.part(found), moment, number + 1)
            older = [segment.read([self.MARCH], WHOLE)]
            kept += [] if found is None else [found]
            told.append((int(moment.timestamp() * 1e6), self.part(calls).table))
        (last,) = older
        everything = pa.concat_tables(kept)
        assert last.history[0].edits == len(everything) > 10
        for micros, table in told:
            later = everything.filter(pa.array(np.asarray(everything["seen"]) > micros))
            got = rewound(last.table, later, micros, TABLE_SCHEMA.names).select(TABLE_SCHEMA.names)
            assert sorted(map(repr, got.to_pylist())) == sorted(map(repr, table.to_pylist()))
            pdt.assert_series_equal(to_pandas(got, "UTC")["id"], to_pandas(table, "UTC")["id"])


class TestFiles:
    """The ledger's folder."""

    def day(self, number, serial, seen=5):
        row = {"day": date(2026, 3, number), "serial": serial, "since": 1, "seen": seen, "kind": "changed"}
        row |= {"id": str(serial), "uniqueId": "", "copy": 0, "field": "label", "old": None, "new": "x"}
        return pa.Table.from_pylist([row | {"firstSeen": None, "hidden": False}], schema=ENTRIES)

    def ids(self, ledger, newest=10**9):
        return sorted(ledger.read(newest)["id"].to_pylist(), key=int)

    def test_pending_counts_by_its_serial(self, tmp_path):
        ledger = Ledger(tmp_path / "q")
        ledger.commit(ledger.add(self.day(1, 1)))
        ledger.add(self.day(1, 2))
        assert (self.ids(ledger, 1), self.ids(ledger, 2)) == (["1"], ["1", "2"])
        ledger.settle(1)
        assert self.ids(ledger) == ["1"]
        ledger.add(self.day(1, 2))
        ledger.settle(2)
        assert self.ids(ledger) == ["1", "2"]

    def test_what_counts_goes_on_counting_when_windows_are_dropped(self, tmp_path):
        ledger = Ledger(tmp_path / "q")
        ledger.commit(ledger.add(self.day(1, 9)))
        assert self.ids(ledger, 0) == ["9"]
        ledger.commit(ledger.add(self.day(1, 9, seen=8)))  # serials begin anew then
        assert self.ids(ledger, 0) == ["9", "9"]

    def test_only_files_of_the_days_are_read(self, tmp_path):
        ledger = Ledger(tmp_path / "q")
        for number in (1, 2, 3):
            ledger.commit(ledger.add(self.day(number, number)))
        assert ledger.read(9, date(2026, 3, 2), date(2026, 3, 3))["id"].to_pylist() == ["2", "3"]

    def test_compacting_keeps_each_entry_once_also_where_it_was_interrupted(self, tmp_path):
        ledger = Ledger(tmp_path / "q")
        for serial in range(1, 21):
            ledger.commit(ledger.add(self.day(1 + serial % 3, serial)))
        spared = {path.name: path.read_bytes() for path in (tmp_path / "q").glob("*.parquet")}
        ledger.compact()
        assert self.ids(ledger) == [str(n) for n in range(1, 21)]
        assert len(list((tmp_path / "q").glob("*.parquet"))) == 1
        for name, content in list(spared.items())[:5]:  # as if the old ones had not been deleted yet
            (tmp_path / "q" / name).write_bytes(content)
        assert self.ids(ledger) == [str(n) for n in range(1, 21)]

    def test_only_its_owner_can_read_it(self, tmp_path):
        ledger = Ledger(tmp_path / "q")
        ledger.commit(ledger.add(self.day(1, 1)))
        assert {path.stat().st_mode & 0o077 for path in (tmp_path / "q").iterdir()} == {0}
        assert (tmp_path / "q").stat().st_mode & 0o077 == 0

    def test_a_store_knows_its_ledger(self, tmp_path):
        assert Store(tmp_path / "windows" / "q").ledger.folder == tmp_path / "ledger" / "q"
