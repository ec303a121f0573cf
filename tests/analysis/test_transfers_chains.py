"""Chains of whole frames: columns, sources, the client, names."""

import json
import random

import numpy as np
import pandas as pd
import pytest

from brightcall_pandas.analysis import chains_match, transfer_chains

COLUMNS = ["chain", "path", "hops", "transferred", "first", "last", "loops", "parse_ok"]


def involved(*texts, **columns):
    return pd.DataFrame({"numbersInvolvedJSON": pd.Series(texts, dtype="str"), **columns})


class TestTransferChains:
    def test_says_everything_about_each_call(self):
        calls = involved('["101", "102"]', '["101", "102", "101"]', '["7", "7"]', "101", "[]", None, '["1",')
        table = transfer_chains(calls)
        assert list(table.columns) == COLUMNS
        assert table["chain"].tolist() == [
            ("101", "102"), ("101", "102", "101"), ("7", "7"), ("101",), (), (), (),
        ]  # fmt: skip
        assert table["path"].tolist() == ["101 → 102", "101 → 102 → 101", "7 → 7", "101", "", "", ""]
        assert table["hops"].tolist() == [1, 2, 1, 0, 0, 0, 0]
        assert table["transferred"].tolist() == [True, True, True, False, False, False, False]
        assert table["first"].tolist()[:4] == ["101", "101", "7", "101"]
        assert table["last"].tolist()[:4] == ["102", "101", "7", "101"]
        assert table[["first", "last"]].iloc[4:].isna().all(axis=None)
        assert table["loops"].tolist() == [False, True, True, False, False, False, False]
        assert table["parse_ok"].tolist() == [True, True, True, True, True, True, False]

    def test_dtypes_do_not_depend_on_the_rows(self):
        expected = {
            "chain": "object", "path": "str", "hops": "int64", "transferred": "bool",
            "first": "str", "last": "str", "loops": "bool", "parse_ok": "bool",
        }  # fmt: skip
        for calls in (involved(), involved(None), involved("[]", "["), involved('["101"]')):
            table = transfer_chains(calls)
            assert table.dtypes.astype(str).to_dict() == expected
            assert len(table) == len(calls)

    def test_keeps_any_index_and_the_frame(self):
        calls = involved("[1]", "[2]", "[1]").set_axis(["a", "b", "a"])
        before = calls.copy(deep=True)
        table = transfer_chains(calls)
        assert table.index.tolist() == ["a", "b", "a"]
        assert table["path"].tolist() == ["1", "2", "1"]
        pd.testing.assert_frame_equal(calls, before)

    def test_reads_python_values_of_an_untyped_frame(self):
        values = [[101, 102], {"101": {}, "7": {}}, [{"number": "5"}], 101, None, float("nan"), "101,102"]
        calls = pd.DataFrame({"numbersInvolvedJSON": pd.Series(values, dtype=object)})
        assert transfer_chains(calls)["path"].tolist() == [
            "101 → 102",
            "101 → 7",
            "5",
            "101",
            "",
            "",
            "101 → 102",
        ]

    def test_shuffled_rows_keep_their_chains(self):
        texts = [json.dumps([str(i % 7), str(i % 3)]) for i in range(50)] + [None, "broken"]
        calls = involved(*texts)
        order = random.Random(1).sample(range(len(calls)), len(calls))
        pd.testing.assert_frame_equal(transfer_chains(calls.iloc[order]), transfer_chains(calls).iloc[order])

    def test_a_missing_column_is_named(self):
        with pytest.raises(KeyError, match="numbersInvolvedJSON"):
            transfer_chains(pd.DataFrame({"id": ["1"]}))
        with pytest.raises(KeyError, match="transfers"):
            transfer_chains(involved("[1]"), source="transfers")


