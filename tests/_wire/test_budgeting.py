from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings, strategies as st

from gitlab_completions._wire import jsons
from gitlab_completions._wire.bodies import context_items, current_file
from gitlab_completions._wire.budgeting import (
    LEAST_ROOM,
    encode_within,
    in_bytes,
    in_characters,
)
from gitlab_completions._wire.jsons import encode_body
from gitlab_completions._wire.limits import Fitted, fit
from gitlab_completions.models import CompletionRequest, ContextItem

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 50_000

pieces = st.text(
    st.characters(exclude_categories=())
    | st.sampled_from('\r\n\x00\x1f"\\\ud83d\ude00😀é\u0301\u200dא\t\ufeff')
)
texts = st.builds(
    lambda piece, times, end: piece * times + end,
    pieces,
    st.sampled_from([1, 3, 700, 9_000]),
    pieces,
)
filled = texts.filter(lambda text: bool(text.strip()))
requests = st.builds(
    CompletionRequest,
    file_name=st.just("src/main.py") | st.just("\x01" * 300),
    content_above_cursor=texts,
    content_below_cursor=texts,
    context=st.lists(
        st.builds(ContextItem, name=filled, content=filled), max_size=4
    ).map(tuple),
)


@pytest.fixture(params=["orjson", "json"], autouse=True)
def _encoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Encode by either library, whichever of them is installed here."""
    if request.param == "orjson":
        pytest.importorskip("orjson")
    else:
        monkeypatch.setattr(jsons, "_orjson", lambda: None)


def encoded(fitted: Fitted, instruction: str = "") -> bytes:
    body: dict[str, object] = {
        "current_file": current_file(fitted),
        "user_instruction": instruction,
    }
    if fitted.context:
        body["context"] = context_items(fitted.context)
    return encode_body(body)


def sent(
    above: str = "",
    below: str = "",
    context: Sequence[str] = (),
    *,
    most: int | None = MOST,
    instruction: str = "",
) -> tuple[str, str, list[str]]:
    request = CompletionRequest(
        file_name="a.py",
        content_above_cursor=above,
        content_below_cursor=below,
        context=tuple(ContextItem(name="n", content=each) for each in context),
    )
    make = partial(encoded, instruction=instruction)
    body = json.loads(encode_within(fit(request), make, most))
    file = body["current_file"]
    kept = [item["content"] for item in body.get("context", [])]
    return file["content_above_cursor"], file["content_below_cursor"], kept


@settings(deadline=None, max_examples=60)
@given(requests, st.sampled_from([16_000, 50_000, 600_000]))
@example(
    CompletionRequest(
        file_name="a.py",
        content_above_cursor='"\n' * 50_000,
        content_below_cursor="\x00" * 50_000,
        context=(ContextItem(name="\x01" * 255, content="\x01" * 9_000),) * 100,
    ),
    16_000,
)
def test_a_body_is_within_the_budget_and_keeps_what_is_near(
    request: CompletionRequest, most: int
) -> None:
    fitted = fit(request)
    body = encode_within(fitted, encoded, most)
    assert len(body) <= most
    got = json.loads(body.decode())
    above = got["current_file"]["content_above_cursor"]
    below = got["current_file"]["content_below_cursor"]
    context = got.get("context", [])
    assert fitted.above.endswith(above)
    assert fitted.below.startswith(below)
    whole = len(encoded(fitted)) <= most
    assert whole is (encoded(fitted) == body)
    if whole:
        return
    # What is near is kept; of far text below there is more than what a cut at a line's
    # end has left over only with all the rest.
    assert len(above) >= min(len(fitted.above), LEAST_ROOM * 6 // 10 // 6 - 272)
    assert len(below) >= min(len(fitted.below), LEAST_ROOM // 10 // 6 - 150, 1)
    originals = [item.content for item in fitted.context]
    for place, item in enumerate(context):
        assert originals[place].startswith(item["content"])
        assert place == len(context) - 1 or item["content"] == originals[place]
    if in_bytes(below) > most // 10 + 6 * 300:
        assert above == fitted.above
    if in_bytes(above) > most * 6 // 10 + 6 * 300 + 100 + 6 * 255:
        assert [item["content"] for item in context] == originals


def test_the_order_of_spending() -> None:
    near, far = "near\n" * 8_000, "far \n" * 4_000
    above, below, context = sent(far + near, near + far, ["c" * 5_000])
    assert context == ["c" * 5_000]
    assert below == near[: len(below)]
    assert 4_980 <= in_bytes(below) <= 5_000
    assert (far + near).endswith(above)
    assert above.startswith("near\n")
    assert in_bytes(above) + in_bytes(below) + 5_000 > MOST - 300
    # Context gets no more than what is left, be there ever so much of it.
    above, below, context = sent(far + near, near + far, ["c" * 9_000] * 4)
    assert 29_500 < in_bytes(above) <= 30_000
    assert [len(each) for each in context[:-1]] == [9_000]
    assert 5_000 < len(context[-1]) < 6_000
    # A share that is not used goes on.
    above, below, context = sent("", near + far, ["c" * 9_000] * 5)
    assert context == ["c" * 9_000] * 4 + ["c" * len(context[-1])]
    assert in_bytes(below) <= 5_000
    above, below, context = sent("a", near + far)
    assert in_bytes(below) > 49_000
    above, below, context = sent(far + near, "b")
    assert in_bytes(above) > 49_000


def test_an_item_is_not_cut_to_nothing_and_ends_what_is_sent_of_them() -> None:
    filler = "c" * (MOST - 1_600)
    _, _, context = sent("above", "", [filler, "d" * 2_000, "e"])
    assert context == [filler, "d" * len(context[1])]
    assert 200 <= len(context[1]) < 2_000
    _, _, context = sent("above", "", [filler + "c" * 1_200, "d" * 2_000, "e"])
    assert context == [filler + "c" * 1_200]
    _, _, context = sent("above", "", [filler, " " * 1_900 + "d", "e"])
    assert context == [filler]


def test_a_cut_is_at_a_line_end() -> None:
    line = 'print("é")\n'
    above, below, (item,) = sent(line * 5_000, line * 5_000, [line * 5_000])
    for text in (above, below, item):
        assert text == line * (len(text) // len(line))


def test_a_line_of_300_kilobytes_is_cut_all_the_same() -> None:
    above, below, _ = sent("x" * 300_000, "y" * 300_000)
    assert 49_000 < len(above) + len(below) < MOST
    assert 4_900 < len(below) <= 5_000


def test_what_may_not_be_cut_leaves_room_for_the_file() -> None:
    above, below, _ = sent("x" * 99_000, "y" * 99_000, instruction="i" * 70_000)
    assert (len(above), len(below)) == (9_000, 1_000)


def test_without_a_budget_everything_fits() -> None:
    text = "x" * 99_000
    assert sent(text, text, [text], most=None) == (text, text, [text])


def test_characters_may_be_counted_in_place_of_bytes() -> None:
    request = CompletionRequest(
        file_name="a.py", content_above_cursor="😀" * 60_000, content_below_cursor="é"
    )
    fitted = fit(request)
    within = partial(encode_within, fitted, encoded, size=in_characters)
    assert within(70_000) == encoded(fitted)
    assert 49_900 < len(within(50_000).decode()) <= 50_000


@given(pieces)
def test_both_measures_count_what_the_encoder_writes(text: str) -> None:
    whole = jsons.encode(text)
    assert in_characters(text) == len(whole) - 2
    if not any("\ud800" <= mark <= "\udfff" for mark in text):
        assert in_bytes(text) == len(whole.encode()) - 2
        assert in_bytes(text + text) == 2 * in_bytes(text)
