"""What of personal values the ledger keeps: values, tokens, or nothing; and from one of these to another."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pandas.testing as pdt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import brightcall_pandas as bc
from brightcall_pandas.cache import ENTRIES, Ledger
from brightcall_pandas.frame import TABLE_SCHEMA
from brightcall_pandas.load._as_of import rewound
from brightcall_pandas.load._personal import Strictness
from brightcall_pandas.pseudonyms import Tokens

DAYS = ("2026-03-31", "2026-03-31")
KEY = "a secret of the tests"
OLD, NEW = "+4915123456789", "+493090182000"
TOKENS = {"ledger": "pseudonyms", "pseudonymize_key": KEY}


def token(value, key=KEY, field="clientNumber"):
    """Return what an export with the key has for a value."""
    return pd.DataFrame({field: [value]}).calls.pseudonymize(key).loc[0, field]


@pytest.fixture(scope="module")
def sandbox():
    with bc.start_sandbox(calls=40, days=1, seed=7, now="2026-03-31 20:00") as running:
        yield running


@pytest.fixture
def client_with(sandbox, tmp_path, monkeypatch):
    """How a test makes clients of one cache."""
    monkeypatch.delenv("BRIGHTCALL_PSEUDONYM_KEY", raising=False)
    sandbox.restore()

    def made(**options):
        return sandbox.client(**({"clock": sandbox.clock, "cache_dir": tmp_path, "max_age": 0} | options))

    return made


@pytest.fixture
def edit(sandbox, client_with):
    """How a test lets a call have one number, and then another one, between two loads of a client."""

    def edited(client, number=0, **fields):
        first = bc.load_calls(*DAYS, client=client)
        name = first["id"].iloc[number]
        sandbox.advance("10min")
        sandbox.update(name, **({"clientNumber": OLD, "outcomeTag": "Call back"} | fields))
        frame = bc.load_calls(*DAYS, client=client)
        before = client.now(), frame
        sandbox.advance("10min")
        sandbox.update(name, **(dict.fromkeys(fields) | {"clientNumber": NEW, "outcomeTag": "Won"}))
        bc.load_calls(*DAYS, client=client)
        return name, before

    return edited


def told(client, name, field):
    """Return from what to what a field of a call changed last, as revisions tell."""
    found = bc.revisions(*DAYS, client=client)
    mine = found[(found["id"] == name) & (found["field"] == field)].iloc[-1]
    return mine["old"], mine["new"]


def everything(client):
    """Return all that the ledger's files have, as text."""
    folders = [each for each in (client.cache.folder / "ledger").glob("*") if each.is_dir()]
    return pa.concat_tables([Ledger(each).read(10**9) for each in folders]).to_pandas().to_json()


