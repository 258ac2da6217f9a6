"""`/api/v4/features`: admins see the flags that were set, set others, forget them.

Parameters and shapes are those of GitLab's `lib/api/features.rb`: a value of true or
false, or a percentage; for everyone, or for users, projects and groups by name.
"""

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from gitlab_completions.emulator.answers import Answer, Request, as_object, json_answer
from gitlab_completions.emulator.flags import OPT_OUT, Definition, Flags

__all__ = ("FeatureFlagsApi",)

_OF_TIME: Final = "percentage_of_time"
_OF_ACTORS: Final = "percentage_of_actors"
_SHARES: Final = (_OF_TIME, _OF_ACTORS)
_PROJECT_ID, _GROUP_ID = 7, 3


class FeatureFlagsApi:
    """The endpoint.

    Args:
        flags: The instance's flags.
        users: The number of each user, by name.
    """

    def __init__(self, flags: Flags, users: Mapping[str, int]) -> None:
        self._flags = flags
        self._users = users

    def answer(self, request: Request, name: str | None) -> Answer:
        """Answer an admin; `name` is what stands behind `/features/`."""
        if name == "definitions" and request.method == "GET":
            documents = map(_defined, self._flags.definitions.values())
            return json_answer(200, list(documents))
        if name is None and request.method == "GET":
            return json_answer(
                200, [self._document(each) for each in self._flags.gates]
            )
        if name and request.method == "DELETE":
            self._flags.forget(name)
            return Answer(status=204)
        if name and request.method == "POST":
            return self._set(name, _parameters(request))
        return json_answer(405, {"error": "405 Not Allowed"})

    def _set(self, name: str, given: Mapping[str, object]) -> Answer:
        """Set a flag as `given` says."""
        value, key = given.get("value"), str(given.get("key") or _OF_TIME)
        if value is None:
            return json_answer(400, {"error": "value is missing"})
        if key not in _SHARES:
            return json_answer(400, {"error": "key does not have a valid value"})
        if name not in self._flags.definitions and not given.get("force"):
            return _bad_request(f"unknown feature flag name {name}")
        try:
            actors = self._actors(given)
            self._apply(name, str(value).lower(), actors, of_time=key == _OF_TIME)
        except ValueError as error:
            return _bad_request(str(error))
        return json_answer(201, self._document(name))

    def _apply(
        self, name: str, value: str, actors: list[str], *, of_time: bool
    ) -> None:
        """Change the gates.

        Raises:
            ValueError: If the value is none.
        """
        outs = [f"{actor}:{OPT_OUT}" for actor in actors]
        match value:
            case "true" if actors:
                self._flags.admit_actors(name, actors)
            case "false" if actors:
                self._flags.dismiss_actors(name, actors)
            case "opt_out" if actors:
                self._flags.admit_actors(name, outs)
            case "remove_opt_out" if actors:
                self._flags.dismiss_actors(name, outs)
            case "true":
                self._flags.enable(name)
            case "false":
                self._flags.disable(name)
            case _:
                self._flags.admit_share(name, float(value), of_time=of_time)

    def _actors(self, given: Mapping[str, object]) -> list[str]:
        """Return whom `given` names; every path is a project's or a group's here.

        Raises:
            ValueError: If there is no such user.
        """
        names = str(given.get("user") or "")
        users = [name.strip() for name in names.split(",") if name.strip()]
        for user in users:
            if user not in self._users:
                raise ValueError(f"{user} is not found!")
        actors = [f"User:{self._users[user]}" for user in users]
        if given.get("project"):
            actors.append(f"Project:{_PROJECT_ID}")
        if given.get("group") or given.get("namespace"):
            actors.append(f"Group:{_GROUP_ID}")
        return actors

    def _document(self, name: str) -> dict[str, object]:
        """Describe a flag that was set."""
        gates, definition = self._flags.gates[name], self._flags.definitions.get(name)
        values: dict[str, object] = {
            "boolean": gates.boolean,
            "actors": sorted(gates.actors),
            _OF_ACTORS: gates.percentage_of_actors,
            _OF_TIME: gates.percentage_of_time,
        }
        told = [
            {"key": key, "value": value}
            for key, value in values.items()
            if value or key == "boolean"
        ]
        return {
            "name": name,
            "state": gates.state,
            "gates": told,
            "definition": None if definition is None else _defined(definition),
        }


def _defined(definition: Definition) -> dict[str, object]:
    """Describe a definition."""
    return {
        "name": definition.name,
        "milestone": ".".join(map(str, definition.since)),
        "type": definition.kind,
        "group": "group::code creation",
        "default_enabled": definition.default_enabled,
    }


def _parameters(request: Request) -> Mapping[str, object]:
    """Read what was posted, as JSON or as a form."""
    if "json" in (request.header("content-type") or ""):
        try:
            return as_object(json.loads(request.body or b"{}")) or {}
        except (ValueError, RecursionError):
            return {}
    return dict(parse_qsl(request.body.decode("latin-1")))


def _bad_request(reason: str) -> Answer:
    """Return a 400 in the words of Grape's helpers."""
    return json_answer(400, {"message": f"400 Bad request - {reason}"})
