"""A secret shows itself to nobody who prints; headers with a token know their host."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import pprint
import reprlib

import pytest
from rich.pretty import pretty_repr

from gitlab_completions._secrets import HostHeaders, Secret
from gitlab_completions.models import Route
from gitlab_completions.senders import WireRequest

CANARY = "glpat-canary-4410"
ROOT = "https://gateway.example/ai"
SECRETS = [
    Secret(CANARY),
    HostHeaders(ROOT, {"Authorization": f"Bearer {CANARY}"}),
    HostHeaders(ROOT, {"PRIVATE-TOKEN": CANARY}),
]
HEADERS = HostHeaders(ROOT, {"Authorization": f"Bearer {CANARY}"})


@pytest.mark.parametrize("secret", SECRETS)
def test_whatever_prints_a_secret_does_not_show_it(secret: object) -> None:
    held = {"a": secret, "b": [secret], "c": (secret,)}
    for printed in (
        repr(held),
        f"{secret}{secret!s}{secret!r}{secret!a}",
        "%s" % secret,  # noqa: UP031 - logging does
        reprlib.repr(held),
        pprint.pformat(held),
        pretty_repr(held, max_string=1000, expand_all=True),
    ):
        for part in range(len(CANARY) - 3):
            assert CANARY[part : part + 4] not in printed


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_not_written_for_other_processes(secret: object) -> None:
    for write in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            write(secret)


def test_a_secret_is_told_to_who_asks() -> None:
    assert Secret(CANARY).reveal() == CANARY


def test_secrets_are_compared_by_what_they_hide() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_headers_are_a_mapping() -> None:
    assert {"Authorization": f"Bearer {CANARY}"} == HEADERS
    assert dict(HEADERS | {"X-A": "1"}) == {**HEADERS, "X-A": "1"}
    assert list(HEADERS) == ["Authorization"]
    assert len(HEADERS) == 1
    assert "x" not in HEADERS


def request_to(url: str) -> WireRequest:
    return WireRequest(
        route=Route.DIRECT,
        method="POST",
        url=url,
        headers=HEADERS | {"X-Request-ID": "1"},
        body=b"",
        timeout_s=1.0,
        purpose="completion",
    )


@pytest.mark.parametrize(
    "url",
    [
        ROOT,
        "https://gateway.example/v2",
        "https://gateway.example/ai-evil/v2",
        "https://gateway.example.evil/ai/v2",
        "https://gateway.example:8443/ai/v2",
        "https://gateway.example/aI/v2",
        "http://gateway.example/ai/v2",
        "https://me@gateway.example/ai/v2",
        "",
    ],
)
def test_a_request_to_another_host_cannot_be_made(url: str) -> None:
    with pytest.raises(ValueError, match="no other host"):
        request_to(url)
    sound = request_to(f"{ROOT}/v2/completions")
    with pytest.raises(ValueError, match="no other host"):
        dataclasses.replace(sound, url=url)
