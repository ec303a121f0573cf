"""What a server was seen to do, as it comes out of a file, and whether it changes how windows are read."""

from __future__ import annotations

import pytest

from brightcall_pandas.load._facts import ServerFacts
from brightcall_pandas.load._proof import NEWEST_FIRST, OBEYED


class TestOf:
    def test_nothing_is_known(self):
        assert ServerFacts.of({}) == ServerFacts()

    def test_lists_of_a_file_are_sizes_again(self):
        facts = ServerFacts.of({"sizes": [100, 500], "refused": [137], "step": 0, "exclusive": False})
        assert facts == ServerFacts(sizes=(100, 500), refused=(137,), step=0, exclusive=False)

    def test_names_of_another_version_are_passed_over(self):
        assert ServerFacts.of({"depth": 1000, "color": "blue"}) == ServerFacts(depth=1000)


class TestLimitLoads:
    @pytest.mark.parametrize(
        "facts",
        [
            ServerFacts(),
            ServerFacts(sizes=(500,), step=1, order=OBEYED, exact_totals=True, most_rows=500, first_page=1),
            ServerFacts(exact_totals=False, agreed=3, exclusive=False),
        ],
    )
    def test_what_is_as_assumed_does_not(self, facts):
        assert not facts.limit_loads

    @pytest.mark.parametrize(
        "odd",
        [
            {"depth": 1000},
            {"constant_totals": True},
            {"exclusive": True},
            {"refused": (137,)},
            {"first_page": 0},
            {"step": 0},
            {"step": 10},
            {"order": NEWEST_FIRST},
        ],
    )
    def test_each_oddity_does(self, odd):
        assert ServerFacts(**odd).limit_loads
