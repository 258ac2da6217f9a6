"""`/api/v4/features`: admins see the flags that were set, set others, forget them.

Parameters and shapes are those of GitLab's `lib/api/features.rb`, and what a value does
that of its `app/services/admin/set_feature_flag_service.rb`: true or false, or a
percentage; for everyone, or for users, projects and groups by name.
"""

import json
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from gitlab_completions.emulator.answers import Answer, Request, as_object, json_answer
from gitlab_completions.emulator.flags import OPT_OUT, Definition, Flags

__all__ = ("FeatureFlagsApi",)

_OF_TIME: Final = "percentage_of_time"
_OF_ACTORS: Final = "percentage_of_actors"
_SHARES: Final = (_OF_TIME, _OF_ACTORS)
_TARGETS: Final = ("user", "project", "group", "namespace", "feature_group")
# The whole of a percentage, or none of it, is the same as a word, whatever it is of.
_ON: Final = frozenset({"true", "100", "100.0"})
_OFF: Final = frozenset({"false", "0", "0.0"})
_OPT_IN: Final = "remove_opt_out"
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_WHOLE: Final = 100
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
        """Set a flag as `given` says, be it one that GitLab's source does not know."""
        value, key = given.get("value"), given.get("key")
        if value is None:
            return json_answer(400, {"error": "value is missing"})
        named = [kind for kind in _TARGETS if given.get(kind)]
        if key and named:
            told = f"key, {named[0]} are mutually exclusive"
            return json_answer(400, {"error": told})
        # As the API's parameters, which are strings, have what JSON calls true.
        wanted = value if isinstance(value, str) else str(value).lower()
        try:
            if named:
                self._set_for_some(name, wanted, given)
            else:
                self._set_for_all(name, wanted, str(key or ""))
        except ValueError as error:
            return _bad_request(str(error))
        except OverflowError:  # of Flipper's own, which GitLab does not expect
            return json_answer(500, {"message": "500 Internal Server Error"})
        return json_answer(201, self._document(name))

    def _set_for_all(self, name: str, value: str, key: str) -> None:
        """Change the gates that are not about somebody.

        Raises:
            ValueError: If the value is none, or the flag is on already.
            OverflowError: If it is a percentage above 100.
        """
        if value in _ON:
            self._flags.enable(name)
        elif value in _OFF:
            self._flags.disable(name)
        elif key not in {*_SHARES, ""} or not (key or _NUMBER.fullmatch(value)):
            of_key = f' ("{key}")' if key else ""
            raise ValueError(f"Cannot set '{name}'{of_key} to \"{value}\"")
        elif not _NUMBER.fullmatch(value):
            raise ValueError("Not a percentage")
        elif float(value) > _WHOLE:
            raise OverflowError
        else:
            of_time = key != _OF_ACTORS
            self._flags.admit_share(name, float(value), of_time=of_time)

    def _set_for_some(self, name: str, value: str, given: Mapping[str, object]) -> None:
        """Open or shut the flag for those that `given` names.

        Raises:
            ValueError: If there is no such user, or the value is none for one.
        """
        groups = _listed(given, "feature_group")
        for label, actor in self._actors(given).items():
            self._set_for_one(name, value, label, actor)
        if groups and value in _ON:
            self._flags.admit_groups(name, groups)
        elif groups and value in _OFF:
            self._flags.dismiss_groups(name, groups)

    def _set_for_one(self, name: str, value: str, label: str, actor: str) -> None:
        """Open or shut the flag for an actor, who may opt out of it.

        Raises:
            ValueError: If the value is none, or the opting out forbids it.
        """
        out = f"{actor}:{OPT_OUT}"
        opted_out = self._flags.has_opted_out(name, actor)
        if value in _ON and opted_out:
            raise ValueError(
                f"Opt-out exists for {label} - remove opt-out before enabling"
            )
        if value in _ON:
            self._flags.admit_actors(name, [actor])
        elif value in _OFF:
            self._flags.dismiss_actors(name, [actor])
        elif value == OPT_OUT:
            self._flags.admit_actors(name, [out])
        elif value != _OPT_IN:
            raise ValueError(f"Cannot set '{name}' to \"{value}\" for {label}")
        elif opted_out:
            self._flags.dismiss_actors(name, [out])
        else:
            raise ValueError(f"No opt-out exists for {label}")

    def _actors(self, given: Mapping[str, object]) -> dict[str, str]:
        """Return whom `given` names; every path is a project's or a group's here.

        Raises:
            ValueError: If there is no such user.
        """
        actors: dict[str, str] = {}
        for user in _listed(given, "user"):
            if user not in self._users:
                raise ValueError(f"{user} is not found!")
            actors[f"@{user}"] = f"User:{self._users[user]}"
        actors |= dict.fromkeys(_listed(given, "project"), f"Project:{_PROJECT_ID}")
        for kind in ("group", "namespace"):
            actors |= dict.fromkeys(_listed(given, kind), f"Group:{_GROUP_ID}")
        return actors

    def _document(self, name: str) -> dict[str, object]:
        """Describe a flag that was set."""
        gates, definition = self._flags.gates[name], self._flags.definitions.get(name)
        values: dict[str, object] = {
            "boolean": gates.boolean,
            "actors": sorted(gates.actors),
            _OF_ACTORS: gates.percentage_of_actors,
            _OF_TIME: gates.percentage_of_time,
            "groups": sorted(gates.groups),
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


def _listed(given: Mapping[str, object], kind: str) -> list[str]:
    """Return the names that stand behind `kind`, between commas."""
    names = str(given.get(kind) or "").split(",")
    return [name.strip() for name in names if name.strip()]


def _bad_request(reason: str) -> Answer:
    """Return a 400 in the words of Grape's helpers."""
    return json_answer(400, {"message": f"400 Bad request - {reason}"})
