"""`replay`: how soon suggestions come, and what they cost, by a policy of yours."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.progress import Progress, SpinnerColumn, TextColumn

from gitlab_completions.cli.app import EXIT_CODES
from gitlab_completions.cli.consoles import console
from gitlab_completions.cli.options import json_option
from gitlab_completions.cli.problems import Exit, Problem, visible
from gitlab_completions.cli.replay_views import comparisons_view, document
from gitlab_completions.editor import EditorPolicy
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.replay import (
    AUTHORS,
    RecordingError,
    read_recording,
    replay,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitlab_completions.replay import Script

__all__ = ("command",)

_STROKES = 3000
_SWITCHES = {"true": True, "on": True, "false": False, "off": False}
_YEARS = {"2025": 2025, "2026": 2026}


@click.command(
    "replay", short_help="Replay typing, by a policy of yours.", epilog=EXIT_CODES
)
@click.argument(
    "recordings",
    nargs=-1,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="[FILE]...",
)
@click.option(
    "--author",
    "names",
    multiple=True,
    type=click.Choice(list(AUTHORS)),
    help="Replay this synthetic author; without files, all of them are.",
)
@click.option(
    "--policy",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a knob of EditorPolicy, such as most_wait_s=0.1.",
)
@click.option(
    "--strokes",
    type=click.IntRange(min=1),
    default=_STROKES,
    show_default=True,
    help="So many strokes of each synthetic author.",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Another one makes the synthetic authors type something else.",
)
@click.option(
    "--indirect",
    is_flag=True,
    help="Have no direct connections, but the instance's 60 requests a minute.",
)
@click.option(
    "--reference",
    type=click.Choice(list(_YEARS)),
    default="2026",
    show_default=True,
    help="The client beside: in 2025 a request that is superseded goes on, in 2026 "
    "it ends, or is sent once more through the instance.",
)
@json_option
@click.option("--no-color", is_flag=True, help="Print without colours.")
def command(
    *,
    recordings: tuple[Path, ...],
    names: tuple[str, ...],
    settings: tuple[str, ...],
    strokes: int,
    seed: int,
    indirect: bool,
    reference: str,
    as_json: bool,
    no_color: bool,
) -> int:
    """Replay typing in virtual time, beside GitLab's own client.

    FILEs are recordings (`gitlab_completions.editor.Recorder` makes them). Each author
    types at an emulated GitLab that takes as long as GitLab does: once with this
    library's keystroke logic, by the policy that is given, and once with the reference
    client's. The exit code is 1 when a suggestion was shown that was made for another
    document.
    """
    policy = _policy(settings)
    authors: dict[str, Sequence[Script]] = {
        visible(str(path)): _read(path) for path in recordings
    }
    for name in names or (() if recordings else tuple(AUTHORS)):
        authors[name] = write(name, seed=seed, strokes=strokes)
    out = console(err=True, no_color=no_color)
    columns = SpinnerColumn(), TextColumn("{task.description}")
    with Progress(*columns, console=out, transient=True) as progress:
        task = progress.add_task("typing")
        compared = replay(
            authors,
            policy=policy,
            direct=not indirect,
            reference=2025 if reference == "2025" else 2026,
            tell=lambda name: progress.update(task, description=visible(name)),
        )
    if as_json:
        told = [document(each) for each in compared]
        click.echo(json.dumps({"authors": told}, indent=2))
    else:
        console(no_color=no_color).print(comparisons_view(compared))
    return Exit.NO if any(each.ours.stale for each in compared) else Exit.DONE


def _read(path: Path) -> Sequence[Script]:
    """Read a recording.

    Raises:
        Problem: When it cannot be read, or is none.
    """
    try:
        return read_recording(path)
    except OSError as error:
        raise Problem(f"{path} cannot be read: {error.strerror}") from error
    except RecordingError as error:
        raise Problem(f"{path}: {error}", code="recording") from error


def _policy(settings: Sequence[str]) -> EditorPolicy:
    """Return the policy that the options set.

    Raises:
        Problem: When there is no such knob, or it takes no such value.
    """
    default = EditorPolicy()
    known = [each.name for each in dataclasses.fields(default)]
    changes: dict[str, object] = {}
    for setting in settings:
        name, _, text = setting.partition("=")
        if name not in known:
            wrong = f"--policy: there is no {visible(name)}"
            raise Problem(wrong, f"known: {', '.join(known)}")
        usual: object = getattr(default, name)
        try:
            changes[name] = _value(name, text, usual)
        except ValueError as error:
            wrong = f"--policy: {name} cannot be {visible(text)!r}"
            raise Problem(wrong, f"it is {usual!r} by default") from error
    try:
        return _made(EditorPolicy, changes)
    except ConfigurationError as error:
        raise Problem(f"--policy: {error.message}") from error


def _made(
    make: Callable[..., EditorPolicy], values: Mapping[str, object]
) -> EditorPolicy:
    """Return a policy of values that were read: it checks them itself."""
    return make(**values)


def _value(name: str, text: str, usual: object) -> object:
    """Read a value of the kind that the knob's usual one is of.

    Raises:
        ValueError: When it is of another kind.
    """
    if isinstance(usual, bool):
        if text not in _SWITCHES:
            raise ValueError(text)
        return _SWITCHES[text]
    if isinstance(usual, int):
        return int(text)
    if isinstance(usual, float):
        return float(text)
    # Names are separated by commas, and characters by nothing.
    return frozenset(text if name == "trigger_characters" else text.split(","))
