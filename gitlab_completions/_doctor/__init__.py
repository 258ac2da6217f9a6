"""Finds out why completions do not come: looks first (I/O), judges then (pure).

`examination.py` asks and connects, in the order of what depends on what, and writes
what it sees into a `Chart`. Then one small module for each check reads the chart and
says how it came out; none of them does I/O. What a refusal, a broken exchange or an
availability means is not decided here: the client's own readings of them are used, so
that a diagnosis cannot disagree with the client.
"""
