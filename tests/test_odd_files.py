"""Files that are large or odd: what is sent is within limits, and the answer fits."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.models import CompletionRequest, ContextItem, Intent
from gitlab_completions.policy import DirectMode, RoutingPolicy
from gitlab_completions.testing import FakeGitLab

if TYPE_CHECKING:
    from gitlab_completions.models import OffsetUnit

FAMILY = "👩\u200d👩\u200d👧"
FILES = {
    "5 MB": "value = compute(1)  # é\n" * 210_000,
    "a line of 300 KB": "x" * 150_000 + "é" + "y" * 150_000,
    "a line of 300 KB after code": "def f():\n    return 1\n" + "z = " + "1" * 300_000,
    "emoji": ("x = '😀" + FAMILY + "👍\U0001f3fd'\n") * 9_000,
    "nothing but emoji": "😀" * 60_000,
    "CRLF": "if a:\r\n    b()\r\n" * 9_000,
    "CRLF, doubled": "if a:\r\r\n    b()\r\r\n" * 9_000,
    "CRLF and LF": "a = 1\r\nb = 2\nc = 3\r\n" * 9_000,
    "CR": "a = 1\rb = 2\r" * 9_000,
    "a BOM": "\ufeffa = 1\n" * 9_000,
    "a BOM alone": "\ufeff",
    "tabs": "\tif (a) {\n\t\tb();\n\t}\n" * 9_000,
    "right to left": "# שלום עולם \u202bم\u202c\nא = 1\n" * 9_000,
    "accents apart": "e\u0301a\u0308 = 1\n" * 9_000,
    "accents alone": "\u0301" * 60_000,
    "NULs": "a\0b\n" * 20_000,
    "control characters": "\x01\x1f\x7f\x85\u2028" * 12_000,
    "halves of characters": "a\ud83d b\ude00 \ud83d\ude00\n" * 9_000,
    "quotes and backslashes": '"\\"\\\\' * 20_000,
    "nothing": "",
    "blank lines": "\n" * 120_000,
}
PLACES = {"start": 0.0, "middle": 0.5, "end": 1.0}
ROUTES = {
    "direct": ("19.3", DirectMode.ONLY),
    "direct, by v4": ("19.5", DirectMode.ONLY),
    "indirect": ("19.3", DirectMode.NEVER),
}
"""A GitLab's profile, and the way to it."""
ANSWER = "alpha = 1\nbeta = 2"


def gitlab_of(route: str) -> FakeGitLab:
    profile, _ = ROUTES[route]
    return FakeGitLab(ANSWER, profile=profile)


def policy_of(route: str, budget: int | None = 50_000) -> RoutingPolicy:
    _, direct = ROUTES[route]
    return RoutingPolicy(direct=direct, max_body_bytes=budget)


def sent(
    gitlab: FakeGitLab, route: str
) -> tuple[int, dict[str, str], list[dict[str, str]]]:
    """Return the bytes of the body that arrived, its file and its context."""
    (seen,) = (gitlab.instance if route == "indirect" else gitlab.gateway).requests
    body = json.loads(seen.body.decode())
    if "v4" not in route:
        return len(seen.body), body["current_file"], body.get("context", [])
    file, *context = (one["payload"] for one in body["prompt_components"])
    return len(seen.body), file, context


def mostly_crlf(text: str) -> bool:
    return text.count("\r\n") * 2 > text.count("\n")


def as_sent(text: str, *, crlf: bool) -> str:
    """Return the text in whole characters, and with the line ends of what is sent."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if not crlf:
        return whole
    return whole.replace("\r\r\n", "\n").replace("\r\n", "\n")


@pytest.mark.parametrize("budget", [50_000, None], ids=["50 KB", "no budget"])
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", FILES)
async def test_what_is_sent_is_within_limits_and_the_answer_fits(
    name: str, place: str, route: str, budget: int | None
) -> None:
    text = FILES[name]
    offset = int(len(text) * PLACES[place])
    request = CompletionRequest.at_cursor(text, offset, file_name="odd.py")
    gitlab = gitlab_of(route)
    async with gitlab.client(policy=policy_of(route, budget)) as client:
        # The emulator refuses what the servers would refuse.
        completion = await client.complete(request)

    crlf = mostly_crlf(text)
    assert completion.text == (ANSWER.replace("\n", "\r\n") if crlf else ANSWER)
    size, file, _ = sent(gitlab, route)
    assert budget is None or size <= budget
    above, below = file["content_above_cursor"], file["content_below_cursor"]
    whole_above = as_sent(text[:offset], crlf=crlf)
    whole_below = as_sent(text[offset:], crlf=crlf)
    assert whole_above.endswith(above)
    assert whole_below.startswith(below)
    assert max(len(above), len(below)) <= 100_000
    assert bool(above) is bool(whole_above)
    assert bool(below) is bool(whole_below)
    if len(whole_above) + len(whole_below) > 110_000:
        # Twelve bytes are the most that any of these characters takes.
        least = 90_000 if budget is None else budget * 9 // 10 // 12
        assert len(above) + len(below) > least


@pytest.mark.parametrize("unit", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize("name", sorted(set(FILES) - {"5 MB", "halves of characters"}))
def test_a_cursor_means_the_same_in_every_unit(name: str, unit: OffsetUnit) -> None:
    text = FILES[name]
    at = len(text) // 2
    codec = "utf-16-le" if unit == "utf-16" else unit
    widths = {"utf-8": 1, "utf-16": 2, "utf-32": 1}
    offset = at if unit == "utf-32" else len(text[:at].encode(codec)) // widths[unit]
    request = CompletionRequest.at_cursor(text, offset, file_name="a.py", unit=unit)
    assert request.content_above_cursor == text[:at]
    assert request.content_below_cursor == text[at:]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", sorted(set(FILES) - {"nothing", "blank lines"}))
async def test_an_odd_file_is_good_context_too(name: str, route: str) -> None:
    item = ContextItem(name=f"src/{'深' * 300}/{name}.py", content=FILES[name])
    request = CompletionRequest(
        file_name="a.py", content_above_cursor="x = ", context=(item, item)
    )
    gitlab = gitlab_of(route)
    async with gitlab.client(policy=policy_of(route)) as client:
        assert (await client.complete(request)).text
    size, file, context = sent(gitlab, route)
    assert size <= 50_000
    whole = as_sent(FILES[name], crlf=False)
    assert all(whole.startswith(each["content"]) for each in context)
    assert all(each["name"].endswith(f"/{name}.py") for each in context)
    assert bool(context) is bool(whole.strip())
    assert file["content_above_cursor"] == "x = "


async def test_a_generation_takes_an_odd_file_and_a_long_instruction() -> None:
    gitlab = FakeGitLab(ANSWER)
    async with gitlab.client() as client:
        for text in FILES.values():
            request = CompletionRequest(
                file_name="a.py",
                content_above_cursor=text,
                intent=Intent.GENERATION,
                user_instruction="say it twice. " * 5_000,
            )
            assert (await client.complete(request)).text
            seen = json.loads(gitlab.instance.requests[-1].body)
            assert seen["user_instruction"] == request.user_instruction


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", ["5 MB", "CRLF", "emoji", "halves of characters"])
async def test_a_stream_of_an_odd_file_fits_too(name: str, route: str) -> None:
    text = FILES[name]
    request = CompletionRequest.at_cursor(text, len(text) // 2, file_name="odd.py")
    gitlab, policy = gitlab_of(route), policy_of(route)
    async with gitlab.client(policy=policy) as client, client.stream(request) as stream:
        typed = "".join([piece async for piece in stream])
    assert typed == (ANSWER.replace("\n", "\r\n") if mostly_crlf(text) else ANSWER)
    size, _, _ = sent(gitlab, route)
    assert size <= 50_000


async def test_another_budget_counts_from_the_next_call_on() -> None:
    gitlab = FakeGitLab(ANSWER)
    request = CompletionRequest(file_name="a.py", content_above_cursor=FILES["5 MB"])
    never = RoutingPolicy(direct=DirectMode.NEVER)
    async with gitlab.client(policy=never) as client:
        await client.complete(request)
        client.reconfigure(replace(never, max_body_bytes=16_000))
        await client.complete(request)
        client.reconfigure(replace(never, max_body_bytes=None))
        await client.complete(request)
    sizes = [len(seen.body) for seen in gitlab.instance.requests]
    assert 49_000 < sizes[0] <= 50_000
    assert 15_000 < sizes[1] <= 16_000
    assert sizes[2] > 100_000
