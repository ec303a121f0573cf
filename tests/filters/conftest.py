"""Values for each filter, and random filters."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from brightcall_pandas.filters import FILTERS

# Read off the vendor's article, in its order; the last four page and sort.
ARTICLE = """
    searchString dayFrom dayTo timezone dateInterval types states categories agentIds teamIds uniqueIds
    number fromNumber toNumber toAnswer textProjects projectIds tags outcomes outcomeTypes talkTimeFrom
    talkTimeTo answerTimeFrom answerTimeTo allUsers userId qualityRating showTransfers showAICallsWithLog
    page itemsPerPage sortBy sortDirection
""".split()

# One good value for each, and the API's JSON for it.
GOOD = {
    "search_string": ("smith", "smith"),
    "day_from": ("2026-03-01", "2026-03-01"),
    "day_to": ("2026-03-31", "2026-03-31"),
    "timezone": ("Europe/Berlin", "Europe/Berlin"),
    "date_interval": ("week", "week"),
    "types": ("outbound", [1]),
    "states": (["answered", "failed"], [1, 2]),
    "categories": ("inbound_answered", ["inbound_answered"]),
    "agent_ids": ([7, "501"], [501, 7]),
    "team_ids": (3, [3]),
    "unique_ids": ("1772443815.17", ["1772443815.17"]),
    "number": ("+4930123", "+4930123"),
    "from_number": ("4930123", "4930123"),
    "to_number": (4930123, "4930123"),
    "to_answer": ("101", "101"),
    "text_projects": ("Solar", ["Solar"]),
    "project_ids": (9, [9]),
    "tags": (["VIP", "Busy"], ["Busy", "VIP"]),
    "outcomes": ("No Answer", ["No Answer"]),
    "outcome_types": (["positive", "absent"], ["absent", "positive"]),
    "talk_time_from": (30, 30),
    "talk_time_to": (60.5, 60.5),
    "answer_time_from": (0, 0),
    "answer_time_to": ("20", 20),
    "all_users": (True, True),
    "user_id": (500, 500),
    "quality_rating": (5, 5),
    "show_transfers": (True, True),
    "show_ai_calls_with_log": (False, False),
    "page": (2, 2),
    "items_per_page": (500, 500),
    "sort_by": ("talkTime", "talkTime"),
    "sort_direction": ("asc", "ASC"),
}

WORDS = ["Sold", "sold ", "No Answer", "ΑΣ", "İz", "Busy", "o'k", "a\nb", ""]
NUMBERS = ["101", "102", "4930222", "7"]
ZONES = ["UTC", "Europe/Berlin", "America/Havana", "Pacific/Apia", "Asia/Kathmandu", "America/St_Johns"]
SPEC = st.fixed_dictionaries(
    {},
    optional={
        "search_string": st.sampled_from(["o", "SOLD", "σ", "i", "I", "a\nb", "true", "1", "'", "02", "ας"]),
        "day_from": st.sampled_from(["2011-12-29", "2011-12-30", "2012-01-01", "2026-03-29"]),
        "day_to": st.sampled_from(["2026-03-29", "2026-03-30", "2026-03-31"]),
        "timezone": st.sampled_from(ZONES),
        "types": st.lists(st.sampled_from([0, 1, 2]), min_size=1),
        "states": st.lists(st.sampled_from([0, 1, 2]), min_size=1),
        "categories": st.lists(st.sampled_from(FILTERS["categories"].value.of.words), min_size=1, max_size=3),
        "agent_ids": st.lists(st.sampled_from([7, "007", 101]), min_size=1),
        "unique_ids": st.lists(st.sampled_from(NUMBERS), min_size=1),
        "number": st.sampled_from(NUMBERS),
        "from_number": st.sampled_from(NUMBERS),
        "to_number": st.sampled_from(NUMBERS),
        "to_answer": st.sampled_from(NUMBERS),
        "text_projects": st.lists(st.sampled_from(WORDS[:-1]), min_size=1),
        "project_ids": st.lists(st.sampled_from([7, 9]), min_size=1),
        "tags": st.lists(st.sampled_from([*WORDS[:-1], "1", "true", "a", "null", "0.5", " x"]), min_size=1),
        "outcomes": st.lists(st.sampled_from(WORDS[:-1]), min_size=1),
        "outcome_types": st.lists(st.sampled_from(["positive", "absent"]), min_size=1),
        "talk_time_from": st.sampled_from([0, 10, 10.1]),
        "talk_time_to": st.sampled_from([10.1, 30, 99.9]),
        "answer_time_from": st.sampled_from([0, 0.1, 5]),
        "answer_time_to": st.sampled_from([5, 6]),
        "all_users": st.just(True),
        "user_id": st.sampled_from([7, "007"]),
        "quality_rating": st.sampled_from([1, 4.5]),
        "page": st.just(2),
    },
)


@pytest.fixture(scope="session")
def article() -> list[str]:
    """Parameters as the article names them, in its order."""
    return ARTICLE


@pytest.fixture(scope="session")
def good() -> dict[str, tuple[Any, Any]]:
    """One good value for each filter, and the API's JSON for it."""
    return GOOD


@pytest.fixture(scope="session")
def some_filters() -> st.SearchStrategy[dict[str, Any]]:
    """Draw arguments of a `CallFilter`."""
    return SPEC
