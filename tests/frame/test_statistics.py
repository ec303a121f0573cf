"""The declaration of the statistics answer."""

from brightcall_pandas.frame import (
    FIELDS,
    STATISTICS_COUNTS,
    STATISTICS_DTYPES,
    STATISTICS_DURATIONS,
    STATISTICS_GROUPS,
    STATISTICS_OUTCOME_TYPES,
    STATISTICS_PARTS,
    STATISTICS_STATES,
    STATISTICS_TOTALS,
)


class TestDeclaration:
    def test_columns_and_dtypes_of_the_table(self):
        assert {
            **dict.fromkeys(
                ["all", "fail", "success", "talks", "error", "unique", "firstTime", "active"], "Int64"
            ),
            "total_sum_s": "float64",
            "total_count": "Int64",
            "total_min_s": "float64",
            "total_max_s": "float64",
            "call_sum_s": "float64",
            "call_count": "Int64",
            "call_min_s": "float64",
            "call_max_s": "float64",
            "answer_sum_s": "float64",
            "answer_count": "Int64",
            "answer_min_s": "float64",
            "answer_max_s": "float64",
            **dict.fromkeys(["tagsSuccess", "tagsDefault", "tagsFail", "tagsNoResult"], "Int64"),
            **dict.fromkeys(["aiTalkTime_s", "allTalkTime_s", "aiTalkCost"], "float64"),
        } == STATISTICS_DTYPES

    def test_groups_are_the_directions_of_calls(self):
        assert STATISTICS_GROUPS == {"all": "all", "in": "inbound", "out": "outbound", "our": "internal"}
        assert tuple(STATISTICS_GROUPS.values())[1:] == FIELDS["type"].choices

    def test_figures_are_about_fields_that_exist(self):
        assert set(STATISTICS_DURATIONS.values()) == {"totalTime", "callTime", "answerTime"}
        assert set(STATISTICS_DURATIONS.values()) <= FIELDS.keys()
        assert sorted(STATISTICS_STATES.values()) == sorted(FIELDS["state"].choices)
        assert tuple(STATISTICS_OUTCOME_TYPES.values()) == FIELDS["outcomeType"].choices

    def test_sizes_are_those_of_the_article(self):
        assert len(STATISTICS_COUNTS) == 8
        assert list(STATISTICS_PARTS) == ["sum", "count", "min", "max"]
        assert len(STATISTICS_TOTALS) == 7
        assert STATISTICS_STATES.keys() <= set(STATISTICS_COUNTS)