class TestPseudonyms:
    def test_tokens_are_those_of_exports_and_the_rest_is_exact(self, client_with, edit):
        client = client_with(**TOKENS)
        name, (moment, frame) = edit(client, label=f"ask for {OLD}", recordName=f"rec-{OLD}.wav")
        assert told(client, name, "clientNumber") == (token(OLD), token(NEW))
        assert told(client, name, "outcomeTag") == ("Call back", "Won")
        assert re.fullmatch(r"\*\d{30}", told(client, name, "label")[0])
        assert told(client, name, "recordName")[0] == token(f"rec-{OLD}.wav", field="recordName")
        for number in (OLD, NEW):
            assert number.removeprefix("+") not in everything(client)
        with pytest.raises(bc.CacheError, match=r"only tokens of clientNumber .*columns="):
            bc.load_calls(*DAYS, client=client, as_of=moment, columns=["clientNumber"])
        columns = ["id", "outcomeTag", "talkTime", "timestamp"]
        then = bc.load_calls(*DAYS, client=client, as_of=moment, columns=columns)
        pdt.assert_frame_equal(then, frame[columns])
        with pytest.raises(bc.CacheError, match="only tokens of"):
            bc.load_calls(*DAYS, client=client).calls.restated("positive_rate", as_of=moment)

    def test_a_call_that_has_gone(self, client_with, sandbox):
        client = client_with(**TOKENS)
        first = bc.load_calls(*DAYS, client=client)
        gone = first[first["clientNumber"].str.startswith("+")].iloc[0]
        then = client.now()
        sandbox.advance("10min")
        sandbox.delete([gone["id"]])
        bc.load_calls(*DAYS, client=client)
        assert gone["clientNumber"].removeprefix("+") not in everything(client)
        assert token(gone["clientNumber"]).removeprefix("*") in everything(client)
        with pytest.raises(bc.CacheError, match=r"does not keep all values \(ledger='pseudonyms'\)"):
            bc.load_calls(*DAYS, client=client, as_of=then)

    def test_a_value_that_was_none_comes_back(self, client_with, sandbox):
        client = client_with(**TOKENS)
        name = bc.load_calls(*DAYS, client=client)["id"].iloc[0]
        sandbox.update(name, label=None)
        known = bc.load_calls(*DAYS, client=client)
        then = client.now()
        sandbox.advance("10min")
        sandbox.update(name, label="angry")
        bc.load_calls(*DAYS, client=client)
        assert "angry" not in everything(client)
        columns = ["id", "label"]
        then = bc.load_calls(*DAYS, client=client, as_of=then, columns=columns)
        pdt.assert_frame_equal(then, known[columns])

    def test_a_key_is_needed_before_anything_else(self, client_with, monkeypatch):
        with pytest.raises(ValueError, match=r"pseudonymize_key=, or set BRIGHTCALL_PSEUDONYM_KEY"):
            client_with(ledger="pseudonyms")
        with pytest.raises(ValueError, match="secret"):
            client_with(ledger="pseudonyms", pseudonymize_key=b"")
        with pytest.raises(ValueError, match="secret"):
            client_with(ledger="pseudonyms", pseudonymize_key=5)
        monkeypatch.setenv("BRIGHTCALL_PSEUDONYM_KEY", KEY)
        assert client_with(ledger="pseudonyms").tokens.of(OLD) == token(OLD)


class TestModes:
    """From one mode of an account's ledger to another."""

    def test_from_values_to_tokens_to_nothing_and_never_back(self, client_with, edit):
        name, _ = edit(client_with(), label="angry")
        assert told(client_with(), name, "clientNumber") == (OLD, NEW)
        bc.load_calls(*DAYS, client=client_with(**TOKENS))
        assert told(client_with(), name, "clientNumber") == (token(OLD), token(NEW))
        assert told(client_with(), name, "outcomeTag") == ("Call back", "Won")
        assert OLD[1:] not in everything(client_with())
        assert "angry" not in everything(client_with())
        bc.load_calls(*DAYS, client=client_with(ledger="values"))
        assert told(client_with(), name, "clientNumber") == (token(OLD), token(NEW))
        bc.load_calls(*DAYS, client=client_with(ledger="fields-only"))
        assert all(map(pd.isna, told(client_with(), name, "clientNumber")))
        assert "*" not in everything(client_with())
        bc.load_calls(*DAYS, client=client_with(**TOKENS))
        assert all(map(pd.isna, told(client_with(), name, "clientNumber")))
        assert told(client_with(), name, "outcomeTag") == ("Call back", "Won")

    def test_a_client_that_says_nothing_keeps_to_what_was_chosen(self, client_with, edit, monkeypatch):
        bc.load_calls(*DAYS, client=client_with(**TOKENS))
        with pytest.raises(bc.CacheError, match="keeps pseudonyms, as was chosen"):
            bc.load_calls(*DAYS, client=client_with())
        assert len(bc.load_calls(*DAYS, client=client_with(offline=True))) > 0
        monkeypatch.setenv("BRIGHTCALL_PSEUDONYM_KEY", KEY)
        name, _ = edit(client_with())
        assert told(client_with(), name, "clientNumber") == (token(OLD), token(NEW))

    def test_what_a_laxer_client_adds_is_made_as_strict_again(self, client_with, edit):
        bc.load_calls(*DAYS, client=client_with(**TOKENS))
        name, _ = edit(client_with(ledger="values"))
        assert told(client_with(), name, "clientNumber") == (OLD, NEW)
        bc.load_calls(*DAYS, client=client_with(**TOKENS))
        assert told(client_with(), name, "clientNumber") == (token(OLD), token(NEW))

    def test_another_key(self, client_with, edit):
        name, _ = edit(client_with(**TOKENS))
        with pytest.warns(RuntimeWarning, match="tokens of another key"):
            other, _ = edit(client_with(ledger="pseudonyms", pseudonymize_key="another"), 1)
        assert told(client_with(), name, "clientNumber") == (token(OLD), token(NEW))
        assert told(client_with(), other, "clientNumber") == (token(OLD, "another"), token(NEW, "another"))

    def test_entries_of_other_filters_change_as_well(self, client_with, sandbox):
        asked = {"types": ["inbound", "outbound"]}
        client = client_with()
        name = bc.load_calls(*DAYS, client=client, **asked)["id"].iloc[0]
        sandbox.update(name, clientNumber=OLD)
        bc.load_calls(*DAYS, client=client, **asked)
        assert OLD[1:] in everything(client)
        bc.load_calls(*DAYS, client=client_with(**TOKENS))
        assert OLD[1:] not in everything(client)

    def test_files_without_tokens_are_those_of_before_there_were_any(self, tmp_path):
        row = {"day": date(2026, 3, 1), "serial": 1, "since": 1, "seen": 5, "kind": "changed", "id": "7"}
        row |= {"uniqueId": "", "copy": 0, "field": "label", "old": "x", "new": "y", "hidden": False}
        ledger = Ledger(tmp_path)
        ledger.commit(ledger.add(pa.Table.from_pylist([row], schema=ENTRIES)))
        (path,) = tmp_path.glob("*.parquet")
        assert set(pq.read_schema(path).names) == {*row, "firstSeen"}
        (found,) = ledger.read(9).to_pylist()
        assert found == row | {"firstSeen": None, "pseudonymized": None, "numbers": None}


