"""The instance's `/api/graphql`, as far as clients of completions ask it.

GitLab answers 200 to whatever it cannot answer, and says so in `errors`. Fields and the
releases that brought them are data; the resolvers are below them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from gitlab_completions.emulator.access_tokens import Credential
from gitlab_completions.emulator.answers import Answer, Request, as_object, json_answer
from gitlab_completions.emulator.flags import Flags
from gitlab_completions.emulator.graphql_query import (
    QueryError,
    Selection,
    read_query,
)
from gitlab_completions.emulator.profiles import Profile, Release
from gitlab_completions.emulator.settings import Settings

__all__ = ("GRAPHQL_SCOPES", "GraphQL")

GRAPHQL_SCOPES: Final = frozenset({"api", "read_api", "ai_features", "ai_workflows"})
"""Scopes of which the endpoint wants one."""

_READS_FIELDS: Final = frozenset({"api", "read_api"})
_READS_USER: Final = frozenset({"api", "read_api", "ai_workflows"})
_MOST_NAMES: Final = 20
_CONTEXTS: Final = ("repository_xray", "open_tabs", "imports")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """A field of the schema: what it returns, what it needs, and since when it is."""

    type: str
    since: Release = (16, 0)
    arguments: tuple[str, ...] = ()
    nullable: bool = True


_SCHEMA: Final[Mapping[str, Mapping[str, _Field]]] = {
    "Query": {
        "metadata": _Field(type="Metadata"),
        "currentUser": _Field(type="CurrentUser"),
        "project": _Field(type="Project", arguments=("fullPath",)),
        # !152638 was merged too late for 17.0.
        "featureFlagEnabled": _Field(
            type="Boolean", since=(17, 1), arguments=("name",), nullable=False
        ),
    },
    "Metadata": {
        "version": _Field(type="String"),
        "revision": _Field(type="String"),
        "enterprise": _Field(type="Boolean"),
        "featureFlags": _Field(
            type="AppConfigGitlabInstanceFeatureFlag",
            since=(17, 4),
            arguments=("names",),
            nullable=False,
        ),
    },
    "AppConfigGitlabInstanceFeatureFlag": {
        "name": _Field(type="String"),
        "enabled": _Field(type="Boolean"),
    },
    "CurrentUser": {
        "id": _Field(type="UserID"),
        "username": _Field(type="String"),
        "duoCodeSuggestionsAvailable": _Field(type="Boolean", since=(16, 8)),
        "codeSuggestionsContexts": _Field(type="String", since=(17, 9)),
        "ide": _Field(type="Ide"),
    },
    "Ide": {"codeSuggestionsEnabled": _Field(type="Boolean")},
    "Project": {
        "id": _Field(type="ID"),
        "fullPath": _Field(type="ID"),
        "duoFeaturesEnabled": _Field(type="Boolean", since=(16, 9)),
    },
}


class _RefusedError(Exception):
    """A field cannot be resolved; it becomes null, and `message` is told."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class GraphQL:
    """Answers queries.

    Args:
        profile: Decides which fields there are.
        settings: What the user and the projects have.
        flags: The instance's feature flags.
        may_complete: Whether the switches and a credential allow code suggestions.
    """

    def __init__(
        self,
        profile: Profile,
        settings: Settings,
        flags: Flags,
        *,
        may_complete: Callable[[Credential], bool],
    ) -> None:
        self._profile = profile
        self._settings = settings
        self._flags = flags
        self._may_complete = may_complete

    def answer(self, request: Request, credential: Credential | None) -> Answer:
        """Answer a query of whoever has `credential`, or of nobody."""
        try:
            posted = as_object(json.loads(request.body or b"{}"))
        except (ValueError, RecursionError):
            posted = None
        query = (posted or {}).get("query")
        variables = as_object((posted or {}).get("variables")) or {}
        if not isinstance(query, str):
            return _errors("Unexpected end of document")
        try:
            selections = read_query(query, variables)
        except QueryError as error:
            return _errors(str(error))
        problems = self._problems(selections, "Query", "query")
        if problems:
            return json_answer(200, {"errors": problems})
        run = _Run(self, credential)
        document: dict[str, object] = {"data": run.query(selections)}
        if run.errors:
            document["errors"] = run.errors
        return json_answer(200, document)

    def _problems(
        self, selections: tuple[Selection, ...], type_name: str, *path: str
    ) -> list[dict[str, object]]:
        """List what the schema has against `selections`."""
        found: list[dict[str, object]] = []
        for selection in selections:
            where = (*path, selection.key)
            known = _SCHEMA[type_name].get(selection.name)
            if selection.name == "__typename":
                continue
            if known is None or self._profile.release < known.since:
                told = f"Field '{selection.name}' doesn't exist on type '{type_name}'"
                found.append(_problem(told, where))
                continue
            found += [_problem(told, where) for told in _misuses(selection, known)]
            if known.type in _SCHEMA:
                found += self._problems(selection.selections, known.type, *where)
        return found

    def metadata(self, credential: Credential | None) -> Mapping[str, object] | None:
        """Return what the instance tells of itself to whoever has logged in."""
        if credential is None or not credential.scopes & _READS_FIELDS:
            return None
        return {
            "version": self._profile.version,
            "revision": "0123456789a",
            "enterprise": True,
        }

    def user(self, credential: Credential | None) -> Mapping[str, object] | None:
        """Return who asks."""
        if credential is None or not credential.scopes & _READS_USER:
            return None
        available = self._may_complete(credential)
        return {
            "id": f"gid://gitlab/User/{credential.user_id}",
            "username": f"user{credential.user_id}",
            "duoCodeSuggestionsAvailable": available,
            "codeSuggestionsContexts": list(_CONTEXTS) if available else [],
            "ide": {"codeSuggestionsEnabled": available},
        }

    def project(
        self, credential: Credential | None, full_path: object
    ) -> Mapping[str, object] | None:
        """Return a project that the user sees."""
        hidden = full_path in self._settings.hidden_projects
        if credential is None or not isinstance(full_path, str) or hidden:
            return None
        return {
            "id": "gid://gitlab/Project/7",
            "fullPath": full_path,
            "duoFeaturesEnabled": full_path not in self._settings.projects_without_duo,
        }

    def flags(
        self, credential: Credential | None, names: object
    ) -> list[Mapping[str, object]]:
        """Return the flags among `names` that there are.

        Raises:
            _RefusedError: If there are too many names.
        """
        asked = [str(name) for name in cast("list[object]", names or [])]
        if len(asked) > _MOST_NAMES:
            raise _RefusedError(f"names is too long (maximum is {_MOST_NAMES})")
        return [
            {"name": name, "enabled": self.is_on(credential, name)}
            for name in dict.fromkeys(asked)
            if name in self._flags.definitions
        ]

    def is_on(self, credential: Credential | None, name: object) -> bool:
        """Evaluate a flag for the user; off for nobody, and when there is none."""
        if credential is None or not credential.scopes & _READS_FIELDS:
            return False
        known = isinstance(name, str) and name in self._flags.definitions
        return known and self._flags.is_on(str(name), credential.actor)


