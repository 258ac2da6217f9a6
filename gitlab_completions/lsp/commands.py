"""What a client may have done by `workspace/executeCommand`.

A suggestion that is no longer known has been replaced long ago: nothing is done then,
and the answer is `false`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions.editor import Part
from gitlab_completions.lsp.board import standing_of
from gitlab_completions.lsp.conversation import Code, RefusedError
from gitlab_completions.lsp.herald import Weight
from gitlab_completions.lsp.items import ACCEPT
from gitlab_completions.lsp.reading import items, mapping, text
from gitlab_completions.policy import DirectMode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from typing import TypeAlias

    from gitlab_completions.editor import Suggestion
    from gitlab_completions.lsp.server import Server
    from gitlab_completions.lsp.service import Service

    Arguments: TypeAlias = Sequence[object]

__all__ = ("COMMANDS", "execute")


async def execute(ls: Server, params: object) -> object:
    """Do what a command says; return what comes of it."""
    told = mapping(params)
    command = COMMANDS.get(text(told.get("command"), "command"))
    if command is None:
        raise RefusedError(Code.INVALID_PARAMS, "there is no such command")
    return await command(ls, items(told.get("arguments"), "arguments"))


async def accept(ls: Server, arguments: Arguments) -> object:
    """Take note that the author accepted a suggestion: `[id]` or `[id, part]`."""
    service, one = _known(ls, arguments)
    if service is None or one is None:
        return False
    service.session.accepted(one, _part(arguments[1]) if arguments[1:] else Part.ALL)
    return True


async def reject(ls: Server, arguments: Arguments) -> object:
    """Take note that the author turned a suggestion down: `[id]`."""
    service, one = _known(ls, arguments)
    if service is None or one is None:
        return False
    service.session.rejected(one)
    return True


async def shown(ls: Server, arguments: Arguments) -> object:
    """Take note that a suggestion is on the screen: `[id]`."""
    service, one = _known(ls, arguments)
    if service is None or one is None:
        return False
    service.session.shown(one)
    return True


async def explain(ls: Server, arguments: Arguments) -> object:
    """Say, and show, where the last suggestion came from, or why there was none."""
    del arguments
    line = ls.explanation()
    ls.herald.tell(line, Weight.INFO)
    return line


async def switch_direct(ls: Server, arguments: Arguments) -> object:
    """Switch direct `["on"]` or `["off"]`, or over; return how things stand then."""
    service = ls.service
    if service is None:
        return None
    is_off = service.settings.direct is DirectMode.NEVER
    service.switch_direct(on=_on(arguments[0]) if arguments else is_off)
    standing = standing_of(service.client.status())
    ls.herald.show(standing)
    return standing.document()


async def doctor(ls: Server, arguments: Arguments) -> object:
    """Look at all that is between here and a suggestion; show what comes of it."""
    del arguments
    service = ls.service
    if service is None:
        ls.herald.tell(ls.explanation(), Weight.WARNING)
        return None
    look = service.client.diagnose(service.settings.project_path)
    found = await ls.bars.while_doing(look, message="looking", token=None)
    cause = found.cause
    if cause is None:
        ls.herald.tell("all is well", Weight.INFO)
    else:
        step = f"; {cause.next_step}" if cause.next_step else ""
        ls.herald.tell(f"{cause.finding}{step}", Weight.WARNING)
    return found.bundle(host_names=True)


COMMANDS: Mapping[str, Callable[[Server, Arguments], Awaitable[object]]] = {
    ACCEPT: accept,
    "gitlab-completions.reject": reject,
    "gitlab-completions.shown": shown,
    "gitlab-completions.explain": explain,
    "gitlab-completions.switchDirect": switch_direct,
    "gitlab-completions.doctor": doctor,
}


def _known(
    ls: Server, arguments: Arguments
) -> tuple[Service | None, Suggestion | None]:
    return ls.service, ls.offered.get(arguments[0] if arguments else None)


def _part(value: object) -> Part:
    try:
        return Part(text(value, "part"))
    except ValueError:
        right = ", ".join(Part)
        raise RefusedError(Code.INVALID_PARAMS, f"part must be of {right}") from None


def _on(value: object) -> bool:
    if text(value, "direct") not in {"on", "off"}:
        raise RefusedError(Code.INVALID_PARAMS, "direct is switched on or off")
    return value == "on"
