from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import brightcall_pandas  # noqa: F401  (registers .calls)
from brightcall_pandas.analysis._groups import (
    closed_key,
    completed,
    folded_key,
    grouped,
    key_of,
    outer_codes,
)


class TestKeyOf:
    def test_labels_are_sorted_and_a_missing_text_comes_last_as_none(self):
        key = key_of(pd.Series(["b", None, "a", "b"], dtype="str"), "who")
        assert key.labels.tolist() == ["a", "b", "(none)"]
        assert key.labels.name == "who"
        assert key.codes.tolist() == [1, 2, 0, 1]

    def test_a_text_that_reads_none_is_the_missing_one(self):
        key = key_of(pd.Series(["(none)", None, "z"], dtype="str"))
        assert key.labels.take(key.codes).tolist() == ["(none)", "(none)", "z"]
        assert key_of(pd.Series(["(none)", "1", "10", "9"], dtype="str")).labels.tolist() == [
            "1",
            "9",
            "10",
            "(none)",
        ]

    @pytest.mark.parametrize("dtype", ["str", "object", "category"])
    def test_blank_texts_are_the_missing_one(self, dtype):
        values = pd.Series(["b", "", " ", None, "a", "\t"], dtype=dtype)
        key = key_of(values)
        assert key.labels.tolist() == ["a", "b", "(none)"]
        assert key.labels[key.codes].tolist() == ["b", "(none)", "(none)", "(none)", "a", "(none)"]

    def test_numbers_written_as_text_are_sorted_as_numbers(self):
        assert key_of(pd.Series(["10", "9", "101"], dtype="str")).labels.tolist() == ["9", "10", "101"]
        assert key_of(pd.Series(["10", "9", "a"], dtype="str")).labels.tolist() == ["10", "9", "a"]

    def test_a_closed_set_keeps_its_order(self):
        kinds = pd.Categorical(["outbound", None, "inbound"], ["inbound", "outbound", "internal"])
        key = key_of(pd.Series(kinds), "direction")
        assert key.labels.take(key.codes).tolist() == ["outbound", "(none)", "inbound"]
        assert grouped([key]).index.tolist() == ["inbound", "outbound", "(none)"]

    def test_missing_numbers_times_and_flags_stay_null(self):
        for values in (
            pd.Series([2.0, np.nan, 1.0]),
            pd.Series(pd.to_datetime(["2026-03-02", None, "2026-03-01"], utc=True)),
            pd.Series([True, None, False], dtype="boolean"),
        ):
            key = key_of(values)
            assert key.codes.tolist() == [1, 2, 0]
            assert pd.isna(key.labels[2])
            assert key.labels.dtype == values.dtype

    def test_values_of_several_kinds_are_sorted_as_text(self):
        assert key_of(pd.Series([10, "9", 1], dtype=object)).labels.tolist() == [1, 10, "9"]

    def test_index_labels_of_the_rows_do_not_matter(self):
        key = key_of(pd.Series(["a", "b"], index=[7, 7], dtype="str"))
        assert key.codes.tolist() == [0, 1]


class TestGrouped:
    def test_only_pairs_that_occur_are_groups_in_the_order_of_the_labels(self):
        first = key_of(pd.Series(["b", "a", "b"], dtype="str"), "first")
        second = key_of(pd.Series([1.0, 2.0, 1.0]), "second")
        groups = grouped([first, second])
        assert groups.index.tolist() == [("a", 2.0), ("b", 1.0)]
        assert groups.index.names == ["first", "second"]
        assert groups.codes.tolist() == [1, 0, 1]
        assert groups.count().tolist() == [1, 2]
        assert groups.sum(np.array([1.0, 5.0, 2.5])).tolist() == [5.0, 3.5]

    def test_many_possible_pairs_are_hashed_with_the_same_result(self):
        size = 3000
        rising, falling = np.arange(size), np.arange(size)[::-1].copy()
        keys = [key_of(pd.Series(rising)), key_of(pd.Series(falling))]
        groups = grouped(keys)
        assert len(groups) == size
        assert groups.codes.tolist() == rising.tolist()
        assert groups.index[0] == (0, size - 1)

    def test_no_rows_make_no_groups_and_keep_the_dtypes(self):
        groups = grouped(
            [key_of(pd.Series([], dtype="str"), "a"), key_of(pd.Series([], dtype="float64"), "b")]
        )
        assert len(groups) == 0
        assert groups.sum(np.array([])).dtype == np.float64
        assert [level.dtype for level in groups.index.levels] == ["str", "float64"]


