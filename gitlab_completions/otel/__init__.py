"""Spans and metrics of clients, by OpenTelemetry's API (extra `otel`)."""

__all__ = ()
