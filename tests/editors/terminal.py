"""A terminal in which a test sits before a program, as an author would: tmux's.

What a program does takes its time, so the screen is looked at until it shows what is
waited for; nothing waits for a time to pass.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TMUX = shutil.which("tmux")
COLUMNS, LINES = 72, 14
MOST_LOOKS = 500
PAUSE_S = 0.01


class Terminal:
    """One program on a screen of its own, on a tmux server of its own."""

    def __init__(
        self, words: Sequence[str], *, environment: Mapping[str, str], cwd: Path
    ) -> None:
        self._words = words
        self._environment = environment
        self._cwd = cwd
        # Not pytest's folder: the path of a socket has 107 bytes at most.
        self._folder = tempfile.TemporaryDirectory(prefix="tmux-")

    def __enter__(self) -> Self:
        size = ("-x", str(COLUMNS), "-y", str(LINES))
        command = f"exec {shlex.join(self._words)}"
        self._tmux("new-session", "-d", *size, "-c", str(self._cwd), command)
        return self

    def __exit__(self, *_: object) -> None:
        self._tmux("kill-server", check=False)  # it ends with its last program
        self._folder.cleanup()

    def type(self, text: str) -> None:
        """Type characters, faster than anybody does."""
        self._tmux("send-keys", "-l", "--", text)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names, such as "Tab", "M-Right", "C-y"."""
        self._tmux("send-keys", *keys)

    def screen(self) -> str:
        """Return what stands on the screen, without blanks at its edges."""
        lines = self._tmux("capture-pane", "-p").splitlines()
        return "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"

    def until(
        self, shows: str | Callable[[str], bool], *, pressing: str | None = None
    ) -> str:
        """Look at the screen until it shows something; returns it.

        Args:
            shows: What it must show.
            pressing: A key to press before each look, for what has to be asked for
                until a program is ready to answer.
        """
        screen = ""
        for _ in range(MOST_LOOKS):
            if pressing is not None:
                self.press(pressing)
            screen = self.screen()
            if shows in screen if isinstance(shows, str) else shows(screen):
                return screen
            time.sleep(PAUSE_S)
        raise AssertionError(f"the screen did not come to show {shows!r}:\n{screen}")

    def _tmux(self, *words: str, check: bool = True) -> str:
        assert TMUX is not None
        socket = str(Path(self._folder.name, "socket"))
        ended = subprocess.run(
            [TMUX, "-u", "-f", "/dev/null", "-S", socket, *words],
            capture_output=True,
            check=False,
            env=dict(self._environment),
            text=True,
            timeout=30,
        )
        assert ended.returncode == 0 or not check, ended.stderr
        return ended.stdout
