"""What went to and fro in one attempt, known also when it ends in its midst."""

from __future__ import annotations


class Traffic:
    """Bytes of the bodies that one attempt has sent, and received unpacked."""

    __slots__ = ("received", "sent")

    def __init__(self) -> None:
        self.sent = 0
        self.received = 0
