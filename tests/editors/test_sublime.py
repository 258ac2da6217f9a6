"""The plugin for Sublime Text shows ghost text, over the emulator's GitLab."""

from __future__ import annotations

import sys
from functools import partial
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from anyio.from_thread import start_blocking_portal

from gitlab_completions.emulator import Emulator
from gitlab_completions.policy import RoutingPolicy
from gitlab_completions.sync import SyncCompletionClient
from gitlab_completions.testing import FakeGitLab
from tests.editors.sublime_text import SublimeText, ghost, sublime_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sublime

pytestmark = pytest.mark.real_time

ABOVE = "def add(first, second):\n    "
SUGGESTED = "return first + second"


@pytest.fixture
def gitlab(monkeypatch: pytest.MonkeyPatch) -> FakeGitLab:
    gitlab = FakeGitLab(SUGGESTED)
    monkeypatch.setenv("GITLAB_URL", gitlab.instance_url)
    monkeypatch.setenv("GITLAB_TOKEN", gitlab.access_token)
    return gitlab


@pytest.fixture
def editor(
    gitlab: FakeGitLab, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SublimeText]:
    with sublime_text(monkeypatch) as editor:
        # A second request for what is slow would be the machine's doing, not ours.
        policy = RoutingPolicy(hedge=None)
        in_memory = partial(SyncCompletionClient, sender=gitlab, policy=policy)
        connection = sys.modules["GitLabCompletions.connection"]
        monkeypatch.setattr(connection, "SyncCompletionClient", in_memory)
        yield editor


def explained(view: sublime.View) -> str:
    view.run_command("gitlab_completions_explain")
    window = view.window()
    assert window is not None
    return window.messages[-1]


def shown(editor: SublimeText, text: str = ABOVE) -> sublime.View:
    """A file in which the author has stopped, and sees a suggestion."""
    view = editor.open(text[:-1])
    view.type(text[-1])
    editor.app.run_until(lambda: ghost(view))
    return view


def is_asking(editor: SublimeText, view: sublime.View) -> bool:
    return editor.plugin.author_of(view)._pending is not None


def sent(gitlab: FakeGitLab) -> int:
    return len(gitlab.gateway.requests) + len(gitlab.instance.requests)


def test_ghost_text_is_shown_and_tab_accepts_it(
    editor: SublimeText, gitlab: FakeGitLab
) -> None:
    view = shown(editor)
    gitlab.text = ""
    assert ghost(view) == SUGGESTED
    assert view.text == ABOVE
    assert editor.press(view, "tab")
    assert view.text == ABOVE + SUGGESTED
    editor.app.run_due()
    assert not ghost(view)


def test_a_burst_of_keys_sends_one_request(
    editor: SublimeText, gitlab: FakeGitLab
) -> None:
    view = editor.open(ABOVE)
    for key in "return":
        view.type(key)
    gitlab.text = " first"
    editor.app.run_until(lambda: ghost(view))
    assert ghost(view) == " first"
    assert sent(gitlab) == 1


def test_tab_is_a_tab_where_nothing_is_shown_and_the_menus_where_it_is_open(
    editor: SublimeText,
) -> None:
    assert not editor.press(editor.open(ABOVE), "tab")
    view = shown(editor)
    view.menu_is_open = True
    assert not editor.press(view, "tab")


def test_what_is_typed_along_costs_nothing_and_what_is_not_ends_it(
    editor: SublimeText, gitlab: FakeGitLab
) -> None:
    view = shown(editor)
    for key in "ret":
        view.type(key)
        editor.app.run_due()
    assert ghost(view) == SUGGESTED.removeprefix("ret")
    view.type("!")
    assert not editor.press(view, "tab")  # before it is drawn anew, too
    editor.app.run_until(lambda: not ghost(view))
    view.backspace()
    editor.app.run_until(lambda: ghost(view))
    assert ghost(view) == SUGGESTED.removeprefix("ret")
    assert sent(gitlab) == 1


