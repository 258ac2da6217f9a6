"""What a cell must show, derived from its profile's facts and the verdict tables.

The facts say what each endpoint answers, in GitLab's own order of refusals; the tables
say what that means; and here is how a call goes by it: direct when its details are
good, else indirect, and an error only when the instance's answer is none either.
"""

from __future__ import annotations

from typing import Final

from gitlab_completions import Route, RouteReason
from gitlab_completions._core.verdicts import (
    DIRECT_ACCESS,
    GATEWAY,
    INSTANCE,
    Body,
    Observation,
    Standing,
    decide,
)
from gitlab_completions.emulator.profiles import DirectRefusal, Generation
from tests.versions.facts import CLOUD_FLAG, ITEMS, V4_FLAG, Cell, Column

OK: Final = Observation(status=200, body=Body.GOOD)
_REASONS: Final = {
    Standing.BARRED: RouteReason.BARRED,
    Standing.UNAVAILABLE: RouteReason.DETAILS_ABSENT,
}
_FLAG_UNTIL: Final = (17, 2)
_CLOUD_FROM, _CLOUD_UNTIL = (19, 3), (19, 5)
_MODEL_FROM: Final = (17, 4)


def expect(cell: Cell) -> str:
    """Return what a cell must show."""
    seen = _of_instance(cell)
    route, reason = _way(cell)
    if route is Route.INDIRECT and not decide(INSTANCE, seen).answers:
        return str(cell.column.code)
    return shown(route, reason, *_details(cell, route))


def shown(route: Route, reason: RouteReason, *more: str) -> str:
    """Return how a cell with text is shown."""
    return ", ".join([route.value, reason.value, *more])


def can_answer(cell: Cell) -> bool:
    """Tell whether a route can answer at all, whatever the client makes of it."""
    direct = _refusal_of_direct_access(cell) is None and (
        decide(GATEWAY, _of_gateway(cell)).answers
    )
    return direct or decide(INSTANCE, _of_instance(cell)).answers


def _way(cell: Cell) -> tuple[Route, RouteReason]:
    """Return the route whose answer the caller gets, if there is one."""
    if cell.column is Column.GENERATION:
        return Route.INDIRECT, RouteReason.GENERATION
    refused = _refusal_of_direct_access(cell)
    if refused is not None:
        standing = decide(DIRECT_ACCESS, refused).standing
        return Route.INDIRECT, _REASONS[standing]
    if not decide(GATEWAY, _of_gateway(cell)).answers:
        return Route.INDIRECT, RouteReason.FELL_BACK
    return Route.DIRECT, RouteReason.PREFERRED


def _refusal_of_direct_access(cell: Cell) -> Observation | None:
    """Return how direct access refuses, or grants what is of no use."""
    profile, column = cell.profile, cell.column
    flag_off = column is Column.FLAG_OFF
    if column is Column.OPERATOR_OFF:
        return _refused(404)
    if profile.refusal is DirectRefusal.FLAG_OFF or (
        flag_off and profile.release < _FLAG_UNTIL
    ):
        return _refused(404)
    if profile.refusal is DirectRefusal.ONLINE_LICENCE or column is Column.ADMIN_OFF:
        return _refused(403)
    if column is Column.NO_NAMESPACE and profile.namespace_check:
        return _refused(422)
    has_flag = _CLOUD_FROM <= profile.release < _CLOUD_UNTIL
    has_cloud_flag = has_flag and not profile.self_hosted
    if profile.refusal is DirectRefusal.NO_MODEL or (
        has_cloud_flag and (flag_off or CLOUD_FLAG not in profile.flags_on)
    ):
        return _refused(400)
    if _quota_used_up(cell):
        return _refused(402 if profile.structured_errors else 503)
    if profile.model_details is None and profile.release >= _MODEL_FROM:
        return Observation(status=201, body=Body.GOOD, word="no_model")
    return None


def _of_gateway(cell: Cell) -> Observation:
    """Return what the endpoint of the gateway answers that is asked first."""
    if cell.column is Column.V2_GONE and not cell.profile.model_metadata:
        return _refused(404)
    return OK


def _of_instance(cell: Cell) -> Observation:
    """Return what the instance answers to a completion."""
    if cell.column is Column.OPERATOR_OFF:
        return _refused(404)
    if cell.column is Column.NO_NAMESPACE and cell.profile.namespace_check:
        return _refused(422, "missing_default_duo_group")
    return _refused(402) if _quota_used_up(cell) else OK


def _quota_used_up(cell: Cell) -> bool:
    """Tell whether the gateway asks for credits, and there are none."""
    knows = cell.profile.generation is not Generation.OF_2024_07
    return knows and cell.column is Column.QUOTA


def _details(cell: Cell, route: Route) -> list[str]:
    """Return what is shown beside the route: pieces, or context that got there."""
    profile = cell.profile
    if cell.column.streams:
        # The gateway of 2024-07 ignores `stream`; generations are another endpoint's.
        old = profile.generation is Generation.OF_2024_07
        whole = old and cell.column is Column.STREAMED
        return ["whole" if whole else "in pieces"]
    if cell.column is Column.CONTEXT:
        # v4 heeds the context of language servers, which the client claims to be to
        # the gateway alone.
        lost = route is Route.INDIRECT and V4_FLAG in profile.flags_on
        return [f"{0 if lost else len(ITEMS)} of {len(ITEMS)} items"]
    return []


def _refused(status: int, word: str = "") -> Observation:
    """Return a refusal in JSON."""
    return Observation(status=status, body=Body.JSON, word=word)
