"""Everything that reads what a server sends, each as a function of bytes.

Three searches share this list: Hypothesis (`test_targets.py`), the search for memory
(`test_memory.py`), and the coverage-guided one (`session.py`).
"""

from __future__ import annotations

import gzip
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

from gitlab_completions._secrets import Secret
from gitlab_completions._shell.access_token import TokenDesk
from gitlab_completions._shell.clock import SystemClock
from gitlab_completions._shell.exchange import Exchanger
from gitlab_completions._shell.fetch import Fetcher
from gitlab_completions._transport.bodies import MAX_ANSWER, MAX_ERROR, Body
from gitlab_completions._wire import (
    availability,
    direct_access,
    entries,
    flags,
    headers,
    jsons,
    limits,
    messages,
    refusals,
    urls,
)
from gitlab_completions._wire.characters import whole_characters
from gitlab_completions._wire.event_stream import EventStream
from gitlab_completions._wire.messages import SendError
from gitlab_completions._wire.streams import StreamCutError, StreamDecoder
from gitlab_completions._wire.suggestions import MAX_TEXT, decode_suggestion
from gitlab_completions._wire.unusable import (
    GrantRefusedError,
    NotACompletionError,
    NotAGrantError,
)
from gitlab_completions.errors import ConfigurationError, ErrorCode
from gitlab_completions.models import Route
from gitlab_completions.senders import HttpxSender
from tests.fuzz.answers import Answer, pack, recorded, unpack
from tests.fuzz.invariants import check_error, check_learned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitlab_completions._shell.endings import Ending
    from gitlab_completions._shell.fetch import Fetched
    from gitlab_completions.models import Model

ROOT = "https://gitlab.example.com"
AGENT = "gitlab_completions/test"
MAX_HEADERS = 100 * 1024
"""Bytes of an answer's head that the HTTP library takes."""
JSON_ANSWER = {
    "content-type": "application/json",
    "date": "Mon, 05 Oct 2026 07:28:00 GMT",
}
EVENTS_ANSWER = {
    "content-type": "text/event-stream",
    "x-streaming-format": "sse",
}
FLAGS = ("name", "version")
"""Flags that are asked for, called as what a server is likely to send."""
SHORT = 4000
"""Bytes of a body that is read in crumbs too; of a longer one that takes too long."""

Kinds = tuple[type[Exception], ...]


class Target(NamedTuple):
    """Something that reads what a server sends.

    Args:
        name: What it is called.
        read: Takes bytes; returns nothing, and raises `AssertionError` when what was
            learned from them is not as it must be.
        kinds: The exceptions that it may raise.
        seeds: Bytes that it reads well.
        frame: Makes its input of a body in JSON.
        reads_json: That body means something to it.
        most: Bytes that reach it.
    """

    name: str
    read: Callable[[bytes], None]
    kinds: Kinds
    seeds: Callable[[], list[bytes]]
    frame: Callable[[bytes], bytes]
    reads_json: bool = True
    most: int = MAX_ANSWER

    def try_out(self, data: bytes) -> None:
        """Read the bytes, and look at what is raised; anything unknown gets out."""
        try:
            self.read(data)
        except self.kinds as error:
            # JSON's own are let go where they are caught: they hold the body.
            if self.kinds != (ValueError,):
                check_error(error)


def _bare(body: bytes) -> bytes:
    return body


def _framed(status: int, body: bytes) -> bytes:
    return pack(Answer(status, JSON_ANSWER, body))


def _bodies(*endpoints: str) -> list[bytes]:
    return [answer.body for answer in recorded(*endpoints)]


def _answers(*endpoints: str) -> list[bytes]:
    return [pack(answer) for answer in recorded(*endpoints)]


def _values(name: str) -> list[bytes]:
    """Return the recorded values of a header."""
    found = recorded("direct_access", "gateway_v2", "instance")
    return [one.headers.get(name, "").encode() for one in found]


def of_body(
    name: str, read: Callable[[bytes], object], kinds: Kinds, *endpoints: str
) -> Target:
    """Return a target that reads a body."""
    check = partial(_check, read)
    return Target(name, check, kinds, partial(_bodies, *endpoints), _bare)


