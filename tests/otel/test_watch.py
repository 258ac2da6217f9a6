"""What one client tells of its routes and its connection details."""

from __future__ import annotations

import pytest
from opentelemetry.context import Context

from gitlab_completions.errors import DirectAccessBarredError
from gitlab_completions.events import (
    AttemptSucceeded,
    CircuitProbed,
    CircuitRecovered,
    CircuitTripped,
    ClockJumped,
    DetailsRefreshed,
    DetailsRefused,
    RouteChosen,
)
from gitlab_completions.models import Route, RouteReason
from gitlab_completions.otel import names
from gitlab_completions.otel._backlog import BACKLOG, Backlog
from gitlab_completions.otel._metrics import Metrics
from gitlab_completions.otel._watch import Watch
from tests.otel.scene import EPOCH_NS, Scene, attributes_of

NOWHERE = Context()
DIRECT, INDIRECT = Route
SECOND_NS = 10**9


class Wall:
    """A clock on the wall."""

    def __init__(self) -> None:
        self.ns = EPOCH_NS

    def __call__(self) -> int:
        return self.ns


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def watch(scene: Scene, wall: Wall) -> Watch:
    metrics = Metrics.of(scene.meter_provider, BACKLOG)
    return Watch(scene.tracer, metrics, BACKLOG, wall)


def granted(*, elapsed_s: float | None = 0.1, shared: bool = False) -> DetailsRefreshed:
    return DetailsRefreshed(
        project_path="group/project",
        lifetime_s=600.0,
        dropped_headers=0,
        shared=shared,
        elapsed_s=elapsed_s,
    )


def refused(*, elapsed_s: float | None) -> DetailsRefused:
    return DetailsRefused(
        project_path="group/project",
        problem=DirectAccessBarredError("no", status_code=403),
        again_in_s=1800.0,
        elapsed_s=elapsed_s,
    )


def test_what_says_nothing_to_spans_and_metrics_is_not_kept(scene: Scene) -> None:
    backlog = Backlog()
    backlog._awake.set()
    metrics = Metrics.of(scene.meter_provider, BACKLOG)
    watch = Watch(scene.tracer, metrics, backlog, Wall())
    watch(RouteChosen(call_id=1, route=DIRECT, reason=RouteReason.PREFERRED))
    assert not backlog._waiting
    watch(CircuitRecovered(route=DIRECT))
    assert len(backlog._waiting) == 1


def test_a_circuit_trips_is_probed_and_recovers(watch: Watch, scene: Scene) -> None:
    for event, state in (
        (CircuitTripped(route=DIRECT, rests_s=1.0), "open"),
        (CircuitProbed(call_id=1, route=DIRECT), "half_open"),
        (CircuitRecovered(route=DIRECT), "closed"),
    ):
        watch(event)
        assert scene.number(names.CIRCUITS, route="direct", state=state) == 1
        assert watch.circuits == {DIRECT: state, INDIRECT: "closed"}


def test_a_rest_that_ends_without_a_word_is_over(
    watch: Watch, wall: Wall, scene: Scene
) -> None:
    watch(CircuitTripped(route=DIRECT, rests_s=2.0))
    wall.ns += SECOND_NS
    assert scene.number(names.CIRCUITS, route="direct", state="open") == 1
    wall.ns += SECOND_NS
    assert scene.number(names.CIRCUITS, route="direct", state="open") == 0
    assert scene.number(names.CIRCUITS, route="direct", state="half_open") == 1
    watch(CircuitTripped(route=DIRECT, rests_s=4.0))
    assert scene.number(names.CIRCUITS, route="direct", state="open") == 1


def test_a_suspend_cuts_a_rest_short(watch: Watch, scene: Scene) -> None:
    watch(CircuitTripped(route=DIRECT, rests_s=30.0))
    watch(ClockJumped())
    assert scene.number(names.CIRCUITS, route="direct", state="half_open") == 1
    assert scene.number(names.CIRCUITS, route="indirect", state="closed") == 1


