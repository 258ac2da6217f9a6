"""What is told of suggestions: each thing once, and in an order that makes sense."""

from __future__ import annotations

from hypothesis import given, strategies as st

from gitlab_completions.editor._core.stories import Stories

OUTCOMES = {"suggestion_accepted", "suggestion_rejected"}


def stories(*ids: str) -> Stories:
    """Return the stories of suggestions that have been loaded."""
    one = Stories()
    for each in ids:
        one.asked(each, "u", {"prefix_length": 7})
        one.loaded((each,), {"model_name": "codestral"})
    one.news.clear()
    return one


def told(one: Stories) -> list[tuple[str, str]]:
    news: list[tuple[str, str]] = []
    news += [(event.action, event.suggestion_id) for event in one.news]
    one.news.clear()
    return news


def test_a_request_and_what_came_of_it_are_the_calls() -> None:
    one = Stories()
    one.asked("a", "u", {"prefix_length": 7})
    one.loaded(("a", "b"), {"model_name": "codestral"})
    one.asked("c", "u", {})
    one.not_loaded("c", "suggestion_error", {"api_status_code": 503})
    one.not_loaded("c", "suggestion_error", {})
    assert [event.of_call for event in one.news] == [True] * 4
    assert one.news[1].fields["options_count"] == 2
    assert told(one) == [
        ("suggestion_requested", "a"),
        ("suggestion_loaded", "a"),
        ("suggestion_requested", "c"),
        ("suggestion_error", "c"),
    ]


def test_each_thing_is_told_once() -> None:
    one = stories("a")
    for _ in range(2):
        one.shown("a")
        one.accepted("a", 1, whole=True)
        one.rejected("a")
    assert told(one) == [("suggestion_shown", "a"), ("suggestion_accepted", "a")]


def test_what_is_taken_or_rejected_was_shown() -> None:
    one = stories("a", "b")
    one.accepted("a", 1, whole=True)
    one.rejected("b")
    assert told(one) == [
        ("suggestion_shown", "a"),
        ("suggestion_accepted", "a"),
        ("suggestion_shown", "b"),
        ("suggestion_rejected", "b"),
    ]


def test_one_that_is_replaced_was_rejected() -> None:
    one = stories("a", "b")
    one.shown("a")
    one.shown("b")
    assert told(one) == [
        ("suggestion_shown", "a"),
        ("suggestion_rejected", "a"),
        ("suggestion_shown", "b"),
    ]


def test_what_is_over_replaces_nothing_when_it_is_reported_late() -> None:
    one = stories("a", "b")
    one.accepted("a", 1, whole=True)
    one.shown("b")
    one.shown("a")
    one.accepted("b", 1, whole=True)
    assert told(one)[2:] == [("suggestion_shown", "b"), ("suggestion_accepted", "b")]


def test_one_that_was_taken_is_not_replaced() -> None:
    one = stories("a", "b")
    one.accepted("a", 1, whole=False)
    one.accepted("a", 1, whole=False)
    one.shown("b")
    news = told(one)
    assert ("suggestion_rejected", "a") not in news
    assert news.count(("suggestion_accepted", "a")) == 1


def test_a_closed_document_rejects_what_is_on_its_screen() -> None:
    one = stories("a")
    one.shown("a")
    one.left("u")
    one.left("u")
    assert told(one)[1:] == [("suggestion_rejected", "a")]


def test_the_end_rejects_what_is_on_the_screen() -> None:
    one = stories("a")
    one.shown("a")
    one.end()
    assert told(one)[1:] == [("suggestion_rejected", "a")]


def test_candidates_share_a_story_and_are_told_apart_by_number() -> None:
    one = Stories()
    one.asked("a", "u", {})
    one.loaded(("a", "b"), {})
    one.news.clear()
    one.shown("a")
    one.shown("b")
    one.accepted("b", 2, whole=True)
    assert one.news[-1].fields["accepted_option"] == 2
    assert told(one) == [("suggestion_shown", "a"), ("suggestion_accepted", "a")]


def test_what_is_offered_as_one_answer_shares_the_first_ones_story() -> None:
    one = stories("a", "b")
    one.shown("a")
    one.join(("a", "b"))
    for each in "ba":
        one.shown(each)
    one.accepted("b", 2, whole=True)
    assert one.news[-1].fields["options_count"] == 2
    assert told(one) == [("suggestion_shown", "a"), ("suggestion_accepted", "a")]


def test_what_comes_beside_one_that_was_taken_in_part_has_its_own_story() -> None:
    one = stories("a", "b")
    one.accepted("a", 1, whole=False)
    one.join(("a", "b"))
    one.accepted("b", 2, whole=True)
    assert told(one)[2:] == [("suggestion_shown", "b"), ("suggestion_accepted", "b")]


def test_what_is_offered_anew_has_a_story_of_its_own() -> None:
    one = stories("a")
    one.accepted("a", 1, whole=True)
    one.news.clear()
    assert one.has_ended("a")
    one.again(("n",), "u", like="a")
    one.shown("n")
    assert not one.has_ended("n")
    assert "accepted_option" not in one.news[0].fields
    assert one.news[0].fields["suggestion_source"] == "cache"
    assert one.news[0].fields["prefix_length"] == 7
    assert told(one) == [("suggestion_loaded", "n"), ("suggestion_shown", "n")]


def test_what_was_kept_says_so_unless_it_was_shown() -> None:
    one = stories("a", "b")
    one.shown("a")
    one.from_cache("a")
    one.from_cache("b")
    one.from_cache("unknown")
    one.rejected("a")
    one.shown("b")
    sources = [event.fields.get("suggestion_source") for event in one.news]
    assert sources == [None, None, "cache"]


def test_nothing_is_told_of_what_nobody_knows() -> None:
    one = Stories()
    one.loaded(("x",), {})
    one.shown("x")
    one.accepted("x", 1, whole=True)
    one.rejected("x")
    one.join(("x", "y"))
    one.again(("n",), "u", like="x")
    assert one.has_ended("x")
    assert told(one) == [("suggestion_loaded", "n")]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["shown", "accepted", "part", "rejected", "left", "again"]),
            st.sampled_from("abc"),
        )
    )
)
def test_the_order_is_legal_whatever_is_reported(steps: list[tuple[str, str]]) -> None:
    one, actions = stories("a", "b", "c"), dict[str, list[str]]()
    for number, (step, name) in enumerate(steps):
        match step:
            case "shown":
                one.shown(name)
            case "accepted":
                one.accepted(name, 1, whole=True)
            case "part":
                one.accepted(name, 1, whole=False)
            case "rejected":
                one.rejected(name)
            case "left":
                one.left("u")
            case _:
                one.again((f"{name}{number}",), "u", like=name)
    for action, name in told(one):
        actions.setdefault(name, []).append(action)
    for each in actions.values():
        assert len(each) == len(set(each))
        assert len(OUTCOMES & set(each)) <= 1
        if OUTCOMES & set(each):
            assert each.index("suggestion_shown") < len(each) - 1
