"""Pseudonyms: one number one token, everywhere, and no original number left anywhere in the output."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pandas as pd
import pandas.testing as pdt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import brightcall_pandas as bc
from brightcall_pandas.export._pseudonyms import Tokens

KEY = b"a key for tests only"
TOKEN = re.compile(r"\*\d{30}")

# One number in every place where a call can have one, in many spellings.
CLIENT = ["+4930901820", "004930901820", "4930901820", "+49 (30) 90-18-20"]
CALL = {
    "id": "1000001",
    "uniqueId": "1772438002.1000",
    "timestamp": "2026-03-02T09:00:00Z",
    "type": "outbound",
    "state": "answered",
    "fromNumber": "+4989123456",
    "toNumber": "004930901820",
    "clientNumber": "+49 30 901820",
    "lineNumber": "4989123456",
    "toAnswer": "7001",
    "userId": 50123,
    "agentShortNumber": "7001",
    "treeId": 99887766,
    "projectContactId": 80177,
    "recordName": "call-1772438002.1000.mp3",
    "label": "Call +49 30 901820 back",
    "campaign": "for 4930901820",
    "outcomeTag": "to 7001",
    "tags": ["call 030 901820", "VIP"],
    "numbersInvolvedJSON": '["7001", 7002, "+4930901820"]',
    "numbersRingedJSON": "7001, 4930901820",
    "transfers": [{"from": "7001", "to": 7002, "time": "2026-03-02T09:01:00Z", "name": "Ann"}],
    "crmInfo": {"phone": 4930901820, "owner": {"name": "Ada Lovelace"}, "+4930901820": "mobile"},
    "transcripts": {"messages": [{"text": "my number is 030 901820 and 7001 took it"}]},
    "convoloAiRecordingSummary": "Ada Lovelace (+49 30 90 18 20) wants a call from 7001.",
    "convoloAiRecordingTitle": "Call 4930901820",
    "involvedAgent1Id": 50123,
}
SECRETS = [
    "30901820",
    "901820",
    "89123456",
    "7001",
    "7002",
    "50123",
    "80177",
    "99887766",
    "1000001",
    "1772438002",
]


@pytest.fixture
def calls():
    return bc.to_frame([CALL])


def words_of(frame):
    """Every value as text, tokens taken out, separators too: what is left must not hold a number."""
    texts = [str(value) for name in frame.columns if name != "timestamp" for value in frame[name].dropna()]
    plain = (TOKEN.sub("~", text) for text in texts)
    return [re.sub(r"[\s().\-/]", "", re.sub(r"2026-03-02T09:01:00Z", "", text)) for text in plain]


@pytest.fixture(scope="module")
def sandbox():
    with bc.start_sandbox(calls=1_500, days=3, seed=8) as running:
        yield running


@pytest.fixture(scope="module")
def original(sandbox, tmp_path_factory):
    client = sandbox.client(cache_dir=tmp_path_factory.mktemp("cache"))
    return bc.load_calls(
        sandbox.day_from, sandbox.day_to, client=client, show_transfers=True, show_ai_calls_with_log=True
    )


@pytest.fixture(scope="module")
def folder(sandbox, original, tmp_path_factory):
    client = sandbox.client(cache_dir=tmp_path_factory.mktemp("cache"))
    return bc.export_calls(
        sandbox.day_from,
        sandbox.day_to,
        tmp_path_factory.mktemp("out"),
        client=client,
        pseudonymize_key=KEY,
        show_transfers=True,
        show_ai_calls_with_log=True,
    )


class TestPseudonymize:
    @pytest.mark.parametrize("free_text", ["drop", "scan"])
    def test_no_original_is_left_in_any_column(self, calls, free_text):
        before = words_of(calls)
        assert all(any(secret in text for text in before) for secret in SECRETS)  # the search finds them
        after = words_of(calls.calls.pseudonymize(KEY, region="DE", free_text=free_text))
        assert [(secret, text) for secret in SECRETS for text in after if secret in text] == []

    def test_the_same_number_is_the_same_token_everywhere(self, calls):
        row = calls.calls.pseudonymize(KEY, region="DE", free_text="scan").iloc[0]
        client, agent = row["clientNumber"], row["agentShortNumber"]
        assert TOKEN.fullmatch(client)
        assert row["toNumber"] == client
        assert row["fromNumber"] == row["lineNumber"] != client
        assert row["toAnswer"] == agent
        chain = json.loads(row["numbersInvolvedJSON"])
        assert chain[0] == agent
        assert chain[2] == client
        assert row["numbersRingedJSON"] == f"{agent},{client}"
        assert json.loads(row["transfers"])[0]["from"] == agent
        assert json.loads(row["crmInfo"])["phone"] == client
        assert client in json.loads(row["crmInfo"])
        assert client in row["convoloAiRecordingSummary"]
        assert agent in row["convoloAiRecordingSummary"]
        assert client in row["transcripts"]
        assert client in row["campaign"]
        assert client in row["tags"]
        assert agent in row["outcomeTag"]
        assert json.loads(row["extras"])["involvedAgent1Id"] == row["userId"]

    def test_free_text_is_dropped_unless_asked_for(self, calls):
        row = calls.calls.pseudonymize(KEY).iloc[0]
        dropped = ["label", "transcripts", "convoloAiRecordingSummary", "convoloAiRecordingTitle"]
        assert row[dropped].isna().all()
        assert json.loads(row["crmInfo"])["owner"] == {"name": None}
        assert "Ada" not in str(row.to_dict())

    def test_times_and_what_is_nobodys_stay(self, calls):
        changed = calls.calls.pseudonymize(KEY)
        same = ["timestamp", "type", "state", "talkTime", "projectName", "favorite"]
        pdt.assert_frame_equal(changed[same], calls[same])
        pdt.assert_series_equal(changed.dtypes, calls.dtypes)
        assert json.loads(changed.loc[0, "transfers"])[0]["time"] == "2026-03-02T09:01:00Z"

    def test_other_keys_make_other_tokens_and_the_same_key_the_same(self, calls):
        one, other = (calls.calls.pseudonymize(key).loc[0, "clientNumber"] for key in (KEY, "other"))
        assert one != other
        assert calls.calls.pseudonymize(KEY.decode()).loc[0, "clientNumber"] == one

    def test_the_frame_is_not_changed(self, calls):
        before = calls.copy()
        calls.calls.pseudonymize(KEY)
        pdt.assert_frame_equal(calls, before)

    def test_nulls_words_and_index_stay(self):
        frame = pd.DataFrame({"fromNumber": ["anonymous", None, ""]}, index=[5, 5, 6])
        changed = frame.calls.pseudonymize(KEY)
        assert changed["fromNumber"].fillna("-").tolist() == ["anonymous", "-", ""]
        assert changed.index.tolist() == [5, 5, 6]

    def test_agents_are_kept_by_name(self, calls):
        row = calls.calls.pseudonymize(KEY, keep=["agentShortNumber", "userId"]).iloc[0]
        assert row["agentShortNumber"] == row["toAnswer"] == "7001"
        assert json.loads(row["numbersInvolvedJSON"])[:2] == ["7001", "7002"]
        assert row["userId"] == "50123"
        assert TOKEN.fullmatch(row["clientNumber"])

    def test_a_column_that_is_no_field_is_scanned(self):
        frame = pd.DataFrame(
            {"note": ["ring +49 30 901820"], "clientNumber": ["+4930901820"], "n": [4930901820]}
        )
        changed = frame.calls.pseudonymize(KEY)
        assert changed.loc[0, "note"] == f"ring {changed.loc[0, 'clientNumber']}"

    def test_what_is_said_of_the_calls_names_nobody(self, calls):
        calls.attrs["brightcall"] = {
            "query": {"number": "+4930901820", "types": [1]},
            "misfits": {"toNumber": {"count": 1, "example": "+4930901820"}},
            "windows": [{"day_from": "2026-03-02", "misfits": {"toNumber": {"example": "+4930901820"}}}],
        }
        said = calls.calls.pseudonymize(KEY).attrs["brightcall"]
        assert "901820" not in TOKEN.sub("", str(dict(said)))
        assert said["query"]["types"] == [1]
        assert said["misfits"]["toNumber"]["count"] == 1

    def test_labels_asked_for_are_scanned_like_those_of_the_calls(self, calls):
        asked = {"outcomes": ["to 7001"], "tags": ["VIP"], "textProjects": ["for 4930901820"]}
        calls.attrs["brightcall"] = {"query": asked}
        query = calls.calls.pseudonymize(KEY).attrs["brightcall"]["query"]
        token = Tokens(KEY).of
        assert query == {
            "outcomes": [f"to {token('7001')}"],
            "tags": ["VIP"],
            "textProjects": [f"for {token('4930901820')}"],
        }

    def test_of_the_attributes_nothing_is_kept_but_what_the_package_says(self, calls):
        calls.attrs |= {"client": "+4930901820", "brightcall": {"source": "api", "note": "Ada 4930901820"}}
        changed = calls.calls.pseudonymize(KEY).attrs
        assert set(changed) == {"brightcall"}
        assert changed["brightcall"]["source"] == "api"
        assert "note" not in changed["brightcall"]
        calls.attrs["brightcall"] = "4930901820"
        assert calls.calls.pseudonymize(KEY).attrs == {}

    @pytest.mark.parametrize("free_text", ["drop", "scan"])
    def test_addresses_of_mail_are_tokens(self, free_text):
        record = {
            "id": 1,
            "label": "ask Ada@Mail.example or ada@mail.example, now",
            "outcomeTag": "mailed ada@mail.example",
            "crmInfo": {"mail": "ada@mail.example", "ada@mail.example": 5},
            "owner": "<ada@mail.example>",
        }
        frame = bc.to_frame([record]).assign(mine="4930901820@mail.example")
        row = frame.calls.pseudonymize(KEY, free_text=free_text).iloc[0]
        assert "mail.example" not in row.to_json().lower()
        token = Tokens(KEY).of("ada@mail.example")
        assert row["outcomeTag"] == f"mailed {token}"
        if free_text == "scan":
            assert row["label"] == f"ask {token} or {token}, now"

    @pytest.mark.parametrize("name", ["numbersInvolvedJSON", "numbersRingedJSON", "transfers"])
    def test_broken_chains_name_nobody(self, name):
        text = "[{'number': '4930901820', 'name': 'Ada Lovelace', 'mail': 'ada@mail.example'}"
        (changed,) = pd.DataFrame({name: [text]}).calls.pseudonymize(KEY)[name]
        assert re.search("[a-z]{3}|4930901820|[0-9]{2}", TOKEN.sub("", changed), re.IGNORECASE) is None
        assert Tokens(KEY).of("4930901820") in changed

    @pytest.mark.parametrize("name", ["crmInfo", "transfers", "tags", "mine"])
    @pytest.mark.parametrize("around", [("[", "]"), ('{"a":', "}")])
    def test_what_is_nested_too_deeply_is_read_as_text(self, name, around):
        text = around[0] * 900 + '"4930901820"' + around[1] * 900
        (changed,) = pd.DataFrame({name: [text]}).calls.pseudonymize(KEY)[name]
        assert "4930901820" not in str(changed)

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            ({"key": ""}, "key"),
            ({"key": None}, "key"),
            ({"key": KEY, "region": "XX"}, "region"),
            ({"key": KEY, "keep": ["agent"]}, "keep"),
            ({"key": KEY, "free_text": "keep"}, "free_text"),
        ],
    )
    def test_refuses_what_cannot_be(self, calls, arguments, named):
        with pytest.raises(ValueError, match=named):
            calls.calls.pseudonymize(**arguments)


class TestTokens:
    @pytest.mark.parametrize("spelling", CLIENT)
    def test_spellings_of_a_number_are_one(self, spelling):
        assert Tokens(KEY).of(spelling) == Tokens(KEY).of(CLIENT[0])

    def test_a_national_number_needs_its_country(self):
        assert Tokens(KEY, "de").of("030 901820") == Tokens(KEY).of("+4930901820")
        assert Tokens(KEY).of("030 901820") != Tokens(KEY).of("+4930901820")

    def test_is_an_hmac(self):
        import hashlib
        import hmac

        digest = int(hmac.new(KEY, b"4930901820", hashlib.sha256).hexdigest(), 16)
        assert Tokens(KEY).of("+4930901820") == f"*{digest % 10**30:030}"

    def test_different_numbers_are_different(self):
        tokens = Tokens(KEY)
        assert len({tokens.of(str(number)) for number in range(101, 2101)}) == 2000

    @pytest.mark.parametrize("between", ["–", "·", "\u2011", "\u200b", "\u2212", "\xa0", "-"])
    def test_a_number_is_one_whatever_stands_between_its_digits(self, between):
        written = between.join(["+49", "30", "90", "18", "20"])
        assert Tokens(KEY).in_text(f"ring {written}.") == f"ring {Tokens(KEY).of('+4930901820')}."

    @given(st.text(max_size=40))
    def test_any_text_can_be_scanned(self, text):
        once = Tokens(KEY).in_text(text)
        assert not re.search(r"[0-9]{3}", TOKEN.sub("", once))


class TestExport:
    """The whole output of an export of the sandbox is searched, the files' metadata too."""

    def test_no_original_number_is_anywhere(self, original, folder):
        numbers = set()
        for name in ("fromNumber", "toNumber", "clientNumber", "lineNumber", "toAnswer", "agentShortNumber"):
            numbers |= set(original[name].dropna().str.lstrip("+"))
        numbers |= set(original["userId"].dropna()) | set(original["id"]) | set(original["uniqueId"])
        numbers -= {"anonymous", ""}
        assert len(numbers) > 1_000
        texts = []
        kept = ["timestamp", "recallDate", "recallFirstAttemptDate"]
        for path in folder.glob("*/*.parquet"):
            table = pq.read_table(path)
            texts += [
                str(table.schema.to_string(show_schema_metadata=True)),
                str(pq.read_metadata(path).metadata),
            ]
            for name in set(table.column_names) - set(kept):
                if str(table.schema.field(name).type) not in ("double", "bool"):
                    texts += [str(value) for value in table[name].unique().to_pylist()]
        plain = [re.sub(r"[\s().\-/]", "", TOKEN.sub("~", text)) for text in texts]
        together = "\n".join(plain)
        long = {number for number in numbers if len(number) >= 7}
        assert len(long) > 1_000
        assert {number for number in long if number in together} == set()  # within longer ones neither
        left = set()
        for text in texts:
            left |= set(
                re.findall(r"\d+(?:\.\d+)?", re.sub(r"\d{4}-\d\d-\d\d(T[\d:]+)?", "", TOKEN.sub("", text)))
            )
        assert left & numbers == {"12"} & numbers

    def test_tables_come_out_as_before(self, original, folder):
        frame = bc.read_calls(folder)
        pdt.assert_frame_equal(frame.calls.by_outcome(), original.calls.by_outcome())
        pdt.assert_frame_equal(frame.calls.attempts(), original.calls.attempts())
        pdt.assert_frame_equal(frame.calls.transfer_summary(), original.calls.transfer_summary())
        ours, theirs = frame.calls.transfer_chains(), original.calls.transfer_chains()
        columns = ["hops", "transferred", "loops", "parse_ok"]
        pdt.assert_frame_equal(ours[columns], theirs[columns])

    def test_another_key_does_not_get_into_the_same_folder(self, sandbox, folder, tmp_path):
        client = sandbox.client(cache_dir=tmp_path)
        with pytest.raises(ValueError, match="pseudonymized"):
            bc.export_calls(
                sandbox.day_from,
                sandbox.day_to,
                folder,
                client=client,
                pseudonymize_key="another",
                show_transfers=True,
                show_ai_calls_with_log=True,
            )

    def test_what_is_kept_is_kept_and_no_other_choice_gets_into_the_folder(self, sandbox, original, tmp_path):
        client = sandbox.client(cache_dir=tmp_path / "cache")
        options = {"client": client, "pseudonymize_key": KEY}
        kept = {"region": "DE", "keep": ["userId", "agentShortNumber"], "free_text": "scan"}
        days = (sandbox.day_from, sandbox.day_to)
        out = bc.export_calls(*days, tmp_path / "out", **options, **kept)
        found = bc.read_calls(out)
        expected = bc.load_calls(*days, client=client).calls.pseudonymize(KEY, **kept)
        pdt.assert_frame_equal(found, expected)
        pdt.assert_series_equal(found["userId"], original["userId"])
        for name in kept:
            others = {other: value for other, value in kept.items() if other != name}
            with pytest.raises(ValueError, match="pseudonymized"):
                bc.export_calls(*days, out, **options, **others)

    @pytest.mark.parametrize("option", [{"region": "DE"}, {"keep": ["userId"]}, {"free_text": "scan"}])
    def test_choices_without_a_key_are_refused(self, sandbox, tmp_path, option):
        client = sandbox.client(cache_dir=tmp_path / "cache")
        with pytest.raises(ValueError, match="pseudonymize_key"):
            bc.export_calls(sandbox.day_from, sandbox.day_to, tmp_path / "out", client=client, **option)
        assert not (tmp_path / "out").exists()

    def test_a_number_asked_for_is_not_told(self, sandbox, original, tmp_path):
        number = original["clientNumber"].dropna().iloc[0]
        client = sandbox.client(cache_dir=tmp_path / "cache")
        out = bc.export_calls(
            sandbox.day_from,
            sandbox.day_to,
            tmp_path / "out",
            client=client,
            pseudonymize_key=KEY,
            number=number,
        )
        assert len(bc.read_calls(out)) >= 1
        said = [str(pq.read_metadata(path).metadata) for path in out.glob("*/*.parquet")]
        assert said
        assert all(number[1:] not in each for each in said)