class TestOuterCodes:
    def test_tells_the_outer_group_of_each_group(self):
        outer = key_of(pd.Series(["a", "b", "a"], dtype="str"))
        inner = key_of(pd.Series([1, 2, 3]))
        assert outer_codes(grouped([outer, inner]), [outer]).tolist() == [0, 0, 1]
        assert outer_codes(grouped([inner]), []).tolist() == [0, 0, 0]


class TestCompleted:
    def test_lists_every_inner_label_below_each_outer_group(self):
        outer = key_of(pd.Series(["y", "x"], dtype="str"), "o")
        groups = completed([outer], np.array([1, 0]), pd.Index([10, 20], name="i"))
        assert groups.index.tolist() == [("x", 10), ("x", 20), ("y", 10), ("y", 20)]
        assert groups.index.names == ["o", "i"]
        assert groups.codes.tolist() == [3, 0]

    def test_without_outer_keys_and_without_rows(self):
        inner = pd.Index([10, 20], name="i")
        assert completed([], np.array([1]), inner).index.tolist() == [10, 20]
        assert len(completed([], np.array([], dtype=int), inner)) == 0


class TestClosedKey:
    def test_a_negative_code_is_a_null(self):
        key = closed_key(np.array([1, -1]), ["x", "y"], "name")
        assert key.labels.take(key.codes).tolist() == ["y", "(none)"]


class TestFoldedKey:
    def folded(self, texts: list[str | None], **options: bool) -> list[str]:
        key = folded_key(key_of(pd.Series(texts, dtype="str")), np.ones(len(texts)), **options)
        return key.labels.take(key.codes).tolist()

    def test_the_most_frequent_spelling_is_shown(self):
        assert self.folded(["no answer", "No Answer", "No Answer", "NO ANSWER"]) == ["No Answer"] * 4

    def test_of_equally_frequent_ones_the_first_by_code_points(self):
        assert self.folded(["b", "B"]) == ["B", "B"]
        assert self.folded(["B", "b"]) == ["B", "B"]

    def test_the_shown_spelling_has_no_needless_blanks(self):
        assert self.folded([" no  answer", " no  answer", "No answer"]) == ["no answer"] * 3

    def test_null_and_blank_are_none_and_last(self):
        assert self.folded([None, "", "  ", "zebra"]) == ["(none)"] * 3 + ["zebra"]

    def test_weights_count(self):
        key = folded_key(key_of(pd.Series(["x", "X"], dtype="str")), np.array([2.0, 1.0]))
        assert key.labels.tolist() == ["x"]

    def test_spellings_can_stay_apart_as_they_came(self):
        assert self.folded(["No ", "no", None, " "], fold_case=False) == ["No ", "no", "(none)", "(none)"]


class TestManyFloats:
    """Many whole seconds are counted instead of hashed: their key is the same."""

    @pytest.mark.parametrize("odd", [None, 0.5, -1.0, 1e9, np.inf], ids=str)
    def test_is_the_key_of_few(self, odd):
        given = np.tile([3.0, 0.0, np.nan, 86_400.0, 3.0], 30_000)
        if odd is not None:
            given[7] = odd
        key = key_of(pd.Series(given), "talk_time_s")
        assert key.labels.name == "talk_time_s"
        assert key.labels.dtype == np.float64
        shown = key.labels.to_numpy()
        assert np.array_equal(shown[key.codes], given, equal_nan=True)
        assert np.isnan(shown).tolist() == [False] * (len(shown) - 1) + [True]
        assert (np.diff(shown[:-1]) > 0).all()


class TestCategoriesOfTexts:
    def test_a_category_is_grouped_as_its_texts(self):
        texts = pd.Series(["No answer", "no answer", None, "Sold", "", "Sold"])
        for name, table in (("outcomeTag", "by_outcome"), ("userId", "by_agent"), ("lineNumber", "summary")):
            df = pd.DataFrame({name: texts, "state": "answered"})
            as_category = df.astype({name: "category"})
            as_category[name] = as_category[name].cat.add_categories(["never seen"])
            options = {"by": "line"} if table == "summary" else {}
            expected = getattr(df.calls, table)(**options)
            pd.testing.assert_frame_equal(getattr(as_category.calls, table)(**options), expected)