class TestSource:
    MOVED = '[{"from": "1", "to": "2"}]'

    @pytest.mark.parametrize(
        ("numbers", "transfers", "path", "ok"),
        [
            ('["8", "9"]', MOVED, "1 → 2", True),
            ('["8", "9"]', None, "8 → 9", True),
            ('["8", "9"]', "[]", "8 → 9", True),
            ('["8", "9"]', '[{"number": "2"}]', "8 → 9", True),
            ('["8", "9"]', '[{"to": "9"}]', "8 → 9", True),
            ('["8", "9"]', "{broken", "8 → 9", True),
            ("{broken", MOVED, "1 → 2", True),
            ("{broken", '["3", "4"]', "3 → 4", True),
            ("[]", '["3", "4"]', "3 → 4", True),
            (None, '[{"to": "9"}]', "", False),
            ("[]", "{broken", "", False),
            ("{broken", None, "", False),
            ("{broken", "{broken", "", False),
            ("[]", None, "", True),
            (None, None, "", True),
        ],
    )
    def test_auto_takes_what_tells_most(self, numbers, transfers, path, ok):
        calls = involved(numbers, transfers=pd.Series([transfers], dtype="str"))
        chain = transfer_chains(calls).iloc[0]
        assert (chain["path"], chain["parse_ok"]) == (path, ok)

    def test_one_source_only(self):
        calls = involved('["8", "9"]', "[8]", transfers=pd.Series([self.MOVED, None], dtype="str"))
        assert transfer_chains(calls, source="numbersInvolved")["path"].tolist() == ["8 → 9", "8"]
        assert transfer_chains(calls, source="transfers")["path"].tolist() == ["1 → 2", ""]

    def test_auto_needs_one_of_the_columns(self):
        assert transfer_chains(pd.DataFrame({"transfers": [self.MOVED]}))["path"].tolist() == ["1 → 2"]

    def test_an_unknown_source_is_refused(self):
        with pytest.raises(ValueError, match="source='tree' is not one of 'auto', 'numbersInvolved'"):
            transfer_chains(involved("[1]"), source="tree")


class TestIncludeClient:
    def test_the_client_is_no_party_unless_asked_for(self):
        calls = involved('["+4930123", "101", "102"]', '["101", "+4930123"]', clientNumber=["+4930123"] * 2)
        assert transfer_chains(calls)["path"].tolist() == ["101 → 102", "101"]
        kept = transfer_chains(calls, include_client=True)
        assert kept["path"].tolist() == ["+4930123 → 101 → 102", "101 → +4930123"]

    @pytest.mark.parametrize("client", ["+4930123", "004930123", "4930123", "+49 (30) 12-3", "+49.30/123"])
    @pytest.mark.parametrize("written", ["+4930123", "004930123", "4930123", "+49 30 123"])
    def test_a_number_is_recognised_however_it_is_written(self, client, written):
        calls = involved(json.dumps([written, "101"]), clientNumber=[client])
        assert transfer_chains(calls)["path"].tolist() == ["101"]

    def test_only_the_client_of_the_same_call(self):
        calls = involved(
            '["101", "102"]', '["101", "102"]', '["101", "102"]', clientNumber=["101", "102", None]
        )
        assert transfer_chains(calls)["path"].tolist() == ["102", "101", "101 → 102"]

    def test_where_it_is_null_the_other_end_of_the_call_is_the_client(self):
        calls = involved(
            *['["5", "6", "7"]'] * 4,
            type=["inbound", "outbound", "internal", None],
            fromNumber=["5"] * 4,
            toNumber=["7"] * 4,
            clientNumber=pd.Series([None] * 4, dtype="str"),
        )
        assert transfer_chains(calls)["path"].tolist() == ["6 → 7", "5 → 6", "5 → 6 → 7", "5 → 6 → 7"]

    def test_parties_that_meet_when_the_client_goes_stay_apart(self):
        calls = involved('["101", "5", "101"]', clientNumber=["5"])
        chain = transfer_chains(calls).iloc[0]
        assert (chain["chain"], chain["loops"]) == (("101", "101"), True)

    def test_a_call_of_the_client_alone_has_nobody(self):
        chain = transfer_chains(involved('["5"]', clientNumber=["5"])).iloc[0]
        assert (chain["chain"], chain["path"], chain["parse_ok"]) == ((), "", True)

    def test_a_label_of_signs_only_is_no_number(self):
        assert transfer_chains(involved('["+", "101"]', clientNumber=["-"]))["path"].tolist() == ["+ → 101"]