def test_states_in_which_no_circuit_is_are_told_too(watch: Watch, scene: Scene) -> None:
    """A share of them would else be missing when it is all of them, or none."""
    watch(CircuitTripped(route=DIRECT, rests_s=30.0))
    found = [one for one in scene.readings(names.CIRCUITS) if one.has(route="direct")]
    numbers = {one.attributes["state"]: one.number for one in found}
    assert numbers == {"closed": 0, "open": 1, "half_open": 0}


def test_a_grant_that_another_process_had_is_no_request(
    watch: Watch, scene: Scene
) -> None:
    watch(granted(shared=True))
    [fetch] = scene.finished(names.DETAILS)
    assert attributes_of(fetch)["shared"] is True
    assert "http.request.method" not in attributes_of(fetch)


def test_what_was_heard_and_not_asked_is_no_fetch(watch: Watch, scene: Scene) -> None:
    watch(granted(elapsed_s=None, shared=True))
    assert not scene.finished(names.DETAILS)
    assert not scene.readings(names.DETAILS_DURATION)


def test_a_bar_that_nobody_asked_for_is_counted_apart(
    watch: Watch, scene: Scene
) -> None:
    watch(refused(elapsed_s=None))
    watch(refused(elapsed_s=0.2))
    assert scene.number(names.DETAILS_BARS, error_type="direct_barred") == 1
    assert scene.number(names.DETAILS_DURATION, outcome="refused") == 1
    assert len(scene.finished(names.DETAILS)) == 1


def test_an_attempt_tells_how_old_a_token_is_that_was_granted_unseen(
    watch: Watch, wall: Wall, scene: Scene
) -> None:
    watch(attempt(token_age_s=1000.0))
    wall.ns += 10 * SECOND_NS
    [reading] = scene.readings(names.TOKEN_AGE)
    assert reading.number == 1010
    wall.ns += 3000 * SECOND_NS
    assert not scene.readings(names.TOKEN_AGE)


def attempt(*, token_age_s: float) -> AttemptSucceeded:
    return AttemptSucceeded(
        call_id=1,
        route=DIRECT,
        elapsed_s=0.2,
        status_code=200,
        request_id=None,
        token_age_s=token_age_s,
    )


def test_of_several_projects_the_newest_token_is_told(
    watch: Watch, wall: Wall, scene: Scene
) -> None:
    watch(granted())
    wall.ns += 500 * SECOND_NS
    watch(granted())
    watch(attempt(token_age_s=500.0))  # of the project that was first
    [reading] = scene.readings(names.TOKEN_AGE)
    assert reading.number == 0


def test_a_token_that_another_process_was_granted_is_as_old_as_attempts_say(
    watch: Watch, wall: Wall, scene: Scene
) -> None:
    watch(granted(shared=True))
    assert not scene.readings(names.TOKEN_AGE)
    watch(attempt(token_age_s=200.0))
    [reading] = scene.readings(names.TOKEN_AGE)
    assert reading.number == 200
    wall.ns += 399 * SECOND_NS
    assert scene.readings(names.TOKEN_AGE)
    wall.ns += SECOND_NS
    assert not scene.readings(names.TOKEN_AGE)


def test_a_clock_that_was_set_back_does_not_make_the_next_token_older(
    watch: Watch, wall: Wall, scene: Scene
) -> None:
    watch(granted())
    wall.ns -= 300 * SECOND_NS
    watch(granted())
    [reading] = scene.readings(names.TOKEN_AGE)
    assert reading.number == 0


def test_of_several_clients_the_oldest_token_is_told(
    watch: Watch, wall: Wall, scene: Scene
) -> None:
    watch(granted())
    wall.ns += 100 * SECOND_NS
    metrics = Metrics.of(scene.meter_provider, BACKLOG)
    other = Watch(scene.tracer, metrics, BACKLOG, wall)
    other(granted())
    [reading] = scene.readings(names.TOKEN_AGE)
    assert reading.number == 100
    assert other.token_age_s == 0