class TestTrouble:
    """What comes between while a ledger is changed, and what it cannot tell any more."""

    def entry(self, number):
        row = {"day": date(2026, 3, 1), "serial": number, "since": 1, "seen": 5, "kind": "changed", "copy": 0}
        row |= {"id": str(number), "uniqueId": "", "field": "clientNumber", "old": OLD, "new": NEW}
        return pa.Table.from_pylist([row | {"hidden": False}], schema=ENTRIES)

    def test_a_field_of_an_older_schema_may_be_personal(self):
        column = ENTRIES.get_field_index("field")
        entries = self.entry(1).set_column(column, "field", pa.array(["nameOfTheBoss"]))
        (told,) = Strictness("pseudonyms", Tokens(KEY)).of(entries)["old"].to_pylist()
        assert told == token(OLD)
        assert Strictness("fields-only").of(entries)["old"].to_pylist() == [None]

    def test_calls_that_only_personal_values_tell_apart(self):
        calls = [{"id": "1", "uniqueId": "", "label": each, "firstSeen": 1} for each in ("a", "b")]
        table = pa.Table.from_pylist(calls, TABLE_SCHEMA.append(pa.field("firstSeen", pa.int64())))
        label = self.entry(1).set_column(ENTRIES.get_field_index("field"), "field", pa.array(["label"]))
        for strict in (Strictness("fields-only"), Strictness("pseudonyms", Tokens(KEY))):
            with pytest.raises(bc.CacheError, match="same id and uniqueId apart"):
                rewound(table, strict.of(label), 3, ["outcomeTag"])

    def test_killed_in_between(self, tmp_path, monkeypatch):
        ledger, strict = Ledger(tmp_path), Strictness("pseudonyms", Tokens(KEY))
        for number in range(3):
            ledger.commit(ledger.add(self.entry(number)))

        def killed(_path, **_):
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(Path, "unlink", killed)
            with pytest.raises(KeyboardInterrupt):
                ledger.rewrite(strict.of)
        assert len(list(tmp_path.glob("*.parquet"))) == 4  # one of them twice: with values and with tokens
        assert sorted(ledger.read(9)["id"].to_pylist()) == ["0", "1", "2"]
        ledger.rewrite(strict.of)
        found = ledger.read(9)
        assert sorted(found["id"].to_pylist()) == ["0", "1", "2"]
        assert set(found["old"].to_pylist()) == {token(OLD)}
        assert len(list(tmp_path.glob("*.parquet"))) == 3

    def test_what_could_not_be_changed_is_said_and_tried_again(self, client_with, edit, monkeypatch):
        name, _ = edit(client_with())
        with monkeypatch.context() as patched:
            patched.setattr(Ledger, "rewrite", self.refuse)
            with pytest.warns(RuntimeWarning, match="next load tries again"):
                bc.load_calls(*DAYS, client=client_with(**TOKENS))
        assert told(client_with(), name, "clientNumber") == (OLD, NEW)
        bc.load_calls(*DAYS, client=client_with(**TOKENS))
        assert told(client_with(), name, "clientNumber") == (token(OLD), token(NEW))

    @staticmethod
    def refuse(*_):
        raise OSError("read-only")


