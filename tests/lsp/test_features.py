"""What a client may ask for, asked by pytest-lsp's client in virtual time."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, cast

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from gitlab_completions.editor import EditorSession
from gitlab_completions.lsp import progress
from gitlab_completions.lsp.conversation import RefusedError
from gitlab_completions.lsp.features import initialize
from gitlab_completions.lsp.running import make_server
from gitlab_completions.testing import FakeGitLab, wait_all_tasks_blocked
from tests.lsp.talking import (
    AT_END,
    AUTOMATIC,
    TEXT,
    URI,
    Talk,
    capabilities,
)

if TYPE_CHECKING:
    from pathlib import Path

CANCELLED, INVALID = -32800, -32602
NOT_INITIALIZED, INVALID_REQUEST, METHOD_NOT_FOUND = -32002, -32600, -32601
COMMENT = "# Add up a list\n\n"
OTHER = "file:///work/other.py"
NO_INLINE = {"inlineCompletion": None}
BELOW_COMMENT = types.Position(line=1, character=0)


async def test_a_client_is_suggested_what_comes_next() -> None:
    async with Talk() as talk:
        talk.open()
        (item,) = await talk.suggest()
    assert item.insert_text == "return a + b"
    assert item.range == types.Range(AT_END, AT_END)
    assert item.command is not None
    assert item.command.command == "gitlab-completions.accept"


async def test_typing_is_suggested_to_as_well() -> None:
    async with Talk() as talk:
        talk.open()
        assert await talk.texts(kind=AUTOMATIC) == ["return a + b"]


async def test_nothing_is_suggested_in_a_document_that_is_not_open() -> None:
    async with Talk() as talk:
        assert await talk.texts() == []
        talk.open()
        talk.close()
        assert await talk.texts() == []


@pytest.mark.parametrize(
    ("encodings", "chosen"),
    [
        ((), "utf-16"),
        (("utf-32", "utf-16"), "utf-32"),
        (("utf-8",), "utf-8"),
    ],
)
async def test_positions_count_what_the_client_likes_best(
    encodings: tuple[str, ...], chosen: str
) -> None:
    liked = tuple(types.PositionEncodingKind(each) for each in encodings)
    async with Talk(client=capabilities(encodings=liked)) as talk:
        told = talk.result.capabilities.position_encoding
        text = "names = ['😀', 'é', "
        talk.open(text)
        sizes = {each: len(text.encode(each)) for each in ("utf-8",)}
        sizes |= {"utf-16": len(text) + 1, "utf-32": len(text)}
        at = types.Position(line=0, character=sizes[chosen])
        talk.edit((0, sizes[chosen]), (0, sizes[chosen]), "x")
        await wait_all_tasks_blocked()
        assert talk.server.documents.text_of(URI) == f"{text}x"
        await talk.suggest(at)
    assert told == chosen
    assert talk.gitlab.prompts[-1].above == text


async def test_edits_land_below_what_only_python_takes_for_a_line_end() -> None:
    odd = "\f\v\x1c\x85\u2028\u2029"
    async with Talk() as talk:
        talk.open(f"one{odd}two\nthree\r\nfour\rfive")
        talk.edit((1, 0), (1, 5), "3")
        talk.edit((3, 4), (3, 4), "!")
        await wait_all_tasks_blocked()
        text = talk.server.documents.text_of(URI)
    assert text == f"one{odd}two\n3\r\nfour\rfive!"


async def test_a_suggestion_is_for_the_document_as_it_was_when_it_was_asked_for() -> (
    None
):
    async with Talk() as talk:
        talk.open("a = [\n")
        first = asyncio.create_task(talk.suggest(types.Position(1, 0)))
        await asyncio.sleep(0)
        talk.edit((0, 0), (1, 0), "b = {\n")
        await first
    assert talk.gitlab.prompts[0].above == "a = [\n"


async def test_a_newer_request_leaves_the_older_one_without_suggestions() -> None:
    async with Talk() as talk:
        talk.gitlab.gateway.delay(5)
        talk.gitlab.instance.delay(5)
        talk.open()
        older = asyncio.create_task(talk.suggest(kind=AUTOMATIC))
        await talk.until(lambda: talk.gitlab.in_flight > 0)
        talk.edit((1, 4), (1, 4), "x = ")
        assert await talk.texts(types.Position(1, 8)) == ["return a + b"]
        assert await older == []


async def test_a_request_that_is_cancelled_is_answered_and_the_next_one_too() -> None:
    async with Talk() as talk:
        talk.open()
        talk.gitlab.gateway.delay(5)
        asked = asyncio.create_task(talk.suggest(kind=AUTOMATIC))
        await wait_all_tasks_blocked()
        (identity,) = talk.client.protocol._request_futures
        talk.client.cancel_request(types.CancelParams(id=identity))
        with pytest.raises(JsonRpcException) as refused:
            await asked
        assert refused.value.code == CANCELLED
        assert await talk.texts() == ["return a + b"]


async def test_a_request_that_crashes_ends_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def crash(*_: object) -> object:
        raise RuntimeError(TEXT)

    async with Talk() as talk:
        talk.open()
        with monkeypatch.context() as patched:
            patched.setattr(EditorSession, "suggest", crash)
            with pytest.raises(JsonRpcException) as refused:
                await talk.suggest()
        assert await talk.texts() == ["return a + b"]
    assert TEXT not in str(refused.value.message)


async def test_before_its_beginning_and_after_its_end_nothing_is_answered() -> None:
    talk = Talk()
    method = "textDocument/inlineCompletion"
    for each in (method, "unknown/method", "shutdown"):
        assert await talk.refused(each, {}) == NOT_INITIALIZED
    async with talk:
        assert await talk.refused("initialize", {}) == INVALID_REQUEST
        assert await talk.refused("$/unknown", {}) == METHOD_NOT_FOUND
        await talk.client.shutdown_async(None)
        for each in (method, "unknown/method", "shutdown", "initialize"):
            assert await talk.refused(each, {}) == INVALID_REQUEST
        talk.client.exit(None)
        await talk.server.over.wait()
    assert talk.server.exit_code == 0


async def test_a_client_may_leave_after_a_shutdown_without_saying_exit() -> None:
    async with Talk() as talk:
        await talk.client.shutdown_async(None)
        talk.to_server.feed_eof()
        await talk.server.over.wait()
    assert talk.server.exit_code == 0


async def test_a_client_that_leaves_without_a_word_ends_the_server() -> None:
    async with Talk() as talk:
        talk.to_server.feed_eof()
        await talk.server.over.wait()
    assert talk.server.exit_code == 1


async def test_capabilities_that_are_none_count_as_absent() -> None:
    server = make_server({})
    said = await initialize(server, {"capabilities": {"textDocument": NO_INLINE}})
    can = cast("dict[str, object]", said["capabilities"])
    assert "completionProvider" in can
    await server.aclose()


async def test_an_initialize_that_cannot_be_read_may_be_said_again() -> None:
    server = make_server({})
    unread: tuple[object, ...] = (
        [],
        {"capabilities": {"general": {"positionEncodings": "utf-8"}}},
    )
    for wrong in unread:
        with pytest.raises(RefusedError):
            await initialize(server, wrong)
    liked: list[object] = [[], None, "ebcdic", "utf-8"]
    odd = {"general": {"positionEncodings": liked}}
    said = await initialize(server, {"capabilities": odd})
    can = cast("dict[str, object]", said["capabilities"])
    assert can["positionEncoding"] == "utf-8"
    await server.aclose()


async def test_malformed_requests_are_refused_and_the_next_one_answered() -> None:
    named = {"textDocument": {"uri": URI}}
    malformed: tuple[object, ...] = (
        None,
        {},
        {"textDocument": {"uri": 1}},
        {**named, "position": {"line": -1, "character": 0}},
        {**named, "position": 3},
    )
    async with Talk() as talk:
        talk.open()
        for params in malformed:
            code = await talk.refused("textDocument/inlineCompletion", params)
            assert code == INVALID
        assert await talk.texts() == ["return a + b"]


async def test_what_stands_selected_in_a_menu_is_gone_on_from() -> None:
    async with Talk() as talk:
        talk.open("import os\nos.pa")
        reach = types.Range(types.Position(1, 3), types.Position(1, 5))
        chosen = types.SelectedCompletionInfo(range=reach, text="path")
        talk.gitlab.text = ".join(a, b)"
        (item,) = await talk.suggest(types.Position(1, 5), selected=chosen)
    assert (item.insert_text, item.range) == ("path.join(a, b)", reach)
    assert talk.gitlab.prompts[-1].above == "import os\nos.path"


class TestMenus:
    async def test_a_client_with_inline_completion_gets_no_menu_items(self) -> None:
        async with Talk() as talk:
            assert talk.result.capabilities.completion_provider is None

    async def test_another_asks_behind_blanks_and_operators_too(self) -> None:
        async with Talk(client=capabilities(inline=False)) as talk:
            provider = talk.result.capabilities.completion_provider
        assert provider is not None
        assert {" ", "(", "*"} <= set(provider.trigger_characters or ())

    async def test_another_gets_an_item_that_replaces_the_word_by_itself(self) -> None:
        async with Talk(client=capabilities(inline=False)) as talk:
            assert talk.result.capabilities.completion_provider is not None
            talk.open("import os\nos.pa")
            talk.gitlab.text = "th.join(\n    a, b)"
            found = await talk.client.text_document_completion_async(
                types.CompletionParams(
                    text_document=types.TextDocumentIdentifier(URI),
                    position=types.Position(1, 5),
                )
            )
            assert isinstance(found, types.CompletionList)
            (item,) = found.items
        assert found.is_incomplete
        assert item.label == "path.join(…"
        assert item.filter_text == "path.join("
        assert item.text_edit == types.TextEdit(
            types.Range(types.Position(1, 3), types.Position(1, 5)),
            "path.join(\n    a, b)",
        )
        assert item.preselect
        assert item.insert_text_mode is types.InsertTextMode.AsIs

    async def test_nothing_is_offered_in_a_document_that_is_not_open(self) -> None:
        async with Talk(client=capabilities(inline=False)) as talk:
            found = await talk.client.text_document_completion_async(
                types.CompletionParams(
                    text_document=types.TextDocumentIdentifier(URI),
                    position=types.Position(1, 5),
                )
            )
        assert isinstance(found, types.CompletionList)
        assert found.items == ()


class TestProgress:
    async def test_a_long_generation_is_shown_to_go_on(self) -> None:
        async with Talk(client=capabilities(progress=True)) as talk:
            talk.open(COMMENT)
            talk.gitlab.instance.delay(8)
            assert await talk.suggest(BELOW_COMMENT)
            await wait_all_tasks_blocked()
            (reports,) = talk.client.progress_reports.values()
        began, ended = cast("list[object]", reports)
        assert isinstance(began, types.WorkDoneProgressBegin)
        assert began.cancellable
        assert isinstance(ended, types.WorkDoneProgressEnd)
        assert b'"intent":"generation"' in talk.gitlab.instance.requests[-1].body

    async def test_what_is_quick_shows_no_bar(self) -> None:
        async with Talk(client=capabilities(progress=True)) as talk:
            talk.open()
            assert await talk.suggest()
            assert talk.client.progress_reports == {}

    async def test_a_bar_that_the_client_has_made_is_used(self) -> None:
        async with Talk() as talk:
            talk.client.progress_reports["mine"] = []
            talk.open(COMMENT)
            talk.gitlab.instance.delay(8)
            assert await talk.suggest(BELOW_COMMENT, token="mine")
            await wait_all_tasks_blocked()
            assert len(talk.client.progress_reports["mine"]) == 2

    async def test_two_that_the_client_names_alike_are_one(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with Talk() as talk:
            talk.client.progress_reports["mine"] = []
            talk.gitlab.instance.delay(8)
            for uri in (URI, OTHER):
                talk.open(COMMENT, uri=uri)
            asked = (
                talk.suggest(BELOW_COMMENT, uri=uri, token="mine")
                for uri in (URI, OTHER)
            )
            assert all(await asyncio.gather(*asked))
            await wait_all_tasks_blocked()
            assert len(talk.client.progress_reports["mine"]) == 2
        gc.collect()
        assert "never retrieved" not in caplog.text

    async def test_a_client_without_bars_waits_without_one(self) -> None:
        async with Talk() as talk:
            talk.open(COMMENT)
            talk.gitlab.instance.delay(8)
            assert await talk.suggest(BELOW_COMMENT)
            assert talk.client.progress_reports == {}

    async def test_a_client_that_makes_no_bar_is_not_told_of_one(self) -> None:
        async with Talk(client=capabilities(progress=True)) as talk:
            del talk.client.protocol.fm.features["window/workDoneProgress/create"]
            talk.open(COMMENT)
            talk.gitlab.instance.delay(8)
            assert await talk.suggest(BELOW_COMMENT)
            assert talk.client.progress_reports == {}

    async def test_stopping_what_is_over_stops_nothing(self) -> None:
        async with Talk(client=capabilities(progress=True)) as talk:
            talk.client.window_work_done_progress_cancel(
                types.WorkDoneProgressCancelParams(token="gone")
            )
            talk.open()
            assert await talk.suggest()

    async def test_a_person_can_stop_it(self) -> None:
        async with Talk(client=capabilities(progress=True)) as talk:
            talk.open(COMMENT)
            talk.gitlab.instance.delay(30)
            asked = asyncio.create_task(talk.suggest(BELOW_COMMENT))
            await asyncio.sleep(2 * progress.LATE_S)
            (token,) = talk.client.progress_reports
            talk.client.window_work_done_progress_cancel(
                types.WorkDoneProgressCancelParams(token=token)
            )
            with pytest.raises(JsonRpcException) as refused:
                await asked
        assert refused.value.code == CANCELLED


class TestFolders:
    async def test_each_file_belongs_to_the_project_of_its_folders_remote(
        self, tmp_path: Path
    ) -> None:
        gitlab = FakeGitLab()
        for name in ("one", "two"):
            git = tmp_path / name / ".git"
            git.mkdir(parents=True)
            (git / "HEAD").write_text("ref: refs/heads/main\n")
            url = f"{gitlab.instance_url}/group/{name}.git"
            (git / "config").write_text(f'[remote "origin"]\n\turl = {url}\n')
        folders = tuple((tmp_path / name).as_uri() for name in ("one", "two"))
        async with Talk(gitlab, folders=folders[:1], environment=None) as talk:
            added = types.WorkspaceFolder(uri=folders[1], name="two")
            talk.client.workspace_did_change_workspace_folders(
                types.DidChangeWorkspaceFoldersParams(
                    types.WorkspaceFoldersChangeEvent(added=[added], removed=[])
                )
            )
            for folder in folders:
                talk.open(uri=f"{folder}/calc.py")
                assert await talk.suggest(uri=f"{folder}/calc.py")
        asked = b"".join(one.body for one in gitlab.direct_access.requests)
        assert b'"group/one"' in asked
        assert b'"group/two"' in asked

    async def test_the_other_open_files_of_a_folder_are_sent_along(
        self, tmp_path: Path
    ) -> None:
        folder = tmp_path.as_uri()
        async with Talk(folders=(folder,)) as talk:
            talk.open("def mean(of): ...\n", uri=f"{folder}/lib/stats.py")
            talk.open(uri=f"{folder}/calc.py")
            assert await talk.suggest(uri=f"{folder}/calc.py")
        sent = talk.gitlab.gateway.requests[-1].body
        assert b"lib/stats.py" in sent
        assert b"def mean" in sent
        assert bytes(tmp_path) not in sent
