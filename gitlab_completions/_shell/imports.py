"""Imports what most processes never need, off the event loop."""

from __future__ import annotations

import asyncio
import importlib
import sys

from gitlab_completions._exits import seen_out


async def import_off_loop(name: str) -> None:
    """Import a module in a worker thread, unless it has been imported."""
    if name not in sys.modules:
        await asyncio.to_thread(seen_out(importlib.import_module), name)
