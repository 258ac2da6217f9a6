"""Decisions about keystrokes: no I/O, no clock, no randomness; told the time."""
