"""Bytes: pure functions between models and what goes over the wire."""
