"""A client with several folders and settings of its own, from its side of the pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from lsprotocol import types

from gitlab_completions.testing import FakeGitLab, wait_all_tasks_blocked
from tests.lsp.talking import Talk

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "def add(a, b):\n    "


class Roots:
    """Repositories side by side, and a GitLab that has their projects."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.gitlab = FakeGitLab()
        host = self.gitlab.instance_url.removeprefix("https://")
        for name in ("app", "web", "lib"):
            git = root / name / ".git"
            git.mkdir(parents=True)
            (git / "HEAD").write_text("ref: refs/heads/main\n")
            url = f"git@{host}:team/{name}.git"
            (git / "config").write_text(f'[remote "origin"]\nurl = {url}\n')

    def talk(self, *names: str, **options: object) -> Talk:
        return Talk(
            self.gitlab,
            folders=tuple(self.uri(name) for name in names),
            options={"direct": "never", **options},
            environment={
                "GITLAB_URL": self.gitlab.instance_url,
                "GITLAB_TOKEN": self.gitlab.access_token,
                "GIT_CONFIG_NOSYSTEM": "1",
            },
        )

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    async def sent(self, talk: Talk, name: str) -> dict[str, object]:
        """Ask for a suggestion in a document; return what was sent for it."""
        self.gitlab.instance.requests.clear()
        await talk.suggest(uri=self.uri(name))
        (request,) = self.gitlab.instance.requests
        return cast("dict[str, object]", request.json())


def file_name(sent: dict[str, object]) -> object:
    return cast("dict[str, object]", sent["current_file"])["file_name"]


def context(sent: dict[str, object]) -> list[str]:
    items = cast("list[dict[str, str]]", sent.get("context", []))
    return [item["name"] for item in items]


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    return Roots(tmp_path)


async def test_each_document_goes_with_its_folder(roots: Roots) -> None:
    async with roots.talk("app", "web") as talk:
        for name in ("app/a.py", "app/src/b.py", "web/c.py", "web/src/d.py"):
            talk.open(TEXT, roots.uri(name))
        app = await roots.sent(talk, "app/src/b.py")
        web = await roots.sent(talk, "web/c.py")
    assert (app["project_path"], file_name(app)) == ("team/app", "src/b.py")
    assert (web["project_path"], file_name(web)) == ("team/web", "c.py")
    assert (context(app), context(web)) == (["a.py"], ["src/d.py"])


async def test_folders_that_the_client_opens_and_closes_are_followed(
    roots: Roots,
) -> None:
    async with roots.talk("app", "web") as talk:
        talk.open(TEXT, roots.uri("lib/x.py"))
        talk.open(TEXT, roots.uri("lib/src/y.py"))
        before = await roots.sent(talk, "lib/src/y.py")
        change = types.WorkspaceFoldersChangeEvent(
            added=[types.WorkspaceFolder(uri=roots.uri("lib"), name="lib")],
            removed=[types.WorkspaceFolder(uri=roots.uri("web"), name="web")],
        )
        talk.client.workspace_did_change_workspace_folders(
            types.DidChangeWorkspaceFoldersParams(event=change)
        )
        talk.edit((1, 4), (1, 4), "x", roots.uri("lib/src/y.py"))
        after = await roots.sent(talk, "lib/src/y.py")
    assert (file_name(before), context(before)) == ("y.py", [])
    assert (file_name(after), context(after)) == ("src/y.py", ["x.py"])
    assert before["project_path"] == after["project_path"] == "team/lib"


async def test_an_ignored_file_is_sent_nowhere_and_a_person_can_learn_why(
    roots: Roots,
) -> None:
    (roots.root / "app" / ".gitlabduoignore").write_text("secret*\n")
    async with roots.talk("app", "web") as talk:
        for name in ("app/a.py", "app/secret.py", "web/secret.py"):
            talk.open(TEXT, roots.uri(name))
        assert await talk.suggest(uri=roots.uri("app/secret.py")) == []
        why = await talk.command("explain")
        sent = await roots.sent(talk, "app/a.py")
    assert "ignore" in str(why) or "excluded" in str(why)
    assert context(sent) == []


async def test_a_wrong_setting_is_shown_once_and_the_rest_works(roots: Roots) -> None:
    async with roots.talk("app", candidates="many", openFiles=False) as talk:
        talk.open(TEXT, roots.uri("app/a.py"))
        talk.open(TEXT, roots.uri("app/b.py"))
        sent = await roots.sent(talk, "app/b.py")
        talk.client.workspace_did_change_configuration(
            types.DidChangeConfigurationParams(
                settings={"gitlab-completions": {"candidates": "more"}}
            )
        )
        await wait_all_tasks_blocked()
    assert context(sent) == []
    assert len([line for line in talk.shown if "candidates" in line]) == 1


async def test_settings_that_change_take_effect(roots: Roots) -> None:
    async with roots.talk("app") as talk:
        talk.open(TEXT, roots.uri("app/a.py"))
        for settings in ({"enabled": False}, {"enabled": True}):
            talk.client.workspace_did_change_configuration(
                types.DidChangeConfigurationParams(
                    settings={"gitlab-completions": settings}
                )
            )
            await wait_all_tasks_blocked()
            found = await talk.suggest(uri=roots.uri("app/a.py"))
            assert bool(found) is settings["enabled"]


async def test_a_refused_token_gives_way_and_its_place_is_named(roots: Roots) -> None:
    expired = roots.gitlab.tokens.expired
    async with roots.talk("app", token=expired) as talk:
        talk.open(TEXT, roots.uri("app/a.py"))
        assert await talk.suggest(uri=roots.uri("app/a.py")) != []
    (line,) = [line for line in talk.shown if "refused" in line]
    assert "the setting gitlab-completions.token" in line
    assert expired not in repr(talk.shown)
