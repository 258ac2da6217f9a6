"""Time and tasks: what runs the decisions of `_core` on an event loop."""