class _Run:
    """One query that the schema allows, being answered."""

    def __init__(self, api: GraphQL, credential: Credential | None) -> None:
        self._api = api
        self._credential = credential
        self.errors: list[dict[str, object]] = []

    def query(self, selections: tuple[Selection, ...]) -> dict[str, object]:
        """Answer the fields of a query."""
        return {each.key: self._root(each) for each in selections}

    def _root(self, selection: Selection) -> object:
        """Answer a field of the query itself."""
        api, credential = self._api, self._credential
        arguments = selection.arguments
        match selection.name:
            case "metadata":
                found = api.metadata(credential)
            case "currentUser":
                found = api.user(credential)
            case "project":
                found = api.project(credential, arguments.get("fullPath"))
            case "featureFlagEnabled":
                return api.is_on(credential, arguments.get("name"))
            case _:
                return "Query"
        try:
            return self._object(found, selection, _SCHEMA["Query"][selection.name].type)
        except _RefusedError as error:
            # What may not be null makes that null which holds it.
            self.errors.append({"message": error.message, "path": [selection.key]})
            return None

    def _object(
        self,
        found: Mapping[str, object] | None,
        selection: Selection,
        type_name: str,
    ) -> dict[str, object] | None:
        """Answer the fields within an object.

        Raises:
            _RefusedError: If one of them cannot be answered.
        """
        if found is None:
            return None
        return {
            inner.key: self._inner(found, inner, type_name)
            for inner in selection.selections
        }

    def _inner(
        self, found: Mapping[str, object], selection: Selection, type_name: str
    ) -> object:
        """Answer one of them."""
        if selection.name == "__typename":
            return type_name
        known = _SCHEMA[type_name][selection.name]
        if selection.name == "featureFlags":
            flags = self._api.flags(self._credential, selection.arguments.get("names"))
            return [self._object(flag, selection, known.type) for flag in flags]
        value = found.get(selection.name)
        return (
            self._object(as_object(value), selection, known.type)
            if (known.type in _SCHEMA)
            else value
        )


def _misuses(selection: Selection, known: _Field) -> list[str]:
    """List how a field that exists is asked for in a wrong way."""
    name, given = selection.name, selection.arguments
    told = [
        f"Field '{name}' is missing required arguments: {argument}"
        for argument in known.arguments
        if given.get(argument) is None
    ]
    told += [
        f"Field '{name}' doesn't accept argument '{argument}'"
        for argument in given
        if argument not in known.arguments
    ]
    if known.type in _SCHEMA and not selection.selections:
        told.append(
            f"Field must have selections (field '{name}' returns {known.type} but has "
            f"no selections. Did you mean '{name} {{ ... }}'?)"
        )
    if known.type not in _SCHEMA and selection.selections:
        told.append(f"Selections can't be made on scalars (field '{name}')")
    return told


def _problem(message: str, path: tuple[str, ...]) -> dict[str, object]:
    """Return one item of `errors`."""
    return {"message": message, "path": list(path)}


def _errors(message: str) -> Answer:
    """Return the answer to what is no query."""
    return json_answer(200, {"errors": [{"message": message}]})
