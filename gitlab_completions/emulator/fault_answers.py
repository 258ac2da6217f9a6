"""What a host answers that is at fault above HTTP: pages, scraps, too much, too little.

Pure: each function returns an answer, or what becomes of a host's own. Nothing here is
GitLab's: proxies, portals and hostile hosts answer so.
"""

import json
import zlib
from functools import cache
from typing import Final, cast

from gitlab_completions.emulator.answers import Answer, json_answer, text_answer

__all__ = (
    "CAPTIVE_PORTAL",
    "ELSEWHERE",
    "bad_json",
    "captive_portal",
    "gzip_bomb",
    "huge",
    "mistyped",
    "redirect",
)

CAPTIVE_PORTAL: Final = (
    "<!doctype html>\n<html><head><title>Welcome</title></head><body>"
    "<h1>Free Wi-Fi</h1><p>Please accept our terms to go online.</p></body></html>"
)
"""What the `html` fault answers: a page in place of an API's JSON."""

ELSEWHERE: Final = "https://elsewhere.example.com/"
"""Where the `redirect` fault points to when it is not told."""

# Ten times what the client reads of an answer, and more than most clients should.
_HUGE: Final = 10 * 1024 * 1024
_BOMB: Final = 64 * 1024 * 1024
_CHUNK: Final = b" " * (1024 * 1024)

_JSON: Final = {"content-type": "application/json"}
_SCRAP: Final = b'{"choices":[{"text":"return a +","index":0,"fin'


def captive_portal() -> Answer:
    """Return the page of a captive portal, with status 200."""
    return text_answer(200, CAPTIVE_PORTAL, "text/html; charset=utf-8")


def bad_json() -> Answer:
    """Return status 200 and what was to be JSON, but ends in the midst of it."""
    return Answer(status=200, headers=_JSON, body=_SCRAP)


@cache
def huge() -> Answer:
    """Return status 200 and 10 MiB of JSON, which would be a completion."""
    opened, closed = b'{"choices":[{"text":"', b'","index":0}]}'
    body = opened + b"a" * (_HUGE - len(opened) - len(closed)) + closed
    return Answer(status=200, headers=_JSON, body=body)


@cache
def gzip_bomb() -> Answer:
    """Return status 200 and some 64 KiB that unpack to 64 MiB of blank JSON."""
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    parts = [packer.compress(_CHUNK) for _ in range(_BOMB // len(_CHUNK))]
    body = b"".join([*parts, packer.compress(b"{}"), packer.flush()])
    return Answer(status=200, headers={**_JSON, "content-encoding": "gzip"}, body=body)


def redirect(location: str) -> Answer:
    """Return a redirect that asks for the same request at `location`."""
    return Answer(status=307, headers={"location": location})


def mistyped(answer: Answer, field: str | None) -> Answer:
    """Return a host's own answer with another type of value in `field`.

    Args:
        answer: The host's own; as it is when it is not JSON.
        field: A key, or keys with dots between them, which reach into each item of a
            list; "" for the document as a whole, None for each of its keys.
    """
    try:
        document: object = json.loads(answer.body)
    except ValueError:
        return answer
    if field is None and isinstance(document, dict):
        keys = cast("dict[str, object]", document)
        spoiled: object = {key: _of_other_type(value) for key, value in keys.items()}
    else:
        spoiled = _mistyped(document, (field or "").split(".") if field else [])
    return json_answer(answer.status, spoiled, answer.headers)


def _mistyped(value: object, path: list[str]) -> object:
    """Follow `path` into `value`, and spoil what is at its end."""
    if not path:
        return _of_other_type(value)
    if isinstance(value, list):
        return [_mistyped(item, path) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    items = cast("dict[str, object]", value).items()
    first, *rest = path
    return {key: _mistyped(v, rest) if key == first else v for key, v in items}


def _of_other_type(value: object) -> object:
    """Return a value of another JSON type."""
    if isinstance(value, dict):
        return ["wrong"]
    return 7 if value is None or isinstance(value, str) else "wrong"
