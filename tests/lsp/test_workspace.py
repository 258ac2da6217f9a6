"""What surrounds a document, in a workspace of several folders."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.editor.policy import EditorPolicy
from gitlab_completions.errors import ErrorCode, RequestRejectedError
from gitlab_completions.lsp import workspace as module
from gitlab_completions.lsp.configuration import Settings
from gitlab_completions.lsp.ignored_files import IgnoredFiles
from gitlab_completions.lsp.workspace import Workspace
from gitlab_completions.models import CompletionRequest
from gitlab_completions.testing import FakeGitLab

if TYPE_CHECKING:
    from pathlib import Path

    from gitlab_completions.editor.models import Document

URL = "https://gitlab.example.com"
GIT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}


class Roots:
    """Two repositories that are open as two folders of one workspace."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.texts: dict[str, str] = {}
        for name in ("app", "web"):
            git = root / name / ".git"
            git.mkdir(parents=True)
            (git / "HEAD").write_text("ref: refs/heads/main\n")
            remote = (
                f'[remote "origin"]\nurl = git@gitlab.example.com:team/{name}.git\n'
            )
            (git / "config").write_text(remote)
        self.workspace = self.with_settings(Settings(instance_url=URL))

    def with_settings(self, settings: Settings) -> Workspace:
        return Workspace(
            settings,
            text_of=self.texts.get,
            environment=GIT,
            folders=[(self.root / name).as_uri() for name in ("app", "web")],
        )

    def open(self, *names: str) -> None:
        for name in names:
            self.texts[self.uri(name)] = f"# {name}\n"
            self.workspace.opened(self.uri(name), "python")

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    async def document(self, name: str) -> Document:
        return await self.workspace.document(self.uri(name), "x = 1\n", "python")

    async def context(self, name: str) -> list[str]:
        items = await self.workspace.context(await self.document(name))
        return [item.name for item in items]


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    return Roots(tmp_path)


async def test_each_folder_has_its_own_project_names_and_context(roots: Roots) -> None:
    roots.open("app/a.py", "app/src/b.py", "web/a.js", "web/src/c.js")
    app, web = await roots.document("app/a.py"), await roots.document("web/src/c.js")
    assert (app.project_path, app.file_name) == ("team/app", "a.py")
    assert (web.project_path, web.file_name) == ("team/web", "src/c.js")
    assert await roots.context("app/a.py") == ["src/b.py"]
    assert await roots.context("web/a.js") == ["src/c.js"]


async def test_the_documents_text_and_language_are_the_editors(roots: Roots) -> None:
    document = await roots.document("app/a.py")
    assert (document.text, document.language) == ("x = 1\n", "python")
    assert document.uri == roots.uri("app/a.py")


async def test_what_has_no_remote_belongs_to_the_project_that_is_set(
    roots: Roots,
) -> None:
    settings = Settings(instance_url=URL, project_path="team/default")
    roots.workspace.reconfigure(settings)
    outside = await roots.workspace.document("untitled:U", "", None)
    assert (outside.project_path, outside.file_name) == ("team/default", "U")
    assert (await roots.document("loose.py")).project_path == "team/default"
    assert (await roots.document("app/a.py")).project_path == "team/app"


async def test_another_instance_has_other_projects(roots: Roots) -> None:
    assert (await roots.document("app/a.py")).project_path == "team/app"
    roots.workspace.reconfigure(Settings(instance_url="https://other.example.com"))
    assert (await roots.document("app/a.py")).project_path is None


async def test_the_file_that_is_completed_in_was_last_used(roots: Roots) -> None:
    roots.open("app/a.py", "app/b.py", "app/c.py")
    roots.workspace.changed(roots.uri("app/a.py"))
    assert await roots.context("app/c.py") == ["a.py", "b.py"]
    roots.workspace.closed(roots.uri("app/a.py"))
    assert await roots.context("app/b.py") == ["c.py"]


