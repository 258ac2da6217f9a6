from __future__ import annotations

from hypothesis import given, settings, strategies as st

from gitlab_completions._wire.limits import fit
from gitlab_completions._wire.reach import MARGIN, within_reach
from gitlab_completions.models import CompletionRequest, ContextItem

pieces = st.text(st.sampled_from("x\r\n\ud83d\ude00😀é "), min_size=1, max_size=9)
texts = st.builds(
    lambda piece, times, end: piece * times + end,
    pieces,
    st.sampled_from([1, 9_000, 30_000]),
    pieces,
)
filled = texts.filter(lambda text: bool(text.strip()))


def request(
    above: str, below: str = "", context: tuple[str, ...] = ()
) -> CompletionRequest:
    return CompletionRequest(
        file_name="a.py",
        content_above_cursor=above,
        content_below_cursor=below,
        context=tuple(ContextItem(name="n", content=each) for each in context),
    )


@settings(deadline=None, max_examples=25)
@given(texts, texts, st.lists(filled, max_size=3).map(tuple))
def test_what_is_sent_is_what_is_sent_of_the_whole(
    above: str, below: str, context: tuple[str, ...]
) -> None:
    whole = request(above, below, context)
    near = within_reach(whole, None)
    assert fit(near) == fit(whole)
    assert whole.content_above_cursor.endswith(near.content_above_cursor)
    assert whole.content_below_cursor.startswith(near.content_below_cursor)


def test_far_text_is_left_out_but_for_a_margin() -> None:
    megabytes = "x = 1\n" * 900_000
    near = within_reach(request(megabytes, megabytes), None)
    assert len(near.content_above_cursor) == 200_000 + MARGIN
    near = within_reach(request(megabytes, megabytes), 50_000)
    assert len(near.content_below_cursor) == 100_000 + MARGIN
    near = within_reach(request(megabytes), 16_000)
    assert len(near.content_above_cursor) == 100_000 + MARGIN


def test_items_that_cannot_be_sent_are_left_out() -> None:
    near = within_reach(request("", context=("a" * 90_000, "b" * 20_000, "c")), 50_000)
    assert [item.content[0] for item in near.context] == ["a", "b"]
    (item,) = within_reach(request("", context=("a" * 10**6, "b")), 50_000).context
    assert len(item.content) == 100_000 + MARGIN
    blank = " " * 200_000 + "x"
    assert within_reach(request("", context=(blank,)), 50_000).context == ()
