from __future__ import annotations

import numpy as np
import pandas as pd

from brightcall_pandas.analysis._groups import key_of
from brightcall_pandas.analysis._spelling import folded_key


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