class TestWhatIsNotOfTheApi:
    """Columns of a person's own, names of columns, the index, and keys within nested values."""

    NUMBER = 4930901820
    SPELLED = "4930901820"

    @pytest.fixture
    def token(self):
        return Tokens(KEY).of(self.SPELLED)

    @pytest.mark.parametrize(
        "make",
        [
            lambda number: pd.Series([str(number), None, "x"], dtype="category"),
            lambda number: pd.Series([number, 7, 7], dtype="category"),
            lambda number: pd.Series([f"{number}", "x"], dtype=pd.ArrowDtype(pa.string())),
            lambda number: pd.Series([f"{number}"], dtype="string"),
            lambda number: pd.Series([number, 5], dtype="int64"),
            lambda number: pd.Series([number, 5], dtype="uint64"),
            lambda number: pd.Series([number, None], dtype="Int64"),
            lambda number: pd.Series([number, None], dtype="float64"),
            lambda number: pd.Series([number, None], dtype=pd.ArrowDtype(pa.int64())),
            lambda number: pd.Series([Decimal(number)], dtype=pd.ArrowDtype(pa.decimal128(20))),
            lambda number: pd.Series([number, "x", 1.5, float(number)], dtype=object),
            lambda number: pd.Series([[number], {"a": number}, None, (str(number),)], dtype=object),
            lambda number: pd.Series([[number]], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
            lambda number: pd.Series(pd.arrays.SparseArray([number, 0, 0])),
        ],
    )
    def test_columns_of_any_kind(self, make, token):
        frame = pd.DataFrame({"mine": make(self.NUMBER)})
        assert self.SPELLED in "".join(map(str, frame["mine"].tolist())).replace(",", "")
        result = pseudonymized(frame)
        assert self.SPELLED not in result.to_csv()
        assert token in str(result["mine"].iloc[0])

    def test_what_cannot_be_a_number_of_somebody_stays(self):
        frame = pd.DataFrame(
            {
                "score": [1, 99],
                "share": [0.123456789, None],
                "flag": [True, False],
                "at": pd.to_datetime(["2026-03-02", None]),
                "took": pd.to_timedelta([4930901820, 1], unit="s"),
                "month": pd.period_range("2026-03", periods=2, freq="M"),
                "bin": pd.cut([5, 15], [0, 10, 20]),
            }
        )
        pdt.assert_frame_equal(pseudonymized(frame), frame)

    def test_keep_keeps_a_column_and_its_name(self):
        frame = pd.DataFrame({"4930901820": [4930901820], "cost": [12345]})
        pdt.assert_frame_equal(pseudonymized(frame, keep=["4930901820", "cost"]), frame)

    def test_names_of_columns(self, token):
        frame = pd.DataFrame([[1, 2, 3, 4, 5]])
        frame.columns = [self.SPELLED, 7001, f"calls of {self.SPELLED}", "2026-03-02", "top10"]
        named = pseudonymized(frame).columns.tolist()
        assert named == [token, Tokens(KEY).of("7001"), f"calls of {token}", "2026-03-02", "top10"]

    def test_names_of_several_levels(self, token):
        frame = pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("n", self.SPELLED)]))
        assert pseudonymized(frame).columns.tolist() == [("n", token)]

    def test_names_of_any_type(self, token):
        frame = pd.DataFrame([[1, 2, 3, 4]])
        frame.columns = [4930901820.0, b"4930901820x", 0.125, "n"]
        named = pseudonymized(frame).columns.tolist()
        assert named == [token, f"{token}x", 0.125, "n"]

    def test_names_of_the_axes(self, token):
        columns, index = pd.Index(["n"], name=self.SPELLED), pd.RangeIndex(1, name=self.SPELLED)
        result = pseudonymized(pd.DataFrame([[1]], columns=columns, index=index))
        assert (result.columns.name, result.index.name) == (token, token)
        levels = pd.MultiIndex.from_tuples([("a", "b"), (self.SPELLED, "c")], names=[self.SPELLED, "x"])
        result = pseudonymized(pd.DataFrame([[1, 2]], columns=levels)[[("a", "b")]])
        assert list(result.columns.names) == [token, "x"]
        assert self.SPELLED not in str(result.columns.levels)  # also of those that are no longer used

    def test_names_that_would_be_one_are_refused(self):
        frame = pd.DataFrame([[1, 2]], columns=["+4930901820", "004930901820"])
        with pytest.raises(ValueError, match="two columns are named after the same number"):
            pseudonymized(frame)

    @pytest.mark.parametrize(
        "index",
        [
            pd.Index([SPELLED]),
            pd.Index([NUMBER]),
            pd.Index([SPELLED], name="clientNumber"),
            pd.Index([NUMBER], name="phone"),
            pd.CategoricalIndex([SPELLED]),
        ],
    )
    def test_the_index(self, index, token):
        result = pseudonymized(pd.DataFrame({"n": [1]}, index=index))
        assert result.index.tolist() == [token]
        assert result["n"].tolist() == [1]

    def test_an_index_of_several_levels(self, token):
        index = pd.MultiIndex.from_tuples([("a", self.SPELLED), ("b", "x")], names=["k", "clientNumber"])
        result = pseudonymized(pd.DataFrame({"n": [1, 2]}, index=index))
        assert result.index.tolist() == [("a", token), ("b", Tokens(KEY).of("x"))]
        assert result.index.names == ["k", "clientNumber"]

    @pytest.mark.parametrize(
        "index", [pd.RangeIndex(1000, 1002), pd.Index([1234, 9_999_999]), pd.to_datetime(["2026-03-02"] * 2)]
    )
    def test_an_index_that_counts_rows_or_time_stays(self, index):
        result = pseudonymized(pd.DataFrame({"n": [1, 2]}, index=index))
        pdt.assert_index_equal(result.index, index)

    def test_keys_of_time_within_nested_values(self, token):
        began = 1772442000  # 2026-03-02T09:00:00Z, as the call's own time
        legs = [{"number": "7001", "at": began + 60, "time": self.NUMBER, "start": 1512345678}]
        frame = bc.to_frame([CALL | {"transfers": legs}])
        leg = json.loads(frame.calls.pseudonymize(KEY).loc[0, "transfers"])[0]
        assert leg["at"] == began + 60
        assert leg["time"] == token
        assert TOKEN.fullmatch(leg["start"])

    @pytest.mark.parametrize("value", [4930901820, "4930-90-1820", "49301201-123456", "49301201123456"])
    def test_without_times_of_calls_no_number_is_one(self, value):
        frame = pd.DataFrame({"transfers": [json.dumps([{"at": value}])]})
        assert TOKEN.fullmatch(json.loads(pseudonymized(frame).loc[0, "transfers"])[0]["at"])


def pseudonymized(frame, **options):
    return frame.calls.pseudonymize(KEY, **options)
