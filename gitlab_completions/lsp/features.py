"""What a client may ask for: one function for each of the protocol's methods."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gitlab_completions import __version__
from gitlab_completions.editor import Trigger
from gitlab_completions.editor.positions import offset_of
from gitlab_completions.lsp.commands import COMMANDS, execute
from gitlab_completions.lsp.conversation import Code, RefusedError
from gitlab_completions.lsp.items import inline_items, menu_items
from gitlab_completions.lsp.reading import at, mapping, position, text
from gitlab_completions.lsp.server import NAME

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from gitlab_completions.editor import PositionEncoding
    from gitlab_completions.lsp.conversation import Handler, Listener
    from gitlab_completions.lsp.reading import Json
    from gitlab_completions.lsp.server import Server

__all__ = ("attach",)

_INCREMENTAL = 2
_AUTOMATIC = 2
"""The protocol's numbers for edits as they are made, and for a suggestion that nobody
has asked for by hand."""
_OPENING = "([{,:;=.<>+-*/%&|!@#\"'` \t"
"""Behind what a menu is asked for; behind a word, clients ask without being told. More
than the session waits for nothing behind: a menu that is not asked for is empty."""
_NOTHING: dict[str, object] = {"items": []}


def attach(ls: Server) -> None:
    """Have a server answer all of them."""
    ls.handlers["initialize"] = partial(initialize, ls)
    for method, answer in _ANSWERS.items():
        ls.handlers[method] = _in_turn(ls, answer)
    ls.conversation.otherwise = _in_turn(ls, unknown)
    heard: dict[str, Listener] = {
        "initialized": lambda _: ls.introduce(),
        "textDocument/didOpen": ls.opened,
        "textDocument/didChange": ls.changed,
        "textDocument/didClose": ls.closed,
        "window/workDoneProgress/cancel": ls.bars.stop,
        "workspace/didChangeConfiguration": ls.settings_changed,
        "workspace/didChangeWorkspaceFolders": ls.folders_changed,
    }
    for method, hear in heard.items():
        ls.listeners[method] = _once_begun(ls, hear)
    ls.listeners["exit"] = lambda _: ls.over.set()


def _in_turn(
    ls: Server, answer: Callable[[Server, object], Awaitable[object]]
) -> Handler:
    """Return what answers a request, and refuses it before and after its time."""

    async def handle(params: object) -> object:
        if not ls.has_begun:
            raise RefusedError(Code.NOT_INITIALIZED, "initialize comes first")
        if ls.is_shut:
            raise RefusedError(Code.INVALID_REQUEST, "the server was shut down")
        return await answer(ls, params)

    return handle


def _once_begun(ls: Server, hear: Listener) -> Listener:
    """Return what takes a notification in, and passes over those that come early."""
    return lambda params: hear(params) if ls.has_begun else None


async def initialize(ls: Server, params: object) -> dict[str, object]:
    """Get to know the client; say what the server can do."""
    if ls.has_begun:
        raise RefusedError(Code.INVALID_REQUEST, "initialize comes once")
    told = mapping(params)
    ls.begin(told)
    can: dict[str, object] = {
        "positionEncoding": ls.documents.encoding,
        "textDocumentSync": {"openClose": True, "change": _INCREMENTAL},
        "inlineCompletionProvider": {"workDoneProgress": True},
        "executeCommandProvider": {"commands": list(COMMANDS)},
        "workspace": {
            "workspaceFolders": {"supported": True, "changeNotifications": True}
        },
    }
    # Who can show suggestions in the text should not get them in its menu as well.
    if at(told, "capabilities", "textDocument").get("inlineCompletion") is None:
        can["completionProvider"] = {"triggerCharacters": list(_OPENING)}
    return {
        "capabilities": can,
        "serverInfo": {"name": NAME, "version": __version__},
    }


async def inline_completion(ls: Server, params: object) -> dict[str, object]:
    """Suggest what the client shows in the text."""
    found = ls.documents.named(params)
    if found is None:
        return _NOTHING
    told = mapping(params)
    selected = at(told, "context", "selectedCompletionInfo")
    if selected:
        content, offset = _with_selected(found.text, selected, ls.documents.encoding)
        replaced, kept = at(selected, "range"), text(selected.get("text"), "text")
    else:
        content, place = found.text, told.get("position")
        offset = offset_of(content, position(place), ls.documents.encoding)
        replaced, kept = {"start": place, "end": place}, ""
    document = await ls.surroundings.document(found.uri, content, found.language)
    if at(told, "context").get("triggerKind") == _AUTOMATIC:
        suggested = await ls.suggest(document, offset, Trigger.TYPING)
    else:
        suggested = await ls.bars.while_doing(
            ls.suggest(document, offset, Trigger.EXPLICIT),
            message="writing",
            token=told.get("workDoneToken"),
        )
    return inline_items(suggested.items, replaced, kept)


async def completion(ls: Server, params: object) -> dict[str, object]:
    """Suggest what the client shows in its menu: it cannot show it in the text.

    Menus are asked for by typing and by hand in the same words, so it is taken for
    typing: what a person asks for by hand may come after the debounce as well.
    """
    found = ls.documents.named(params)
    if found is None:
        return {"isIncomplete": True, **_NOTHING}
    content, encoding = found.text, ls.documents.encoding
    offset = offset_of(content, position(mapping(params).get("position")), encoding)
    document = await ls.surroundings.document(found.uri, content, found.language)
    suggested = await ls.suggest(document, offset, Trigger.TYPING)
    return menu_items(suggested.items, content, offset, encoding)


async def unknown(ls: Server, params: object) -> None:
    """Refuse what the protocol has, or has not, and this server never answers."""
    del ls, params
    raise RefusedError(Code.METHOD_NOT_FOUND, "there is no such method")


async def shutdown(ls: Server, params: object) -> None:
    """Answer nothing any more; what is left is `exit`."""
    del params
    ls.is_shut = True


_ANSWERS: Mapping[str, Callable[[Server, object], Awaitable[object]]] = {
    "textDocument/inlineCompletion": inline_completion,
    "textDocument/completion": completion,
    "workspace/executeCommand": execute,
    "shutdown": shutdown,
}


def _with_selected(
    content: str, selected: Json, encoding: PositionEncoding
) -> tuple[str, int]:
    """Return the text as it were with the menu's selected item, and the cursor.

    A client shows nothing in the text that does not go on from that item.
    """
    reach, new = at(selected, "range"), text(selected.get("text"), "text")
    start = offset_of(content, position(reach.get("start"), "start"), encoding)
    end = offset_of(content, position(reach.get("end"), "end"), encoding)
    return content[:start] + new + content[max(start, end) :], start + len(new)
