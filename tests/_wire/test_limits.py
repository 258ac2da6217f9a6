from __future__ import annotations

import tracemalloc
from typing import Unpack

import pytest
from hypothesis import example, given, settings, strategies as st

from gitlab_completions._wire import limits
from gitlab_completions._wire.characters import whole_characters
from gitlab_completions._wire.limits import Fitted, fit, restore_line_ends, uses_crlf
from gitlab_completions.models import CompletionRequest, ContextItem, RequestFields

odd_text = st.text(
    st.characters(exclude_categories=()) | st.sampled_from("\r\n\x00\ud83d\ude00😀é ")
)
long_text = st.builds(
    lambda piece, times, end: piece * times + end,
    odd_text,
    st.sampled_from([1, 7, 30_000]),
    odd_text,
)
filled = odd_text.filter(lambda text: bool(text.strip()))
requests = st.builds(
    CompletionRequest,
    file_name=st.builds(lambda a, b: a + "x" + b, odd_text, odd_text)
    | st.just("dir/" * 100 + "main.py"),
    content_above_cursor=long_text,
    content_below_cursor=long_text,
    language=st.none() | odd_text | st.just("x" * 256),
    project_path=st.none() | st.just("group/project") | st.just(" "),
    context=st.lists(
        st.builds(ContextItem, name=filled, content=filled), max_size=3
    ).map(tuple),
)


def request(
    above: str = "",
    below: str = "",
    *,
    file_name: str = "a.py",
    **fields: Unpack[RequestFields],
) -> CompletionRequest:
    return CompletionRequest(
        file_name=file_name,
        content_above_cursor=above,
        content_below_cursor=below,
        **fields,
    )


def again(fitted: Fitted) -> Fitted:
    return fit(
        CompletionRequest(
            file_name=fitted.file_name,
            content_above_cursor=fitted.above,
            content_below_cursor=fitted.below,
            language=fitted.language,
            project_path=fitted.project_path,
            context=fitted.context,
        )
    )


@settings(deadline=None)
@given(requests)
@example(request("\r\r\n" * 10, "\r"))
@example(request("\n" * 150_000 + "\r\n" * 99_000))
@example(request("\r\n" * 150_000, "\ud83d\ude00" * 150_000))
def test_every_request_fits_and_stays_as_it_is(wanted: CompletionRequest) -> None:
    fitted = fit(wanted)
    assert fitted.crlf is uses_crlf(wanted)
    assert 1 <= len(fitted.file_name) <= 255
    assert fitted.file_name == fitted.file_name.strip()
    assert len(fitted.above) <= 100_000
    assert len(fitted.below) <= 100_000
    assert fitted.language is None or 1 <= len(fitted.language) <= 255
    assert sum(len(item.content) for item in fitted.context) <= 500_000
    assert all(len(item.name) <= 255 for item in fitted.context)
    for text in (fitted.file_name, fitted.above, fitted.below, fitted.language or ""):
        text.encode()

    second = again(fitted)
    assert (second.above, second.below) == (fitted.above, fitted.below)
    assert second.file_name == fitted.file_name
    assert second.context == fitted.context
    assert not second.crlf


@settings(deadline=None)
@given(long_text, long_text)
def test_what_is_next_to_the_cursor_is_kept(above: str, below: str) -> None:
    fitted = fit(request(above, below))
    if not fitted.crlf:
        assert whole_characters(above).endswith(fitted.above)
        assert whole_characters(below).startswith(fitted.below)
    for whole, kept in ((above, fitted.above), (below, fitted.below)):
        most = len(whole_characters(whole).replace("\r\n", "\n"))
        # A cut goes on to the next line, or to the next character.
        assert len(kept) >= min(most, 100_000 - 242) or "\r\r" in whole


def test_contents_are_cut_far_from_the_cursor() -> None:
    fitted = fit(request("a" * 50 + "b" * 100_000, "c" * 100_000 + "d" * 50))
    assert fitted.above == "b" * 100_000
    assert fitted.below == "c" * 100_000