class TestForget:
    WHERE = (
        {},
        {"label": "ask 2026-03-01 {} or so"},
        {"crmInfo": '{{"phone": "00{0:.2} {1}"}}'},
        {"recordName": "rec-{}-x.wav"},
        {"numbersInvolvedJSON": '["104", "{}"]'},
    )

    def test_where_only_the_token_stands(self, client_with, sandbox):
        client = client_with(**TOKENS)
        names = bc.load_calls(*DAYS, client=client)["id"].iloc[: len(self.WHERE)].tolist()
        numbers = [f"+49151234567{n}" for n in range(len(names))]
        for name, number, fields in zip(names, numbers, self.WHERE, strict=True):
            digits = number.removeprefix("+")
            written = {each: text.format(digits, digits[2:]) for each, text in fields.items()}
            sandbox.update(name, **({"clientNumber": NEW if fields else number} | written))
        bc.load_calls(*DAYS, client=client)
        sandbox.advance("10min")
        for name, fields in zip(names, self.WHERE, strict=True):
            sandbox.update(name, **(dict.fromkeys(fields) | {"clientNumber": NEW}))
        here = bc.load_calls(*DAYS, client=client).to_csv()
        for name, number in zip(names, numbers, strict=True):
            digits = number.removeprefix("+")
            assert digits not in here + everything(client)
            forgotten = bc.forget(f"00 {digits[:2]} {digits[2:5]} / {digits[5:]}", client=client)
            assert forgotten.calls == 1
            assert name not in bc.revisions(*DAYS, client=client)["id"].tolist()
        left = bc.load_calls(*DAYS, client=client_with(offline=True))["id"]
        assert not set(names) & set(left)
        assert bc.forget(numbers[0], client=client).entries == 0

    def test_it_says_what_it_could_not_search(self, client_with, edit):
        name = edit(client_with(**TOKENS))[0]
        for key, why in ((None, "is not known here"), ("other", "is another one")):
            blind = client_with(pseudonymize_key=key)
            with pytest.raises(bc.CacheError, match=rf"entries of the ledger could not be searched .* {why}"):
                bc.forget(OLD, client=blind)
            assert name in bc.revisions(*DAYS, client=blind)["id"].tolist()
        bc.load_calls(*DAYS, client=client_with(ledger="fields-only"))
        assert bc.forget(OLD, client=client_with()).entries == 0

    def test_a_person_whose_calls_are_there_goes_without_a_key(self, client_with, edit):
        name = edit(client_with(**TOKENS))[0]
        assert bc.forget(NEW, client=client_with()).entries > 0
        assert name not in bc.revisions(*DAYS, client=client_with())["id"].tolist()


class TestReports:
    """What is counted of a ledger that does not keep all."""

    def test_calls_that_have_gone_without_their_agent_are_counted(self, client_with, sandbox):
        client = client_with(ledger="fields-only")
        first = bc.load_calls(*DAYS, client=client)
        sandbox.advance("10min")
        sandbox.delete([first[first["userId"].notna()]["id"].iloc[0]])
        left = bc.load_calls(*DAYS, client=client)
        table = left.calls.revisions("userId", client=client)
        assert table.attrs["brightcall"]["gone_hidden"] == 1
        assert table["n_calls"].sum() == len(left) + 1

    def test_which_keys_made_the_tokens(self, client_with, edit):
        client = client_with(**TOKENS)
        edit(client)
        (made_by,) = bc.revisions(*DAYS, client=client).attrs["brightcall"]["pseudonymized"]
        assert re.fullmatch(r"\d{16}", made_by)
        assert client.cache.info()["ledger"] == "pseudonyms"
