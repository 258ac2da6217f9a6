"""Typing, replayed: when suggestions come by one policy or another, at what cost.

Authors type in virtual time, each at an emulated GitLab with GitLab's latencies: once
with our keystroke logic, once with the reference client's. They are three that are made
up, or whoever made a recording (`editor.Recorder`)::

    from gitlab_completions.editor import EditorPolicy
    from gitlab_completions.replay import replay, write

    compared = replay(
        {"steady": write("steady")}, policy=EditorPolicy(most_wait_s=0.1)
    )

That is how the constants of `EditorPolicy` are chosen, and how yours can be.
"""

from gitlab_completions.replay.authors import AUTHORS, Habits, write
from gitlab_completions.replay.figures import Aim, Comparison, Figures
from gitlab_completions.replay.performance import Latencies, replay
from gitlab_completions.replay.recordings import RecordingError, read_recording
from gitlab_completions.replay.script import Script, Stroke

__all__ = (
    "AUTHORS",
    "Aim",
    "Comparison",
    "Figures",
    "Habits",
    "Latencies",
    "RecordingError",
    "Script",
    "Stroke",
    "read_recording",
    "replay",
    "write",
)
