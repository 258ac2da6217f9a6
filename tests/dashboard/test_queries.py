"""What the panels ask for is what the library measures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import promql_parser
import pytest

from examples.dashboard import panels
from gitlab_completions.errors import ErrorCode
from gitlab_completions.models import RouteReason
from gitlab_completions.otel import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlab_completions.otel.names import Metric

QUERIES = {
    f"{panel.title}, {number}": query
    for panel in panels.read().panels
    for number, query in enumerate(panel.queries)
}
VALUES = {
    "job": ".*",
    "direct": ".+",
    "context": ".*",
    "__range": "30m",
    "__rate_interval": "1m",
}
SUFFIXES = {
    "histogram": ("_bucket", "_count", "_sum"),
    "counter": ("_total",),
    "up_down_counter": ("",),
    "gauge": ("",),
}
UNITS = {"s": "_seconds", "By": "_bytes"}
OF_PROMETHEUS = {"job", "le"}
NOT_SHOWN = {names.FIRST_PIECE, names.EVENTS_DROPPED}
"""Streams are generations, which always go indirect; and of watching itself."""
NEVER = {"gitlab_completions_details_bars_total"}
"""Nothing bars direct on a day without misused tokens."""


def exported(metric: Metric) -> Iterator[str]:
    """What the metric is called after OpenTelemetry's rules for Prometheus."""
    name = metric.name.replace(".", "_") + UNITS.get(metric.unit, "")
    yield from (name + suffix for suffix in SUFFIXES[metric.kind])


def label(attribute: str) -> str:
    return attribute.replace(".", "_")


METRICS = {name: metric for metric in names.METRICS for name in exported(metric)}


def selected(query: panels.Query) -> list[tuple[str, set[str]]]:
    """Every metric that a query names, with the labels that it is chosen by."""
    found: list[tuple[str, set[str]]] = []

    def note(node: promql_parser.Expr) -> bool:
        if isinstance(node, promql_parser.MatrixSelector):
            node = node.vector_selector
        if isinstance(node, promql_parser.VectorSelector):
            labels = {one.name for one in node.matchers.matchers}
            found.append((str(node.name), labels))
        return True

    promql_parser.walk(promql_parser.parse(panels.fill(query.expression, VALUES)), note)
    return found


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_query_names_metrics_and_labels_that_are_exported(
    query: panels.Query,
) -> None:
    asked = selected(query)
    assert asked
    for name, labels in asked:
        known = {label(one) for one in METRICS[name].attributes}
        assert labels <= known | OF_PROMETHEUS


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_series_are_told_apart_by_labels_that_are_exported(query: panels.Query) -> None:
    known = {
        label(one) for name, _ in selected(query) for one in METRICS[name].attributes
    }
    grouped = re.findall(r"by \(([^)]*)\)", query.expression)
    named = {name.strip() for names_ in grouped for name in names_.split(",")}
    assert named <= known | OF_PROMETHEUS
    assert set(re.findall(r"{{(\w+)}}", query.legend)) <= named


def test_only_calls_that_went_to_their_route_at_once_are_compared() -> None:
    """What others waited before, for a route or for a token, is not their route's."""
    compared = [query for query in QUERIES.values() if "reason!~" in query.expression]
    assert len(compared) == 4
    for query in compared:
        left_out = set(re.findall(r'reason!~"([^"]*)"', query.expression))
        (pattern,) = left_out
        kept = {reason for reason in RouteReason if not re.fullmatch(pattern, reason)}
        assert kept == {
            *(RouteReason.PREFERRED, RouteReason.CIRCUIT_OPEN, RouteReason.SLOWER),
            *(RouteReason.BARRED, RouteReason.POLICY, RouteReason.ROLLOUT),
            RouteReason.GENERATION,
        }


def test_what_was_not_to_be_sent_is_no_failure() -> None:
    failures = [
        query for query in QUERIES.values() if 'outcome="error"' in query.expression
    ]
    assert len(failures) == 2
    for query in failures:
        (pattern,) = set(re.findall(r'error_type!~"([^"]*)"', query.expression))
        left_out = {code for code in ErrorCode if re.fullmatch(pattern, code)}
        assert left_out == {ErrorCode.FILE_IGNORED, ErrorCode.CLOSED}


def test_all_that_is_measured_is_shown() -> None:
    asked = {name for query in QUERIES.values() for name, _ in selected(query)}
    shown = {METRICS[name] for name in asked}
    assert shown == set(names.METRICS) - NOT_SHOWN


def test_the_exporter_calls_metrics_what_the_queries_do(short_day: str) -> None:
    there = set(re.findall(r"^(\w+){", short_day, re.MULTILINE))
    asked = {name for query in QUERIES.values() for name, _ in selected(query)}
    assert asked - there == NEVER