@pytest.mark.parametrize("unit", ["é", "中", "😀", "\x00"])
def test_the_limit_counts_characters(unit: str) -> None:
    assert len(fit(request(unit * 100_001)).above) == 100_000


def test_split_pairs_are_joined_before_they_are_counted() -> None:
    fitted = fit(request("\ud83d\ude00" * 150_000, "\ud83d\ude00" * 150_000))
    assert fitted.above == fitted.below == "😀" * 100_000
    fitted = fit(request("x" + "\ud83d\ude00" * 150_000 + "y"))
    assert fitted.above == "😀" * 99_999 + "y"


def test_halves_of_characters_are_replaced() -> None:
    fitted = fit(
        request("a\ud83d", "\ude00b", file_name="\ud83d.py", language="\ud83d")
    )
    assert (fitted.above, fitted.below) == ("a\ufffd", "\ufffdb")
    assert (fitted.file_name, fitted.language) == ("\ufffd.py", "\ufffd")


def test_a_file_with_crlf_is_sent_with_lf() -> None:
    fitted = fit(request("a\r\nb\r\nc", "\r\nd\n"))
    assert (fitted.above, fitted.below, fitted.crlf) == ("a\nb\nc", "\nd\n", True)
    assert fit(request("x\r\n" * 90_000)).above == ("x\n" * 90_000)[-100_000:]


@pytest.mark.parametrize(
    ("above", "below", "crlf"),
    [
        ("", "", False),
        ("a", "b", False),
        ("a\n", "\n", False),
        ("a\r\n", "", True),
        ("a\r\n", "b\n", False),
        ("a\r\nb\r\n", "c\n", True),
        ("a\r", "b\r", False),
    ],
)
def test_most_line_ends_decide(above: str, below: str, crlf: bool) -> None:
    fitted = fit(request(above, below))
    assert fitted.crlf is crlf
    if not crlf:
        assert (fitted.above, fitted.below) == (above, below)


@pytest.mark.parametrize(
    ("text", "restored"),
    [
        ("", ""),
        ("a", "a"),
        ("a\nb\n", "a\r\nb\r\n"),
        ("a\r\nb\n", "a\r\nb\r\n"),
        ("\n\n", "\r\n\r\n"),
        ("a\rb", "a\rb"),
    ],
)
def test_line_ends_are_restored(text: str, restored: str) -> None:
    assert restore_line_ends(text, crlf=True) == restored
    assert restore_line_ends(restored, crlf=True) == restored
    assert restore_line_ends(text, crlf=False) == text


@given(st.text().filter(lambda text: "\r" not in text))
def test_line_ends_make_the_round_trip(text: str) -> None:
    assert restore_line_ends(text, crlf=True).replace("\r\n", "\n") == text


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("a.py", "a.py"),
        ("  a.py\n", "a.py"),
        ("d/" * 200 + "main.py", ("d/" * 200 + "main.py")[-255:]),
        ("x" * 300 + ".py", "x" * 252 + ".py"),
        (" " * 300 + "a.py", "a.py"),
        ("d" * 300 + " " * 254 + "y", "y"),
    ],
)
def test_a_file_name_keeps_its_end(name: str, sent: str) -> None:
    assert fit(request(file_name=name)).file_name == sent


@pytest.mark.parametrize(
    ("file_name", "language", "sent"),
    [
        ("a.py", None, "python"),
        ("a.py", "", "python"),
        ("a.py", " ", "python"),
        ("a.py", "ruby", "ruby"),
        ("a.unknown", None, None),
        ("Makefile", None, "makefile"),
        ("noext", None, "plaintext"),
        ("a.py", "x" * 255, "x" * 255),
        ("a.py", "x" * 256, None),
        ("d/" * 200 + "main.py", None, "python"),
    ],
)
def test_the_language(file_name: str, language: str | None, sent: str | None) -> None:
    assert fit(request(file_name=file_name, language=language)).language == sent