def of_answer(
    name: str,
    read: Callable[[Answer], object],
    *endpoints: str,
    kinds: Kinds = (),
    status: int = 200,
) -> Target:
    """Return a target that reads a whole answer."""

    def check(data: bytes) -> None:
        check_learned(read(unpack(data)))

    seeds = partial(_answers, *endpoints)
    return Target(name, check, kinds, seeds, partial(_framed, status))


def of_text(
    name: str,
    read: Callable[[str], object],
    kinds: Kinds,
    *seeds: str,
    most: int = MAX_ANSWER,
) -> Target:
    """Return a target that reads a header's value, or a value in a body."""

    def check(data: bytes) -> None:
        check_learned(read(data.decode("utf-8", "surrogateescape")))

    encoded = [seed.encode() for seed in seeds]
    return Target(
        name, check, kinds, lambda: encoded, _bare, reads_json=False, most=most
    )


def _check(read: Callable[[bytes], object], data: bytes) -> None:
    check_learned(read(data))


# What is read, beside the plain decoders.


def _grant(answer: Answer) -> object:
    return direct_access.decode_grant(
        answer.headers,
        answer.body,
        instance_root=ROOT,
        allow_plain_http=False,
        user_agent=AGENT,
    )


def _header_values(answer: Answer) -> object:
    wait_s = headers.retry_after_s(answer.headers)
    assert wait_s is None or wait_s > 0
    headers.is_json(answer.headers)
    return wait_s, headers.request_id(answer.headers)


def _parse(body: bytes) -> None:
    jsons.parse(body)


def _parse_object(body: bytes) -> None:
    jsons.parse_object(body)


def _grant_headers(body: bytes) -> object:
    echoed, dropped = headers.grant_headers(jsons.parse_object(body))
    assert len(echoed) <= headers.MAX_PAIRS + 1
    return echoed, dropped


def _gateway_root(url: str) -> object:
    root = urls.gateway_root(url, instance_root=ROOT, allow_plain_http=False)
    assert root.startswith("https://")
    assert urls.gateway_root(root, instance_root=ROOT, allow_plain_http=False) == root
    return root


def _instance_root(url: str) -> object:
    root = urls.instance_root(url, allow_plain_http=False)
    assert urls.instance_root(root, allow_plain_http=False) == root
    return root


def _flags(
    decode: Callable[[bytes, Sequence[str]], flags.FlagAnswer | None],
) -> Callable[[bytes], object]:
    """Return what reads an answer about flags; only what was asked for is learned."""

    def read(body: bytes) -> object:
        answer = decode(body, FLAGS)
        assert answer is None or answer.values.keys() <= set(FLAGS)
        return answer

    return read


def _line_ends(text: str) -> None:
    whole = whole_characters(text)
    whole.encode()
    restored = limits.restore_line_ends(whole, crlf=True)
    assert restored.count("\r\n") == restored.count("\n")
    assert restored.replace("\r\n", "\n") == whole.replace("\r\n", "\n")


def _halves(data: bytes) -> None:
    """Read text as editors and JSON have it: with halves of characters."""
    _line_ends(
        data.decode("utf-16-le", "surrogatepass" if len(data) % 2 == 0 else "replace")
    )
    _line_ends(data.decode("utf-8", "surrogateescape"))


ENCODINGS = ("", "gzip", "deflate", "br", "identity", "gzip, gzip")


def _body(data: bytes) -> None:
    """Count a body: the first bytes choose its status, its encoding and its pieces."""
    status, encoding, size = (*data[:3], 0, 0, 0)[:3]
    body = Body(500 if status % 2 else 200, ENCODINGS[encoding % len(ENCODINGS)])
    most = MAX_ERROR if status % 2 else MAX_ANSWER
    packed, step = data[3:], 1 + size * size
    taken = 0
    for start in range(0, len(packed), step):
        taken += len(body.take(packed[start : start + step]))
        assert taken <= most
        if body.is_cut:
            assert taken == most
            return


