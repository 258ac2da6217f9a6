"""Time and tasks of keystrokes: runs what `editor._core` decides."""
