"""A file of lines that several processes append to, and that is rotated by its size.

The rotation and the lock that it takes are concurrent-log-handler's. What is ours is
how bytes get into the file: whole batches through a descriptor of their own, so that a
full disk is noticed where it happens, no line is written twice, and a line that a crash
has torn is ended before the next one begins.
"""

from __future__ import annotations

import glob
import logging
import os
import stat
import sys
from pathlib import Path

from concurrent_log_handler import ConcurrentRotatingFileHandler

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
_PRIVATE = 0o600
"""Who may read a file that is made here: its user, whose habits it tells."""


def line_file(path: Path, *, max_bytes: int, backups: int) -> LineFile:
    """Return the file, which is made with its first line.

    Args:
        path: Where; the directory is made when it is missing.
        max_bytes: A file that would get larger is rotated first.
        backups: So many old ones are kept, as `path.1`, `path.2` and so on.
    """
    return LineFile(
        path,
        maxBytes=max_bytes,
        backupCount=backups,
        encoding="ascii",
        keep_file_open=False,
    )


class LineFile(ConcurrentRotatingFileHandler):
    """Appends lines to a file, in any number of processes.

    It is opened for each batch, and nothing is held between two of them: so another
    process can rotate it, on Windows too, and a fork inherits nothing.
    """

    _written = 0
    _problem: BaseException | None = None

    def append(self, lines: bytes) -> tuple[int, BaseException | None]:
        """Append lines; return the bytes of those that got in, and what failed.

        It waits while another process writes.
        """
        self._written, self._problem = 0, None
        self.emit(logging.makeLogRecord({"msg": lines.decode("ascii")}))
        return self._written, self._problem

    def emit(self, record: logging.LogRecord) -> None:
        """Write a batch under the lock, rotated before if there is no room for it."""
        try:
            Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            self.handleError(record)
        else:
            super().emit(record)

    def format(self, record: logging.LogRecord) -> str:
        """Return the batch as it is."""
        return str(record.msg)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Keep what was raised for who appends."""
        self._problem = sys.exc_info()[1]

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802
        """Tell whether the batch would make the file too large; an empty one takes it.

        What is no file is never renamed: a directory, or the terminal.
        """
        path = Path(self.baseFilename)
        if not path.exists():
            _take_up_again(path)
        try:
            found = path.stat()
        except FileNotFoundError:
            return False
        grown = found.st_size + len(str(record.msg))
        is_begun = stat.S_ISREG(found.st_mode) and found.st_size > 0
        return is_begun and grown > self.maxBytes

    def do_write(self, msg: str) -> None:
        """Write lines behind whole ones, and count those that got in."""
        lines = msg.encode("ascii")
        descriptor = os.open(self.baseFilename, _FLAGS, _PRIVATE)
        try:
            if _is_torn(descriptor):
                os.write(descriptor, b"\n")
            done = 0
            try:
                while done < len(lines):
                    done += os.write(descriptor, lines[done:])
            finally:
                self._written = lines.rfind(b"\n", 0, done) + 1
        finally:
            os.close(descriptor)


def _take_up_again(path: Path) -> None:
    """Put back the file whose rotation a crash has ended, if there is one.

    The first thing that a rotation does is to give it a name that nobody looks for.
    """
    for left in path.parent.glob(f"{glob.escape(path.name)}.rotate.*"):
        left.rename(path)
        return


def _is_torn(descriptor: int) -> bool:
    """Tell whether a file ends in the midst of a line; a pipe has no end to look at."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return False
    if os.lseek(descriptor, 0, os.SEEK_END) == 0:
        return False
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) != b"\n"
