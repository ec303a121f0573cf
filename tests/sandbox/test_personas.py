"""The table of personas, and how they are named and combined."""

from __future__ import annotations

import pytest

from brightcall_pandas.sandbox import PERSONAS, SandboxError, start_sandbox
from brightcall_pandas.sandbox._behavior import AS_IS, Behavior
from brightcall_pandas.sandbox._personas import behavior_of, joined_name, personas_named


class TestTable:
    def test_each_differs_from_the_sandbox_as_it_is_and_from_all_others(self):
        behaviors = [behavior_of([each]) for each in PERSONAS.values()]
        assert len(set(behaviors)) == len(behaviors) >= 24
        assert AS_IS not in behaviors

    def test_each_tells_what_it_does_and_why(self):
        for each in PERSONAS.values():
            sentences = [each.does, each.because] + [each.may_be_refused] * bool(each.may_be_refused)
            assert all(text.endswith(".") and text[0].isupper() for text in sentences), each.name

    def test_few_may_be_refused(self):
        refused = {each.name for each in PERSONAS.values() if each.may_be_refused}
        assert refused == {"no-totals", "totals-too-high"}


class TestPersonasNamed:
    @pytest.mark.parametrize(
        "given",
        [
            "pages-from-0+listed-sizes",
            " listed-sizes + pages-from-0 ",
            ["pages-from-0", "listed-sizes"],
            ("listed-sizes+pages-from-0",),
        ],
    )
    def test_several_in_any_order_are_one_combination(self, given):
        personas = personas_named(given)
        assert joined_name(personas) == "listed-sizes+pages-from-0"
        assert behavior_of(personas) == Behavior(sizes="listed", first_page=0)

    @pytest.mark.parametrize("given", [None, "", [], ()])
    def test_none(self, given):
        assert behavior_of(personas_named(given)) == AS_IS
        assert joined_name(personas_named(given)) == ""

    def test_one_that_does_not_exist(self):
        with pytest.raises(ValueError, match="'listed-pages' is not a persona; choose from listed-sizes, "):
            personas_named("text-ids+listed-pages")

    def test_two_that_decide_the_same(self):
        with pytest.raises(
            ValueError, match=r"'listed-sizes' and 'at-most-73' cannot be .* both decide sizes"
        ):
            personas_named(["at-most-73", "listed-sizes"])

    def test_two_that_agree_on_what_both_decide(self):
        both = behavior_of(personas_named("random-ties+sorted-by-second"))
        assert (both.unit, both.ties) == ("second", "random")


class TestAccount:
    def test_personas_never_share_a_cache(self):
        accounts = []
        for persona in (
            None,
            "text-ids",
            "listed-sizes",
            ["listed-sizes", "text-ids"],
            "text-ids+listed-sizes",
        ):
            with start_sandbox(calls=5, days=1, persona=persona) as sandbox:
                accounts.append(sandbox.account)
        assert accounts[0].startswith("sandbox-0-5-2026-03-31-2026-03-31-lively-")
        assert accounts[1].startswith(f"{accounts[0]}-text-ids")
        assert accounts[3] == accounts[4]
        assert len(set(accounts)) == 4

    def test_a_running_sandbox_becomes_another_account(self):
        with start_sandbox(calls=5, days=1) as sandbox:
            usual = sandbox.account
            sandbox.set_persona("pages-from-0+text-ids")
            assert sandbox.account == f"{usual}-pages-from-0+text-ids"
            with pytest.raises(ValueError, match="cannot be combined"):
                sandbox.set_persona("local-times+spaced-times")
            sandbox.set_persona(None)
            assert sandbox.account == usual

    def test_a_persona_that_cannot_be_is_told_before_the_process_starts(self):
        with pytest.raises(ValueError, match="'nobody' is not a persona"):
            start_sandbox(calls=5, days=1, persona="nobody")

    def test_there_is_no_mark_before_it_is_set(self):
        with start_sandbox(calls=5, days=1) as sandbox, pytest.raises(SandboxError, match="no mark"):
            sandbox.since_mark()