@pytest.mark.parametrize(
    ("path", "sent"), [(None, None), ("", None), (" ", None), ("a/b", "a/b")]
)
def test_a_blank_project_is_none(path: str | None, sent: str | None) -> None:
    assert fit(request(project_path=path)).project_path == sent


def items(*contents: str) -> tuple[ContextItem, ...]:
    return tuple(ContextItem(name="n", content=content) for content in contents)


def test_at_most_100_context_items_are_sent() -> None:
    wanted = items(*(str(number) for number in range(120)))
    assert fit(request(context=wanted)).context == wanted[:100]


def test_context_is_cut_and_dropped_from_the_tail() -> None:
    wanted = items("a" * 300_000, "b" * 200_000, "c")
    assert fit(request(context=wanted)).context == wanted[:2]
    # GitLab would drop the second one whole; its beginning still tells something.
    first, second = fit(request(context=items("a" * 300_000, "b\n" * 150_000))).context
    assert (first.content, second.content) == ("a" * 300_000, "b\n" * 100_000)
    wanted = items("a" * 300_000, "b" * 199_900 + "\n" + "b" * 200, "c")
    assert fit(request(context=wanted)).context[1].content == "b" * 199_900 + "\n"
    assert len(fit(request(context=wanted)).context) == 2


def test_an_endpoint_may_take_less_of_an_item_and_fewer_items() -> None:
    wanted = items("a" * 300, "b" * 200, "c")
    fitted = fit(request(context=wanted), most_items=2, most_content=250)
    assert [len(item.content) for item in fitted.context] == [250, 200]


def test_an_item_of_halves_is_joined_before_it_is_counted() -> None:
    wanted = items("\ud83d\ude00" * 300_000, "\ud83d\ude00" * 250_000)
    sent = fit(request(context=wanted)).context
    assert [len(item.content) for item in sent] == [300_000, 200_000]


def test_a_long_item_is_cut_and_goes_alone() -> None:
    (item,) = fit(request(context=items("a" * 600_000, "b"))).context
    assert item.content == "a" * 500_000


def test_an_item_keeps_its_type_and_the_end_of_its_name() -> None:
    item = ContextItem(name="d/" * 200 + "é.py", content="\ud83dx", type="snippet")
    (sent,) = fit(request(context=(item,))).context
    assert sent.type == "snippet"
    assert sent.name == ("d/" * 200 + "é.py")[-255:]
    assert sent.content == "\ufffdx"


def test_an_item_that_is_blank_once_cut_is_left_out() -> None:
    blank_name = ContextItem(name="n" + " " * 300, content="x")
    blank = ContextItem(name="n", content=" " * 500_000 + "x")
    kept = ContextItem(name="n", content="x")
    fitted = fit(request(context=(blank_name, blank, kept)))
    assert [item.name for item in fitted.context] == ["n", "n"]
    assert fitted.context[-1] == kept


@pytest.mark.parametrize(
    "line", ["x = 1\n", "x = 1\r\n", "é = 1\n", "😀\n", "\r", "\r\r\n", "a\ud83d\n"]
)
def test_five_megabytes_cost_what_is_sent_of_them(line: str) -> None:
    wanted = request(line * (2_500_000 // len(line)), line * (2_500_000 // len(line)))
    tracemalloc.start()
    try:
        fit(wanted)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Less than a copy of one side, and a few copies of what is sent of both.
    # CPython stores the characters of a string in as many bytes as its widest needs.
    width = 1 if max(line) < "\u0100" else 2 if max(line) < "\U00010000" else 4
    assert peak < 10 * 2 * limits.MAX_CONTENT * width < 2_500_000 * width


def test_a_repr_shows_no_source() -> None:
    shown = repr(fit(request("s3cret", "s3cret")))
    assert "s3cret" not in shown


def test_a_run_of_carriage_returns_is_no_trap() -> None:
    text = "\r" * 199_000 + "\n" + "a\r\n" * 5
    assert limits._to_lf(text) == "\n" + "a\n" * 5
