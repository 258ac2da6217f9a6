"""Decisions: no I/O, no clock, no randomness, no logging; told the time."""