async def test_folders_that_come_and_go_are_heeded(roots: Roots) -> None:
    roots.open("lib/x.py", "lib/y.py")
    assert await roots.context("lib/x.py") == []
    roots.workspace.folders_changed([roots.uri("lib")], [roots.uri("web")])
    assert await roots.context("lib/x.py") == ["y.py"]
    assert (await roots.document("web/src/c.js")).file_name == "c.js"


async def test_ignored_files_are_no_context(roots: Roots) -> None:
    (roots.root / "app" / ".gitlabduoignore").write_text("secret*\n")
    roots.open("app/a.py", "app/secret.py", "web/secret.py", "web/b.py")
    assert await roots.context("app/a.py") == []
    assert await roots.context("web/b.py") == ["secret.py"]


async def test_nothing_is_context_when_a_list_is_not_understood(roots: Roots) -> None:
    (roots.root / "app" / ".gitlabduoignore").write_bytes(b"\xff")
    roots.open("app/a.py", "app/b.py")
    assert await roots.context("app/a.py") == []


async def test_languages_that_are_off_are_no_context_either(roots: Roots) -> None:
    roots.open("app/a.py", "app/b.py")
    roots.workspace.opened(roots.uri("app/b.py"), "dotenv")
    editor = EditorPolicy(languages_off=frozenset({"dotenv"}))
    roots.workspace.reconfigure(Settings(instance_url=URL, editor=editor))
    assert await roots.context("app/a.py") == []


async def test_open_files_can_be_kept_out(roots: Roots) -> None:
    roots.open("app/a.py", "app/b.py")
    roots.workspace.reconfigure(Settings(instance_url=URL, open_files=False))
    assert await roots.context("app/a.py") == []


@pytest.mark.real_time
async def test_a_disk_that_hangs_holds_up_no_keystroke(
    roots: Roots, monkeypatch: pytest.MonkeyPatch
) -> None:
    spinning = threading.Event()

    def hang(ignored: IgnoredFiles, uri: str) -> bool:
        del ignored, uri
        return not spinning.wait(10)

    monkeypatch.setattr(IgnoredFiles, "has", hang)
    monkeypatch.setattr(module, "WAIT_S", 0.001)
    roots.open("app/a.py", "app/b.py")
    assert await roots.context("app/a.py") == []
    spinning.set()


async def test_a_client_sends_nothing_of_an_ignored_file(roots: Roots) -> None:
    (roots.root / "app" / ".gitlabduoignore").write_text("secret*\n")
    roots.open("app/a.py", "app/secret.py")
    gitlab = FakeGitLab("pass")
    async with gitlab.client(ignore=roots.workspace.ignored) as client:
        for name in ("app/secret.py", "app/a.py"):
            document = await roots.document(name)
            request = CompletionRequest(
                file_name=str(document.file_name),
                content_above_cursor=document.text,
                context=await roots.workspace.context(document),
            )
            if name == "app/a.py":
                await client.complete(request)
                continue
            with pytest.raises(RequestRejectedError) as caught:
                await client.complete(request)
            assert caught.value.code is ErrorCode.FILE_IGNORED
    (prompt,) = gitlab.prompts
    assert "secret" not in repr(prompt)


async def test_names_that_are_too_long_or_no_text_fail_no_completion(
    roots: Roots,
) -> None:
    deep = "app/" + "a-long-folder/" * 30
    roots.open(f"{deep}a.py", f"{deep}b.py", "app/c.py")
    odd = f"{roots.uri('app')}/caf%E9.py"
    roots.texts[odd] = "x = 1\n"
    roots.workspace.opened(odd, "python")
    gitlab = FakeGitLab("pass")
    async with gitlab.client(ignore=roots.workspace.ignored) as client:
        document = await roots.document(f"{deep}a.py")
        context = await roots.workspace.context(document)
        request = CompletionRequest(
            file_name=str(document.file_name),
            content_above_cursor=document.text,
            project_path=document.project_path,
            context=context,
        )
        completion = await client.complete(request)
    assert completion.text == "pass"
    assert len(context) == 3
    assert len(gitlab.prompts[0].file_name) <= 255
