"""What a client may ask for: one function for each of the protocol's methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from gitlab_completions.editor import EditorPolicy, Position, Trigger
from gitlab_completions.editor.positions import offset_of
from gitlab_completions.lsp.items import inline_items, menu_items
from gitlab_completions.lsp.progress import with_progress

if TYPE_CHECKING:
    from gitlab_completions.editor import PositionEncoding
    from gitlab_completions.lsp.server import Server

__all__ = ("attach",)


def attach(server: Server) -> None:
    """Register all of them."""
    # Without options pygls would not say that there is inline completion.
    options = types.InlineCompletionOptions()
    server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, options)(inline_completion)
    for method, function in (
        (types.INITIALIZE, initialize),
        (types.INITIALIZED, initialized),
        (types.WORKSPACE_DID_CHANGE_CONFIGURATION, did_change_configuration),
        (types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, did_change_folders),
    ):
        server.feature(method)(function)


def initialize(ls: Server, params: types.InitializeParams) -> None:
    """Get to know the client, before it is told what the server can do."""
    text = params.capabilities.text_document
    if text is None or text.inline_completion is None:
        triggers = sorted(EditorPolicy().trigger_characters)
        options = types.CompletionOptions(trigger_characters=triggers)
        ls.feature(types.TEXT_DOCUMENT_COMPLETION, options)(completion)
    ls.begin(params)


async def initialized(ls: Server, params: types.InitializedParams) -> None:
    """Tell the client how things stand, and ask it for its settings."""
    del params
    workspace = ls.client_capabilities.workspace
    changes = None if workspace is None else workspace.did_change_configuration
    if workspace is not None and workspace.configuration:
        await ls.ask_for_settings()
    await ls.introduce()
    if changes is not None and changes.dynamic_registration:
        await ls.hear_of_settings()


async def did_change_configuration(
    ls: Server, params: types.DidChangeConfigurationParams
) -> None:
    """Take in other settings; a client that lets itself be asked is asked."""
    workspace = ls.client_capabilities.workspace
    if workspace is not None and workspace.configuration:
        await ls.ask_for_settings()
    else:
        ls.set(params.settings)


def did_change_folders(
    ls: Server, params: types.DidChangeWorkspaceFoldersParams
) -> None:
    """Follow the folders that are open."""
    ls.surroundings.folders_changed(
        [folder.uri for folder in params.event.added],
        [folder.uri for folder in params.event.removed],
    )


async def inline_completion(
    ls: Server, params: types.InlineCompletionParams
) -> types.InlineCompletionList:
    """Suggest what the client shows in the text."""
    found = ls.documents.get(params.text_document.uri)
    if found is None:
        return types.InlineCompletionList(items=[])
    text, encoding = found.text, ls.documents.encoding
    selected = params.context.selected_completion_info
    if selected is None:
        replaced, kept = types.Range(params.position, params.position), ""
        offset = offset_of(text, _position(params.position), encoding)
    else:
        replaced, kept = selected.range, selected.text
        text, offset = _with_selected(text, selected, encoding)
    document = await ls.surroundings.document(found.uri, text, found.language)
    if params.context.trigger_kind is types.InlineCompletionTriggerKind.Automatic:
        suggested = await ls.suggest(document, offset, Trigger.TYPING)
    else:
        suggested = await with_progress(
            ls,
            ls.suggest(document, offset, Trigger.EXPLICIT),
            message="writing",
            token=params.work_done_token,
        )
    return inline_items(suggested.items, replaced, kept)


async def completion(
    ls: Server, params: types.CompletionParams
) -> types.CompletionList:
    """Suggest what the client shows in its menu: it cannot show it in the text.

    Menus are asked for by typing and by hand in the same words, so it is taken for
    typing: what a person asks for by hand may come after the debounce as well.
    """
    found = ls.documents.get(params.text_document.uri)
    if found is None:
        return types.CompletionList(is_incomplete=True, items=[])
    text, encoding = found.text, ls.documents.encoding
    offset = offset_of(text, _position(params.position), encoding)
    document = await ls.surroundings.document(found.uri, text, found.language)
    suggested = await ls.suggest(document, offset, Trigger.TYPING)
    return menu_items(suggested.items, text, offset, encoding)


def _position(place: types.Position) -> Position:
    return Position(line=place.line, character=place.character)


def _with_selected(
    text: str, selected: types.SelectedCompletionInfo, encoding: PositionEncoding
) -> tuple[str, int]:
    """Return the text as it were with the menu's selected item, and the cursor.

    A client shows nothing in the text that does not go on from that item.
    """
    start = offset_of(text, _position(selected.range.start), encoding)
    end = offset_of(text, _position(selected.range.end), encoding)
    return text[:start] + selected.text + text[end:], start + len(selected.text)
