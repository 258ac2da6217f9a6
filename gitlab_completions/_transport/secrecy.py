"""Keeps tokens and source out of what other libraries log and raise.

httpcore logs at DEBUG which step a request has come to, never its headers. What does
show secrets: hpack, which HTTP/2 packs headers with, logs each pair in clear;
httpcore's part for SOCKS logs the proxy's password; a header that HTTP cannot carry is
quoted in the exception, and so is an answer that is not HTTP, which may echo the
request; an exception of httpx's holds its request, and the frames in its traceback hold
all there is.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from gitlab_completions._frames import chain, without_frames

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_QUOTATION = re.compile(r"[:\s(<]*(bytearray|b?['\"]).*", re.DOTALL)
_HEADERS_IN_CLEAR = ("hpack.hpack", "hpack.table")
_PASSWORD_IN_CLEAR = ("httpcore.socks", "httpcore2.socks")


def hush_hpack() -> None:
    """Drop hpack's DEBUG records, for the whole process.

    Not only ours: its tables belong to a connection, and one request's headers are
    logged when another's push them out. Levels and handlers stay as they are.
    """
    for name in _HEADERS_IN_CLEAR:
        logging.getLogger(name).addFilter(_is_harmless)


def hush_socks() -> None:
    """Drop the DEBUG records of httpcore's part for SOCKS, for the whole process."""
    for name in _PASSWORD_IN_CLEAR:
        logging.getLogger(name).addFilter(_is_harmless)


def can_carry(headers: Mapping[str, str]) -> bool:
    """Whether HTTP can carry the pairs.

    Names are tokens (RFC 9110), values printable ASCII without space at the ends. The
    HTTP library checks the names for HTTP/1.1, and less for HTTP/2; who wraps a sender
    may have put others in.
    """
    if not (all(headers) and _NAMES.fullmatch("".join(headers))):
        return not headers
    values = list(headers.values())
    text = "".join(values)
    if not (text.isascii() and text.isprintable()):
        return False
    return values == [*map(str.strip, values)]


def harmless(error: Exception) -> Exception:
    """Return the HTTP library's exception with its type, its chain and its own words.

    Taken from it are frames, the request it holds, and what it quotes of a message.
    """
    for link in chain(without_frames(error)):
        if "_request" in vars(link):
            vars(link)["_request"] = None
        if any("Protocol" in kind.__name__ for kind in type(link).__mro__):
            link.args = (_QUOTATION.sub("", str(link)),)
    return error


def _is_harmless(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG
