"""Event logs to report on, written by hand or made up of dice with a fixed seed."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BEGAN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
STEPS = (0.1, 0.25, 0.5, 0.75, 1.0)
CAUSES = ("server", "timeout", "offline")
ISSUERS = {"direct": "gitlab-ai-gateway", "indirect": "instance"}


def row(action: str, at_s: float = 0.0, **facts: object) -> dict[str, object]:
    time = (BEGAN + timedelta(seconds=at_s)).isoformat(timespec="milliseconds")
    routing = not action.startswith("suggestion_")
    category = "routing" if routing else "code_suggestions"
    return {"time": time, "category": category, "action": action, **facts}


def call(
    number: int,
    at_s: float = 0.0,
    *,
    route: str | None = "direct",
    context: bool = True,
    elapsed_s: float = 0.15,
    reason: str = "preferred",
    action: str = "suggestion_loaded",
    attempts: int = 1,
    **facts: object,
) -> list[dict[str, object]]:
    """Return the rows of a call that one attempt answered."""
    ids: dict[str, object] = {"unique_tracking_id": f"call-{number}"}
    shared = {**ids, "has_advanced_context": context}
    issuer = ISSUERS.get(route or "")
    went = {"route": route, "reason": reason, "elapsed_s": elapsed_s}
    status: dict[str, object] = {
        "api_status_code": 200,
        "error_code": None,
        "token_issuer": issuer,
        **facts,
    }
    ended = {
        "is_direct_connection": None if route is None else route == "direct",
        "model_engine": "vertex-ai",
        "model_name": "codestral-2501",
        "attempts": attempts,
    }
    return [
        row("suggestion_requested", at_s, **shared),
        row("attempt", at_s + elapsed_s, **ids, **went, **status),
        row(action, at_s + elapsed_s, **shared, **went, **status, **ended),
    ]


def rollout(calls: int, *, seed: int = 1, span_s: float = 18_000) -> Iterator[str]:
    """Give the lines of a roll-out in five steps, with an incident in the third."""
    dice = random.Random(seed)
    for number in range(calls):
        share = number / calls
        step = min(int(share * len(STEPS)), len(STEPS) - 1)
        incident = 0.46 < share < 0.54
        for each in _call(dice, number, share * span_s, STEPS[step], incident=incident):
            yield json.dumps(each)


def _call(
    dice: random.Random, number: int, at_s: float, share: float, *, incident: bool
) -> Iterator[dict[str, object]]:
    context = dice.random() < 0.4
    direct = dice.random() < share
    extra_s = dice.lognormvariate(-3.5, 0.7) + (0.03 if context else 0)
    if dice.random() < 0.12:
        yield from call(
            number,
            at_s,
            route=None,
            context=context,
            elapsed_s=0.1,
            action="suggestion_cancelled",
        )[::2]
        return
    if direct and dice.random() < (0.6 if incident else 0.004):
        yield from _fell_back(dice, number, at_s, context=context, extra_s=extra_s)
        return
    empty = dice.random() < 0.05
    yield from call(
        number,
        at_s,
        route="direct" if direct else "indirect",
        context=context,
        elapsed_s=(0.15 if direct else 0.275) + extra_s,
        reason=_reason(dice, direct=direct, incident=incident),
        action="suggestion_not_provided" if empty else "suggestion_loaded",
    )


def _reason(dice: random.Random, *, direct: bool, incident: bool) -> str:
    if direct:
        return "preferred"
    if incident and dice.random() < 0.5:
        return "circuit_open"
    return "details_absent" if dice.random() < 0.03 else "rollout"


def _fell_back(
    dice: random.Random, number: int, at_s: float, *, context: bool, extra_s: float
) -> Iterator[dict[str, object]]:
    """Give the rows of a call whose direct attempt fails."""
    cause = dice.choice(CAUSES)
    ids: dict[str, object] = {"unique_tracking_id": f"call-{number}"}
    lost_s = 0.9 if cause == "timeout" else 0.06
    requested, answered, ended = call(
        number,
        at_s + lost_s,
        route="indirect",
        context=context,
        elapsed_s=0.275 + extra_s,
        reason="fell_back",
        attempts=2,
    )
    ended["elapsed_s"] = 0.275 + extra_s + lost_s
    failed = {
        "route": "direct",
        "reason": "preferred",
        "elapsed_s": lost_s,
        "api_status_code": 502 if cause == "server" else None,
        "error_code": cause,
        "token_issuer": "gitlab-ai-gateway",
    }
    yield requested
    yield row("attempt", at_s + lost_s, **ids, **failed)
    yield row("fell_back", at_s + lost_s, **ids, route="indirect", reason="fell_back")
    yield answered
    yield ended


EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"


def hostile() -> Iterator[str]:
    """Give the lines of a log whose every word would like to be a script."""
    for number in range(40):
        rows = call(
            number,
            at_s=60.0 * number,
            route="indirect" if number % 2 else "direct",
            reason=EVIL,
            token_issuer=EVIL if number % 3 else "__proto__",
            error_code=EVIL if number % 4 == 0 else None,
        )
        rows[-1] |= {"model_name": EVIL, "model_engine": '"+alert(1)+"', EVIL: EVIL}
        yield from map(json.dumps, rows)
        yield json.dumps(row(EVIL, 60.0 * number))


def write(path: Path, lines: Iterator[str] | list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