def test_a_bracket_that_the_editor_closes_is_not_doubled(
    editor: SublimeText, gitlab: FakeGitLab
) -> None:
    gitlab.text = "sum([first, second])"
    view = shown(editor)
    for key, closer in (*(("s", ""), ("u", ""), ("m", "")), ("(", ")"), ("[", "]")):
        view.type(key, closer)
        editor.app.run_due()
    assert ghost(view) == "first, second"
    assert editor.press(view, "tab")
    assert view.text == f"{ABOVE}sum([first, second])"
    assert sent(gitlab) == 1


def test_an_edit_below_the_cursor_ends_a_suggestion(
    editor: SublimeText, gitlab: FakeGitLab
) -> None:
    view = editor.open(f"{ABOVE}\n\nprint(add(1, 2))")
    view.put_cursor(len(ABOVE) - 1)
    gitlab.text = f" {SUGGESTED}"
    view.run_command("gitlab_completions_suggest")
    editor.app.run_until(lambda: ghost(view))
    gitlab.text = ""
    view.replace_text(len(view.text), len(view.text), "\n")
    editor.app.run_until(lambda: not ghost(view))


def test_a_suggestion_is_gone_where_the_cursor_is_not(editor: SublimeText) -> None:
    view = shown(editor)
    view.put_cursor(3)
    assert not editor.press(view, "tab")  # before it is taken away, too
    editor.app.run_due()
    assert not ghost(view)
    assert not editor.press(view, "tab")


def test_nothing_is_asked_where_the_author_has_not_typed(editor: SublimeText) -> None:
    view = editor.open(ABOVE)
    view.type("r")
    editor.app.run_until(lambda: editor.plugin.author_of(view)._seen)
    view.put_cursor(ABOVE.index("\n"))
    editor.app.run_due()
    assert not is_asking(editor, view)


def test_several_cursors_get_nothing(editor: SublimeText) -> None:
    view = editor.open(ABOVE)
    view.put_cursor(3, 5)
    view.replace_text(0, 0, "#")
    editor.app.run_due()
    assert not is_asking(editor, view)


@pytest.mark.parametrize("element", ["find:input", "output:output", None])
def test_what_is_no_file_of_the_authors_is_not_sent(
    editor: SublimeText, gitlab: FakeGitLab, element: str | None
) -> None:
    view = editor.open(ABOVE)
    view.element_of, view.read_only = element, element is None
    view.type("r")
    view.run_command("gitlab_completions_suggest")
    editor.app.run_due()
    assert not is_asking(editor, view)
    assert not gitlab.prompts


@pytest.mark.parametrize("part", ["word", "line"])
def test_part_after_part_is_the_whole(
    editor: SublimeText, gitlab: FakeGitLab, part: str
) -> None:
    whole = gitlab.text = "both = (\n        first, second\n    )\n    return both"
    view = shown(editor)
    gitlab.text, accepted = "", 0
    while ghost(view):
        view.run_command("gitlab_completions_accept", {"part": part})
        editor.app.run_due()
        accepted += 1
    assert view.text == ABOVE + whole
    assert accepted > 3


def test_lines_are_drawn_below_and_nothing_in_them_is_markup(
    editor: SublimeText, gitlab: FakeGitLab
) -> None:
    gitlab.text = "if first < 1 & second:\n        return '<b>'"
    view = shown(editor)
    inline, below = view.phantoms["gitlab_completions"]
    assert "if&nbsp;first&nbsp;&lt;&nbsp;1&nbsp;&amp;&nbsp;second:" in inline.content
    assert "<b>" not in below.content
    assert inline.layout is not below.layout


def test_a_newer_key_supersedes_a_call_under_way(
    editor: SublimeText, gitlab: FakeGitLab
) -> None:
    editor.plugin.connection.open().warm_up().result()
    gitlab.gateway.hang(times=1)
    view = editor.open(ABOVE)
    view.type("r")
    editor.app.run_until(lambda: gitlab.gateway.requests)
    gitlab.text = "turn first"
    view.type("e")
    editor.app.run_until(lambda: ghost(view))
    assert ghost(view) == "turn first"
    assert editor.plugin.connection.open().status().counts["superseded"] == 1


