"""Who is counted in a share of the users when nobody has said who it is."""

from __future__ import annotations

import hashlib
import os
import socket

_VARIABLES = ("LOGNAME", "USER", "LNAME", "USERNAME")
"""Where a login stands, in the order in which `getpass.getuser` looks; what it asks
else is a directory service, which may take its time."""
_NOBODY = frozenset({"", "root"})
"""Logins that many people share: those of containers."""


def actor_of_login(root: str) -> str:
    """Return a name for the user of this process at the instance with that URL.

    The same in every process of the user, today and after the access token has been
    renewed, which says nothing of whose it is. A hash, so that what holds it does not
    hold the login; it is sent to nobody.
    """
    login = next((os.environ[name] for name in _VARIABLES if os.environ.get(name)), "")
    if login in _NOBODY:
        login = f"{login}@{socket.gethostname()}"
    text = f"{root.lower()}\n{login}"
    return f"Login:{hashlib.sha256(text.encode(errors='replace')).hexdigest()}"