class TestNames:
    def test_names_replace_labels(self):
        calls = involved('["101", "102"]', "[103]")
        assert transfer_chains(calls, names={"101": "Ann", 102: "Bo"})["path"].tolist() == ["Ann → Bo", "103"]

    def test_labels_with_one_name_are_told_apart(self):
        table = transfer_chains(involved('["101", "102", "103"]'), names={101: "Ann", 103: "Ann"})
        assert (table["path"][0], table["loops"][0]) == ("Ann (101) → 102 → Ann (103)", False)

    def test_a_series_and_a_frame_of_names(self):
        calls = involved('["101", "102"]')
        frame = pd.DataFrame({"name": ["Ann", "Bo"], "team": 1, "id": [101, 102]})
        assert transfer_chains(calls, names=frame)["path"][0] == "Ann → Bo"
        assert transfer_chains(calls, names=pd.Series({101: "Ann"}))["path"][0] == "Ann → 102"

    def test_a_client_is_left_out_by_number_not_by_name(self):
        calls = involved('["5", "101"]', clientNumber=["5"])
        assert transfer_chains(calls, names={"5": "Client"})["path"].tolist() == ["101"]


class TestChainsMatch:
    CHAINS = ('["101", "102"]', '["101", "102", "101"]', "[101]", "103,103,102", '["101"', "[]", None)

    @pytest.mark.parametrize(
        ("conditions", "found"),
        [
            ({"starts": 101}, "1110000"),
            ({"starts": "101"}, "1110000"),
            ({"starts": ["101", 102]}, "1100000"),
            ({"starts": ["101", "102", "101", "102"]}, "0000000"),
            ({"ends": 102}, "1001000"),
            ({"ends": ("103", "102")}, "0001000"),
            ({"contains": [103, 103]}, "0001000"),
            ({"contains": [102, 101]}, "0100000"),
            ({"contains": [101, 101]}, "0000000"),
            ({"contains": 102}, "1101000"),
            ({"eventually": [101, 101]}, "0100000"),
            ({"eventually": [103, 102]}, "0001000"),
            ({"eventually": [102, 103]}, "0000000"),
            ({"at_least": 0}, "1111111"),
            ({"at_least": 1}, "1101000"),
            ({"at_least": 2}, "0101000"),
            ({"loops": True}, "0101000"),
            ({"loops": False}, "1010111"),
            ({"starts": 101, "loops": True}, "0100000"),
            ({"starts": 101, "ends": 101, "at_least": 1}, "0100000"),
            (
                {"starts": 101, "ends": 102, "contains": [101, 102], "eventually": 102, "loops": False},
                "1000000",
            ),
        ],
    )
    def test_each_condition_and_several(self, conditions, found):
        mask = chains_match(involved(*self.CHAINS), **conditions)
        assert mask.dtype == bool
        assert "".join("01"[each] for each in mask) == found

    @pytest.mark.parametrize(
        "parties",
        [
            ["101", "102"],
            ("101", 102),
            "101 → 102",
            "101 > 102",
            "101->102",
            " 101>102 ",
            np.array([101, 102]),
        ],
        ids=repr,
    )
    @pytest.mark.parametrize("condition", ["contains", "starts", "eventually"])
    def test_several_parties_in_any_form(self, condition, parties):
        assert (
            chains_match(involved(*self.CHAINS), **{condition: parties}).tolist() == [True] * 2 + [False] * 5
        )

    def test_more_forms_of_several_parties(self):
        calls = involved(*self.CHAINS)
        expected = chains_match(calls, contains=["102", "101"]).tolist()
        for parties in (pd.Series(["102", "101"]), iter([102, 101]), pd.Index([102.0, 101.0]), ["102 → 101"]):
            assert chains_match(calls, contains=parties).tolist() == expected

    def test_a_label_with_an_arrow_is_a_label(self):
        calls = involved('["a > b", "c"]', '["a", "b"]')
        assert chains_match(calls, contains="a > b").tolist() == [True, False]

    def test_an_unknown_party_is_told_with_those_that_there_are(self):
        calls = involved(*self.CHAINS)
        for parties, unknown in (("999", "'999'"), (["101", "2"], "'2'"), ("101 > 12", "'12'")):
            with pytest.warns(
                RuntimeWarning, match=rf"contains=: no chain .* has {unknown},.*'101', '102', '103'"
            ):
                assert not chains_match(calls, contains=parties).any()

    @pytest.mark.parametrize("parties", [{101, 102}, {"101": 1}, "", [], ["101", ""], "101 > "])
    def test_parties_without_an_order_or_a_name(self, parties):
        with pytest.raises(ValueError, match="starts="):
            chains_match(involved(*self.CHAINS), starts=parties)

    def test_a_run_may_begin_at_a_repeated_party(self):
        assert chains_match(involved("1,1,2"), contains=[1, 2]).tolist() == [True]

    def test_others_may_come_in_between_only_eventually(self):
        calls = involved("1,2,3", "1,3", "3,1", "1", "")
        assert chains_match(calls, contains=[1, 3]).tolist() == [False, True, False, False, False]
        assert chains_match(calls, eventually=[1, 3]).tolist() == [True, True, False, False, False]

    def test_parties_go_by_name_where_names_are_given(self):
        calls, names = involved(*self.CHAINS), {"101": "Ann"}
        assert chains_match(calls, starts="Ann", names=names).tolist() == [True] * 3 + [False] * 4
        with pytest.warns(RuntimeWarning, match="no chain of these calls has '101'.*'Ann'"):
            assert not chains_match(calls, starts="101", names=names).any()

    def test_source_and_client_are_those_of_transfer_chains(self):
        calls = involved('["5", "8"]', clientNumber=["5"], transfers=['[{"from": "1", "to": "2"}]'])
        assert chains_match(calls, starts="1").tolist() == [True]
        assert chains_match(calls, starts="8", source="numbersInvolved").tolist() == [True]
        kept = {"source": "numbersInvolved", "include_client": True}
        assert chains_match(calls, starts="5", **kept).tolist() == [True]

    def test_keeps_any_index_and_masks_combine(self):
        calls = involved(*self.CHAINS).set_axis(list("aabbccd"))
        mask = chains_match(calls, loops=True) & chains_match(calls, starts=101) | chains_match(
            calls, ends=101
        )
        assert mask.index.tolist() == list("aabbccd")
        assert calls[mask].index.tolist() == ["a", "b"]

    def test_without_rows(self):
        assert chains_match(involved(), at_least=1).tolist() == []

    def test_without_a_condition_it_lists_them(self):
        with pytest.raises(ValueError, match="starts=, ends=, contains=, eventually=, at_least= or loops="):
            chains_match(involved("1,2"))

    @pytest.mark.parametrize(
        ("conditions", "message"),
        [
            ({"starts": []}, "starts= is empty"),
            ({"eventually": ()}, "eventually= is empty"),
            ({"at_least": True}, "at_least=True must be a whole number"),
            ({"at_least": "2"}, "at_least='2' must be a whole number"),
            ({"loops": "yes"}, "loops='yes' must be True or False"),
            ({"loops": True, "source": "tree"}, "source='tree'"),
        ],
    )
    def test_values_that_are_not_understood_are_named(self, conditions, message):
        with pytest.raises(ValueError, match=message):
            chains_match(involved("1,2"), **conditions)

    def test_a_missing_column_is_named(self):
        with pytest.raises(KeyError, match="numbersInvolvedJSON"):
            chains_match(pd.DataFrame({"id": ["1"]}), at_least=1)