def _body_seeds() -> list[bytes]:
    bodies = _bodies("direct_access", "gateway_v2")
    plain = [b"\0\0\x10" + body for body in bodies]
    zipped = [b"\0\1\x10" + gzip.compress(body, mtime=0) for body in bodies]
    return plain + zipped


@cache
def _exchanger() -> Exchanger:
    desk = TokenDesk("glpat-1", lambda: None)
    return Exchanger(HttpxSender(), desk, SystemClock(), ROOT, AGENT)


@cache
def _fetcher() -> Fetcher:
    desk = TokenDesk("glpat-1", lambda: None)
    return Fetcher(HttpxSender(), desk, ROOT, AGENT, allow_plain_http=False)


def ending_of(route: Route, answer: Answer) -> Ending:
    """Return what a client learns from a completion endpoint's answer."""
    ending = _exchanger()._read(route, *answer, elapsed_s=0.1)
    assert (ending.suggestion is None) is (ending.error is not None)
    return ending


def fetched_of(answer: Answer) -> Fetched:
    """Return what a client learns from the answer to a request for direct access."""
    fetched = _fetcher().understand(messages.Answer(**answer._asdict()))
    if fetched.grant is None:
        check_error(fetched.problem(barred=True))
        check_error(fetched.problem(barred=False))
    return fetched


def _entry(text: bytes) -> None:
    """Open what a store holds, be it that whoever wrote it had the token."""
    sealer = entries.Sealer(Secret("glpat-1"), ROOT)
    key = sealer.key("direct access")
    assert sealer.open(key, text, clock="boot", now=0.0) is None
    sealed = sealer._mac(key, text) + b"\n" + text
    opened = sealer.open(key, sealed, clock="boot", now=0.0)
    if opened is None:
        return
    content, age_s = opened
    assert age_s >= 0
    check_learned(entries.decode_word(content))
    answer = entries.decode_answer(content)
    if answer is not None:
        assert answer.status_code in range(100, 600)


def _entry_seeds() -> list[bytes]:
    sealer = entries.Sealer(Secret("glpat-1"), ROOT)
    code = ErrorCode.RATE_LIMITED
    word = entries.KeptWord(seconds=60.0, status_code=429, code=code)
    contents = [
        entries.encode_answer(messages.Answer(**answer._asdict()))
        for answer in recorded("direct_access")
    ]
    sealed = [
        sealer.seal("", content, clock="boot", at=0.0)
        for content in (entries.encode_word(word), *contents)
        if content is not None
    ]
    return [entry.partition(b"\n")[2] for entry in sealed if entry is not None]


