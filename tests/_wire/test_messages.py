from __future__ import annotations

import pickle
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._secrets import HostHeaders
from gitlab_completions._wire.messages import SendError, WireRequest, WireResponse
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def chunks() -> AsyncIterator[bytes]:
    yield b"s3cret"


def test_a_repr_shows_neither_headers_nor_body() -> None:
    request = WireRequest(
        route=Route.DIRECT,
        method="POST",
        url="https://gitlab.com",
        headers={"Authorization": "s3cret"},
        body=b"s3cret",
        timeout_s=1.0,
        purpose="completion",
    )
    response = WireResponse(
        status_code=200, headers={"set-cookie": "s3cret"}, chunks=chunks()
    )
    assert "s3cret" not in repr(request) + repr(response)
    assert not request.last_resort


def test_headers_with_a_token_go_to_no_other_host() -> None:
    headers = HostHeaders("https://gitlab.com", {"Authorization": "s3cret"})
    with pytest.raises(ValueError, match="no other host") as caught:
        WireRequest(
            route=Route.INDIRECT,
            method="GET",
            url="https://gitlab.com.example/api/v4/version",
            headers=headers,
            body=b"",
            timeout_s=1.0,
            purpose="warm_up",
        )
    assert "s3cret" not in str(caught.value)


async def crumbs(count: int) -> AsyncIterator[bytes]:
    for number in range(count):
        yield b"%02d" % (number % 100)


async def test_a_body_is_read_whole() -> None:
    response = WireResponse(status_code=200, headers={}, chunks=crumbs(3))
    assert await response.read() == b"000102"


async def test_a_body_in_crumbs_takes_little_more_memory_than_in_one_piece() -> None:
    response = WireResponse(status_code=200, headers={}, chunks=crumbs(100_000))
    tracemalloc.start()
    try:
        assert len(await response.read()) == 200_000
        assert tracemalloc.get_traced_memory()[1] < 3 * 200_000
    finally:
        tracemalloc.stop()


def test_a_send_error_has_its_kind() -> None:
    error = SendError("broken", 7)
    assert (error.kind, error.bytes_received, str(error)) == ("broken", 7, "broken")
    assert SendError("connect").bytes_received == 0


def test_a_send_error_can_say_more_and_pickles_with_it() -> None:
    error = SendError("proxy", 7, detail="proxy_credentials")
    assert str(error) == "proxy: proxy_credentials"
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, SendError)
    assert (again.kind, again.bytes_received) == ("proxy", 7)
    assert again.detail == "proxy_credentials"
