"""The matrix is whole: every sample, every fault, every endpoint, every situation."""

from __future__ import annotations

from collections import Counter

from gitlab_completions.emulator import STREAM_FAULTS, Endpoint, FaultKind
from tests.matrix.facts import Place, Situation, cells
from tests.matrix.statuses import SAMPLES, STATUSES
from tests.matrix.troubles import CONNECTIONS, TROUBLES

ENDPOINTS = {"direct_access", "gateway", "instance"}


def test_every_recorded_answer_is_in_the_matrix() -> None:
    names = {trouble.name.partition(" ")[2] for trouble in STATUSES}
    recorded = {
        path.name.partition(".")[0]
        for path in SAMPLES.glob("*/*.headers.json")
        if path.parent.name != "streams"  # which the matrix does not ask for
    }
    grants = {name for name in recorded if name.startswith("grant-")}
    assert recorded - grants - names == set()


def test_every_fault_of_the_emulator_is_in_the_matrix() -> None:
    struck = set()
    for trouble in (*TROUBLES, *STATUSES):
        endpoint = Endpoint("gateway")
        trouble.strike(endpoint, "https://elsewhere.example.com/")
        assert endpoint.fault is not None
        struck.add(endpoint.fault.kind)
    # What strikes streams spares the whole answers that the matrix asks for.
    assert struck == set(FaultKind) - set(STREAM_FAULTS)


def test_every_fault_of_connections_is_at_every_endpoint() -> None:
    assert all(set(trouble.facts) == ENDPOINTS for trouble in CONNECTIONS)
    assert len(CONNECTIONS) == 12


def test_a_cell_is_there_once() -> None:
    counts = Counter(map(str, cells((*TROUBLES, *STATUSES))))
    assert {name for name, count in counts.items() if count > 1} == set()


def test_places_and_situations_are_crossed() -> None:
    crossed = {(cell.place, cell.situation) for cell in cells(TROUBLES)}
    assert len(crossed) == len(Place) * len(Situation) - 1
    assert (Place.RESTING, Situation.FIRST) not in crossed