def _stream(answer: Answer) -> object:
    """Read a stream whole and in parts; each way must come to the same."""
    most = len(answer.body)
    sizes = {most or 1, 1 + most // 97, 7 if most < SHORT else most}
    told = {_streamed(answer, size) for size in sizes}
    assert len(told) == 1
    _, model = told.pop()
    return model


def _streamed(answer: Answer, size: int) -> tuple[str, Model | None]:
    """Return the text and the model, or what is wrong with them."""
    body = answer.body
    try:
        decoder = StreamDecoder(answer.headers, crlf=True)
        parts = (body[at : at + size] for at in range(0, len(body), size))
        pieces = [piece for part in parts for piece in decoder.feed(part)]
        pieces += decoder.finish()
    except (NotACompletionError, StreamCutError) as error:
        check_error(error)
        return error.reason, None
    text = "".join(pieces)
    text.encode()
    assert all(pieces)
    assert "\0" not in text
    assert text.count("\r\n") == text.count("\n")
    assert len(text) <= 2 * MAX_TEXT
    return text, decoder.model


def _in_event(body: bytes) -> bytes:
    """Frame JSON as the data of an event; data has no line ends."""
    lines = [b"event: content_chunk", b"data: " + body.translate(None, b"\r\n"), b""]
    return pack(Answer(200, EVENTS_ANSWER, b"\r\n".join([*lines, b""])))


def _events(data: bytes) -> None:
    """Cut events out of a body; the first byte chooses the size of its pieces."""
    size, body, stream = 1 + (data[0] if data else 0) ** 2, data[1:], EventStream()
    for at in range(0, len(body), size):
        for event in stream.feed(body[at : at + size]):
            assert event.name or event.data is not None
            assert b"\r" not in event.name + event.data
            assert b"\n" not in event.name


def _event_seeds() -> list[bytes]:
    return [b"\x05" + body for body in _bodies("streams")]


_DATES = ("Mon, 05 Oct 2026 07:28:00 GMT", "Monday, 05-Oct-26 07:28:00 GMT", "30", "-1")
_URLS = (
    "https://cloud.gitlab.com/ai",
    "https://[::1]:8443/",
    "http://localhost:5052",
    "https://user:word@example.com/?a#b",
    "https://bücher.example/",
)
_LINES = ("a\r\nb\nc\r", "\ud83d\ude00")
_NO_COMPLETION = (NotACompletionError,)
_NO_GRANT = (NotAGrantError, GrantRefusedError)

TARGETS = (
    of_body("jsons.parse", _parse, (ValueError,), "direct_access", "gateway_v2"),
    of_body("jsons.parse_object", _parse_object, (), "direct_access", "gateway_v2"),
    of_body(
        "suggestions.decode_suggestion",
        decode_suggestion,
        _NO_COMPLETION,
        *("gateway_v2", "instance"),
    ),
    of_answer(
        "direct_access.decode_grant",
        _grant,
        "direct_access",
        kinds=_NO_GRANT,
        status=201,
    ),
    of_answer(
        "refusals.decode_refusal",
        lambda answer: refusals.decode_refusal(*answer),
        *("direct_access", "gateway_v2", "instance"),
        status=422,
    ),
    of_answer(
        "refusals.looks_like_html",
        lambda answer: refusals.looks_like_html(answer.body, answer.headers),
        *("gateway_v2", "instance"),
    ),
    of_body(
        "availability.decode_opinion",
        partial(availability.decode_opinion, named=True),
        (),
        "instance",
    ),
    of_body("availability.decode_version", availability.decode_version, (), "instance"),
    of_body("flags.decode_names", _flags(flags.decode_names), (), "instance"),
    of_body("flags.decode_each", _flags(flags.decode_each), (), "instance"),
    of_answer("headers", _header_values, "direct_access", "gateway_v2", "instance"),
    of_text("headers.date_s", headers.date_s, (), *_DATES, most=MAX_HEADERS),
    of_body("headers.grant_headers", _grant_headers, (), "direct_access"),
    of_text("urls.gateway_root", _gateway_root, (GrantRefusedError,), *_URLS),
    of_text("urls.instance_root", _instance_root, (ConfigurationError,), *_URLS),
    Target(
        "limits.restore_line_ends",
        _halves,
        (),
        lambda: [line.encode("utf-16-le", "surrogatepass") for line in _LINES],
        _bare,
        reads_json=False,
        most=MAX_TEXT,
    ),
    Target(
        "bodies.Body", _body, (SendError,), _body_seeds, lambda body: b"\0\0\xff" + body
    ),
    Target("entries", _entry, (), _entry_seeds, _bare, most=entries.MAX_ENTRY),
    of_answer("streams.StreamDecoder", _stream, "streams", "gateway_v2", "instance"),
    Target(
        "streams.StreamDecoder, events",
        lambda data: check_learned(_stream(unpack(data))),
        (),
        partial(_answers, "streams"),
        _in_event,
    ),
    Target(
        "event_stream.EventStream",
        _events,
        _NO_COMPLETION,
        _event_seeds,
        lambda body: b"\xff" + body,
        reads_json=False,
    ),
    of_answer("from direct access", fetched_of, "direct_access", status=201),
    of_answer("from the gateway", partial(ending_of, Route.DIRECT), "gateway_v2"),
    of_answer("from the instance", partial(ending_of, Route.INDIRECT), "instance"),
)
"""The list. The last three are whole: from the answer to what a client learns of it."""
