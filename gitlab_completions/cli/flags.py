"""`emulator flag`: the levers of a roll-out, on a running emulator.

They go through the instance's own API of feature flags, so what is refused here, such
as a share of actors for a flag that is on for all, is refused by GitLab too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import quote

import click

from gitlab_completions.cli.consoles import console, table
from gitlab_completions.cli.problems import Exit, Problem, visible
from gitlab_completions.cli.running_emulator import AdminApi, url_option

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("flag",)

_OF_ACTORS, _OF_TIME = "percentage_of_actors", "percentage_of_time"
_MAX_PERCENT = 100.0
_ALL_HAVE_IT = "for a fully-enabled flag"


@click.group(
    "flag",
    short_help="Turn a feature flag on, for a share or for some, or off.",
    invoke_without_command=True,
)
@click.pass_context
def flag(context: click.Context) -> int:
    """See and set the feature flags of a running emulator, as an admin of GitLab does.

    A share of actors is the same users each time, and a larger share has them all. A
    client sees a change when it next asks the instance, not before.
    """
    if context.invoked_subcommand is not None:
        return Exit.DONE
    click.echo(context.get_help(), err=True)
    return Exit.WRONG_USE


@flag.command("set", short_help="Set one: true, false, or a percentage.")
@click.argument("name")
@click.argument("value", required=False)
@url_option
@click.option("--actors", is_flag=True, help="VALUE is a percentage of all users.")
@click.option(
    "--time", "of_time", is_flag=True, help="VALUE is a percentage of all requests."
)
@click.option(
    "--user",
    multiple=True,
    metavar="NAME",
    help="For this user, such as user42, whose token the emulator prints; may be "
    "repeated.",
)
@click.option("--project", multiple=True, metavar="PATH", help="For this project.")
@click.option("--group", multiple=True, metavar="PATH", help="For this group.")
def set_flag(
    name: str,
    value: str | None,
    *,
    url: str | None,
    actors: bool,
    of_time: bool,
    user: tuple[str, ...],
    project: tuple[str, ...],
    group: tuple[str, ...],
) -> int:
    """Set the flag NAME to VALUE: true, false, or a percentage with --actors or --time.

    With --user, --project or --group it is for these alone, and VALUE is true when it
    is left out; opt_out keeps it from them, whatever else is set, until
    remove_opt_out.
    """
    names = {"user": user, "project": project, "group": group}
    wish = _wish(value, names, actors=actors, of_time=of_time)
    try:
        told = AdminApi(url).ask("POST", f"/features/{_in_path(name)}", wish)
    except Problem as problem:
        if _ALL_HAVE_IT in problem.message:
            problem.remedy = f"first: flag set {visible(name)} false"
        raise
    answer = _fields(told)
    unasked = "" if answer.get("definition") else "; nothing in this GitLab asks for it"
    on_for = _on_for(answer)
    more = f" ({on_for})" if on_for else ""
    click.echo(f"{visible(name)}: {answer.get('state')}{more}{unasked}", err=True)
    return Exit.DONE


@flag.command("get", short_help="Show one, or all.")
@click.argument("name", required=False)
@url_option
def get_flag(name: str | None, *, url: str | None) -> int:
    """Show the flag NAME, or all that are set or that this GitLab asks for."""
    api = AdminApi(url)
    persisted = {
        _word(one, "name"): one for one in _listed(api.ask("GET", "/features"))
    }
    told = _listed(api.ask("GET", "/features/definitions"))
    defined = {_word(one, "name"): one for one in told}
    names = sorted({*defined, *persisted})
    if name is not None and name not in names:
        raise Problem(
            f"there is no flag {visible(name)}: nobody has set it, and nothing asks "
            "for it",
            "see flag get, without a name",
            exit_code=Exit.NO,
        )
    made = table("flag", "state", "on for", "by default")
    made.columns[0].no_wrap = True  # a name is there to be copied
    for one in names if name is None else [name]:
        known, definition = persisted.get(one), defined.get(one)
        state = "not set" if known is None else _word(known, "state")
        on_for = "" if known is None else _on_for(known)
        made.add_row(one, state, on_for, _default(definition))
    console().print(made)
    return Exit.DONE


@flag.command("delete", short_help="Take one for one that nobody has set.")
@click.argument("name")
@url_option
def delete_flag(name: str, *, url: str | None) -> int:
    """Forget what was set of the flag NAME; its default holds again."""
    AdminApi(url).ask("DELETE", f"/features/{_in_path(name)}")
    click.echo(f"{visible(name)}: not set, so its default holds", err=True)
    return Exit.DONE


def _wish(
    value: str | None,
    names: Mapping[str, tuple[str, ...]],
    *,
    actors: bool,
    of_time: bool,
) -> dict[str, object]:
    """Return what the API is asked for.

    Raises:
        Problem: When it is not clear what is meant, or for whom.
    """
    named = {kind: ",".join(each) for kind, each in names.items() if each}
    if value is None and not named:
        raise Problem(
            "VALUE is missing",
            "give true, false, or a percentage with --actors or --time",
            code="usage",
        )
    if actors and of_time:
        raise Problem("a share is of actors or of time", "choose one", code="usage")
    wish: dict[str, object] = {"value": value or "true", **named}
    if actors or of_time:
        wish["key"] = _OF_ACTORS if actors else _OF_TIME
    percent = _percent(value)
    if percent is None or named:
        return wish
    if not 0 <= percent <= _MAX_PERCENT:
        raise Problem(f"{value} is no percentage from 0 to 100", code="usage")
    if not (actors or of_time):
        raise Problem(
            f"it is not said of what {value} % are meant",
            "add --actors, the same users each time, or --time, at random each time",
            code="usage",
        )
    return wish


def _percent(value: str | None) -> float | None:
    """Return the number that a value is, `None` for a word."""
    try:
        return float(value or "")
    except ValueError:
        return None


def _on_for(flag_told: Mapping[str, object]) -> str:
    """Say whom a flag is on for, short of all."""
    gates = {_word(gate, "key"): gate.get("value") for gate in _gates(flag_told)}
    told = [
        f"{gates[key]:g} % of {share}"
        for key, share in ((_OF_ACTORS, "actors"), (_OF_TIME, "time"))
        if isinstance(gates.get(key), int | float)
    ]
    for key in ("actors", "groups"):
        given = gates.get(key)
        if isinstance(given, list):
            told += [visible(str(one)) for one in cast("list[object]", given)]
    return ", ".join(told)


def _gates(flag_told: Mapping[str, object]) -> list[dict[str, object]]:
    return _listed(flag_told.get("gates"))


def _default(definition: Mapping[str, object] | None) -> str:
    if definition is None:
        return "nothing asks for it"
    return "on" if definition.get("default_enabled") else "off"


def _in_path(name: str) -> str:
    """Return a flag's name as a part of a path."""
    return quote(name, safe="")


def _word(document: Mapping[str, object], name: str) -> str:
    return visible(str(document.get(name, "")))


def _fields(document: object) -> dict[str, object]:
    return cast("dict[str, object]", document) if isinstance(document, dict) else {}


def _listed(document: object) -> list[dict[str, object]]:
    if not isinstance(document, list):
        return []
    items = cast("list[object]", document)
    return [fields for item in items if (fields := _fields(item))]
