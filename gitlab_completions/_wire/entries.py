"""What processes of one user share: a server's words, sealed with the access token.

The naive way writes the token to a file and believes whatever stands there. Here an
entry is the instance's own answer, to be decoded like a fresh one, or a rest that a
server asked for; and it is sealed: a MAC over its key and its content, by a key derived
from the access token. So an entry of another user, of another token, of another
project or by another hand is no entry at all, and its key tells nothing of the token.
What was said is dated by the clock that all sharers have; of another clock (the machine
was started anew) or of a time to come, it is no entry either.

The content is not encrypted: who can read the store can read the gateway's token.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions._wire.jsons import (
    as_number,
    as_object,
    as_text,
    encode,
    parse_object,
)
from gitlab_completions._wire.messages import Answer
from gitlab_completions.errors import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions._secrets import Secret

__all__ = (
    "KeptWord",
    "Sealer",
    "decode_answer",
    "decode_word",
    "encode_answer",
    "encode_word",
)

MAX_ENTRY = 128 * 1024
"""Bytes; a grant has 2 KiB, and what is longer is not worth a shared file."""
VERSION = 1
AHEAD_S = 1.0
"""Seconds by which an entry may seem to be of the future: two readings of one clock."""
MAX_WORD_S = 1800.0
"""Seconds of the longest word of a server: a bar."""

_NAMESPACE = b"gitlab-completions shared entry 1 "
_HEADERS = ("content-type", "date", "retry-after", "x-gitlab-error-origin")
"""What of an answer's headers its decoding reads."""
_HTTP = range(100, 600)


class KeptWord(Record):
    """What a server said that concerns all the user's processes.

    Args:
        seconds: How long it holds, from when it was said.
        status_code: HTTP status that said so.
        code: Our word for it.
    """

    seconds: float
    status_code: int
    code: ErrorCode


class Sealer:
    """Seals and opens the entries of one access token at one instance.

    Args:
        access_token: The token; the sealer keeps only what is derived from it.
        root: The instance's URL.
    """

    def __init__(self, access_token: Secret, root: str) -> None:
        self._name_key = _derive(access_token, b"name")
        self._seal_key = _derive(access_token, b"seal")
        self._root = root

    def key(self, name: str) -> str:
        """Return the key of the entry of that name: 64 hexadecimal digits."""
        text = encode([self._root, name]).encode()
        return hmac.new(self._name_key, text, hashlib.sha256).hexdigest()

    def seal(
        self, key: str, content: Mapping[str, object], *, clock: str, at: float
    ) -> bytes | None:
        """Return the entry, or `None` when it is too long to be shared.

        Args:
            key: Where it will be.
            content: What it says.
            clock: The name of the clock that `at` was read from.
            at: When it was said.
        """
        dated = {**content, "version": VERSION, "clock": clock, "at": at}
        text = encode(dated).encode()
        entry = self._mac(key, text) + b"\n" + text
        return entry if len(entry) <= MAX_ENTRY else None

    def open(
        self, key: str, entry: bytes, *, clock: str, now: float
    ) -> tuple[Mapping[str, object], float] | None:
        """Return what an entry says and how many seconds ago, if it is one of ours.

        Args:
            key: Where it was.
            entry: What was there, whoever wrote it.
            clock: The name of the clock that `now` was read from.
            now: The time by that clock.
        """
        mac, _, text = entry.partition(b"\n")
        if len(entry) > MAX_ENTRY or not hmac.compare_digest(mac, self._mac(key, text)):
            return None
        content = parse_object(text) or {}
        at = as_number(content.get("at"))
        known = content.get("version") == VERSION and content.get("clock") == clock
        if not known or at is None or at > now + AHEAD_S:
            return None
        return content, max(0.0, now - at)

    def __repr__(self) -> str:
        return f"Sealer({self._root!r})"

    def _mac(self, key: str, text: bytes) -> bytes:
        mac = hmac.new(self._seal_key, key.encode() + b"\n" + text, hashlib.sha256)
        return mac.hexdigest().encode()


def encode_answer(answer: Answer) -> Mapping[str, object] | None:
    """Return what an entry says of an answer; `None` when it cannot be told.

    JSON holds no bytes: a body that is not UTF-8 is not GitLab's.
    """
    try:
        body = answer.body.decode()
    except UnicodeDecodeError:
        return None
    kept = {name: answer.headers[name] for name in _HEADERS if name in answer.headers}
    return {"status": answer.status_code, "headers": kept, "body": body}


def decode_answer(content: Mapping[str, object]) -> Answer | None:
    """Return the answer that an entry holds, or `None` when it holds none."""
    status = _status(content)
    body = as_text(content.get("body"))
    headers = {
        name: value
        for name, value in (as_object(content.get("headers")) or {}).items()
        if isinstance(value, str)
    }
    if status is None or body is None:
        return None
    return Answer(
        status_code=status, headers=headers, body=body.encode(errors="replace")
    )


def encode_word(word: KeptWord) -> Mapping[str, object]:
    """Return what an entry says of a server's word."""
    return {"seconds": word.seconds, "status": word.status_code, "code": word.code}


def decode_word(content: Mapping[str, object]) -> KeptWord | None:
    """Return the word that an entry holds, or `None` when it holds none."""
    seconds, status = as_number(content.get("seconds")), _status(content)
    code = as_text(content.get("code"))
    if seconds is None or status is None or code is None:
        return None
    if not 0 < seconds <= MAX_WORD_S:
        return None
    return KeptWord(seconds=seconds, status_code=status, code=_code(code))


def _status(content: Mapping[str, object]) -> int | None:
    status = as_number(content.get("status"))
    return int(status) if status is not None and int(status) in _HTTP else None


def _code(word: str) -> ErrorCode:
    try:
        return ErrorCode(word)
    except ValueError:  # of a later release
        return ErrorCode.DIRECT_BARRED


def _derive(token: Secret, purpose: bytes) -> bytes:
    key = token.reveal().encode()
    return hmac.new(key, _NAMESPACE + purpose, hashlib.sha256).digest()
