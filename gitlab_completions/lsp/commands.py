"""What a client may have done by `workspace/executeCommand`.

A wrong argument is told to the client, and does nothing: a suggestion that is no longer
known has been replaced long ago.
"""

from __future__ import annotations

from lsprotocol import types

from gitlab_completions.editor import Part
from gitlab_completions.lsp.board import standing_of
from gitlab_completions.lsp.items import ACCEPT
from gitlab_completions.lsp.progress import with_progress
from gitlab_completions.lsp.server import Server  # noqa: TC001 - pygls looks it up
from gitlab_completions.policy import DirectMode

__all__ = ("attach",)

REJECT = "gitlab-completions.reject"
SHOWN = "gitlab-completions.shown"
EXPLAIN = "gitlab-completions.explain"
SWITCH_DIRECT = "gitlab-completions.switchDirect"
DOCTOR = "gitlab-completions.doctor"


def attach(server: Server) -> None:
    """Register all of them."""
    for name, function in (
        (ACCEPT, accept),
        (REJECT, reject),
        (SHOWN, shown),
        (EXPLAIN, explain),
        (SWITCH_DIRECT, switch_direct),
        (DOCTOR, doctor),
    ):
        server.command(name)(function)


def accept(ls: Server, *arguments: object) -> bool:
    """Take note that the author accepted a suggestion: `[id]` or `[id, part]`."""
    one = ls.offered.get(arguments[0] if arguments else None)
    if one is None or ls.service is None:
        return False
    part = arguments[1] if len(arguments) > 1 else Part.ALL
    ls.service.session.accepted(one, Part(str(part)))
    return True


def reject(ls: Server, *arguments: object) -> bool:
    """Take note that the author turned a suggestion down: `[id]`."""
    one = ls.offered.get(arguments[0] if arguments else None)
    if one is None or ls.service is None:
        return False
    ls.service.session.rejected(one)
    return True


def shown(ls: Server, *arguments: object) -> bool:
    """Take note that a suggestion is on the screen: `[id]`."""
    one = ls.offered.get(arguments[0] if arguments else None)
    if one is None or ls.service is None:
        return False
    ls.service.session.shown(one)
    return True


def explain(ls: Server, *_: object) -> str:
    """Say, and show, where the last suggestion came from, or why there was none."""
    line = ls.explanation()
    ls.tell(line, types.MessageType.Info)
    return line


def switch_direct(ls: Server, *arguments: object) -> dict[str, object] | None:
    """Switch direct `["on"]` or `["off"]`, or over; return how things stand then."""
    service = ls.service
    if service is None:
        return None
    wish = arguments[0] if arguments else None
    on = (
        service.settings.direct is DirectMode.NEVER
        if wish is None
        else wish in ("on", True)
    )
    service.switch_direct(on=on)
    standing = standing_of(service.client.status())
    ls.show(standing)
    return standing.document()


async def doctor(ls: Server, *_: object) -> dict[str, object] | None:
    """Look at all that is between here and a suggestion; show what comes of it."""
    service = ls.service
    if service is None:
        return None
    look = service.client.diagnose(service.settings.project_path)
    found = await with_progress(ls, look, message="looking", token=None)
    cause = found.cause
    if cause is None:
        ls.tell("all is well", types.MessageType.Info)
    else:
        step = f"; {cause.next_step}" if cause.next_step else ""
        ls.tell(f"{cause.finding}{step}", types.MessageType.Warning)
    return found.bundle(host_names=True)