def test_escape_hides_a_suggestion(editor: SublimeText) -> None:
    view = shown(editor)
    assert editor.press(view, "escape")
    editor.app.run_until(lambda: not ghost(view))
    assert not editor.press(view, "escape")


def test_what_is_asked_for_comes_in_the_midst_of_a_word(
    editor: SublimeText, gitlab: FakeGitLab
) -> None:
    gitlab.text = "_all"
    view = editor.open("add = 1, 2, 3\nadd")
    view.put_cursor(1)
    view.type("d")
    editor.app.run_due()
    assert "within a word" in explained(view)
    assert not is_asking(editor, view)
    assert editor.press(view, "alt+\\")
    editor.app.run_until(lambda: ghost(view))


def test_languages_can_be_switched_off(editor: SublimeText) -> None:
    editor.settings(languages_off=["markdown"])
    view = editor.open(ABOVE, "readme.md", "text.html.markdown")
    view.run_command("gitlab_completions_suggest")
    editor.app.run_due()
    assert "this language" in explained(view)
    assert not is_asking(editor, view)


def test_the_model_sees_the_file_by_its_name_in_the_folder(
    editor: SublimeText, gitlab: FakeGitLab
) -> None:
    editor.open("# none of this")
    shown(editor)
    assert gitlab.prompts[0].file_name == "boxes.py"
    assert gitlab.prompts[0].above == ABOVE


def test_how_things_stand_is_in_the_status_bar(
    editor: SublimeText, gitlab: FakeGitLab
) -> None:
    view = shown(editor)
    editor.app.run_until(lambda: "ready" in view.status["gitlab_completions"])
    gitlab.instance.fail(401)
    gitlab.gateway.fail(503)
    view.type("#")
    editor.app.run_until(lambda: "unavailable" in view.status["gitlab_completions"])
    said = f"{explained(view)} {view.status['gitlab_completions']}"
    assert gitlab.access_token not in said
    assert "first" not in said


def test_where_no_instance_is_set_that_is_told(
    editor: SublimeText, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITLAB_URL")
    editor.settings(instance_url="")
    view = editor.open(ABOVE)
    view.type("r")
    editor.app.run_due()
    assert "no GitLab instance is set" in editor.app.messages[-1]
    assert "instance_url" in explained(view)


def test_an_answer_for_a_view_that_was_closed_is_nobodys(
    editor: SublimeText, gitlab: FakeGitLab
) -> None:
    view = editor.open(ABOVE)
    view.type("r")
    gitlab.gateway.delay(0.05)
    editor.app.run_until(lambda: sent(gitlab))
    view.close()
    editor.app.run_due()
    assert not ghost(view)
    assert not editor.plugin.authors


def test_the_environments_token_goes_to_its_own_instance_alone(
    editor: SublimeText, gitlab: FakeGitLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = ModuleType("keyring")
    keyring.__spec__ = ModuleSpec("keyring", None)
    asked: list[tuple[str, str]] = []

    def get_password(service: str, account: str) -> None:
        asked.append((service, account))

    monkeypatch.setattr(keyring, "get_password", get_password, raising=False)
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    editor.settings(instance_url="https://Elsewhere.example.com:443/")
    view = editor.open(ABOVE)
    view.type("r")
    editor.app.run_until(lambda: "unavailable" in str(view.status))
    # As `gitlab-completions login` keeps it.
    assert set(asked) == {("gitlab-completions", "https://elsewhere.example.com")}
    editor.app.run_until(lambda: "gitlab-completions login" in explained(view))
    assert sent(gitlab) == 0


def test_ghost_text_comes_over_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = Emulator(tls=True, model=lambda _: SUGGESTED)
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(emulator),
    ):
        monkeypatch.setenv("GITLAB_URL", emulator.instance_url)
        monkeypatch.setenv("GITLAB_TOKEN", emulator.access_token)
        monkeypatch.setenv("SSL_CERT_FILE", str(emulator.ca_pem))
        with sublime_text(monkeypatch) as editor:
            assert ghost(shown(editor)) == SUGGESTED
