"""Settings of the client over those of the environment; a wrong one is told."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gitlab_completions._secrets import Secret
from gitlab_completions.lsp.configuration import Settings, read_settings
from gitlab_completions.policy import DirectMode

URL = "https://gitlab.example.com"
TOKEN = "glpat-canary"
ENVIRONMENT = {"GITLAB_URL": URL, "GITLAB_TOKEN": TOKEN}


def read(*given: object, **environment: str) -> Settings:
    configuration = read_settings(*given, environment=environment)
    assert configuration.complaints == ()
    return configuration.settings


def complaints(*given: object, **environment: str) -> tuple[str, ...]:
    return read_settings(*given, environment=environment).complaints


def test_without_anything_there_are_defaults_and_no_instance() -> None:
    assert read() == Settings()
    assert read(None, {}) == Settings()
    assert Settings().instance_url is None


def test_the_environment_names_instance_and_token_as_for_the_client() -> None:
    settings = read(
        GITLAB_URL=f" {URL} ",
        GITLAB_TOKEN=f"{TOKEN}\n",
        GITLAB_COMPLETIONS_ALLOW_PLAIN_HTTP="1",
    )
    assert settings.instance_url == URL
    assert settings.environment_token == Secret(TOKEN)
    assert settings.routing.allow_plain_http


def test_every_setting_of_the_client_is_heeded() -> None:
    settings = read(
        {
            "instanceUrl": f"{URL}/gitlab",
            "token": TOKEN,
            "keyring": False,
            "projectPath": "group/sub/project",
            "direct": "never",
            "ca": "/etc/ca.pem",
            "allowPlainHttp": True,
            "redactSecrets": True,
            "openFiles": False,
            "enabled": False,
            "automatic": False,
            "candidates": 2,
            "mostWaitMs": 10,
            "languagesOff": ["markdown", "plaintext"],
        }
    )
    assert settings.instance_url == f"{URL}/gitlab"
    assert settings.token == Secret(TOKEN)
    assert settings.project_path == "group/sub/project"
    assert settings.routing.direct is DirectMode.NEVER
    assert settings.ca == "/etc/ca.pem"
    assert (settings.keyring, settings.open_files) == (False, False)
    assert settings.redact_secrets
    editor = settings.editor
    assert (editor.enabled, editor.automatic, editor.candidates) == (False, False, 2)
    assert editor.languages_off == {"markdown", "plaintext"}
    assert (editor.most_wait_s, editor.least_wait_s) == (0.01, 0.01)


@pytest.mark.parametrize(
    "given",
    [
        {"direct": "only"},
        {"gitlab-completions": {"direct": "only"}},
        {"gitlab-completions": {"direct": "only"}, "python": {"direct": 3}},
    ],
)
def test_the_section_comes_alone_or_among_others(given: object) -> None:
    assert read(given).direct is DirectMode.ONLY


def test_what_was_sent_last_holds_and_what_is_empty_is_not_set() -> None:
    first = {"instanceUrl": URL, "direct": "never"}
    settings = read(first, {"direct": "only", "token": "", "projectPath": None})
    assert settings.instance_url == URL
    assert settings.direct is DirectMode.ONLY
    assert settings.token is None


WRONG: list[tuple[str, object]] = [
    ("instanceUrl", 3),
    ("instanceUrl", "gitlab.example.com"),
    ("instanceUrl", f"https://me:{TOKEN}@gitlab.example.com"),
    ("instanceUrl", "http://gitlab.example.com"),
    ("token", 3),
    ("token", f"{TOKEN} {TOKEN}"),
    ("projectPath", "https://gitlab.example.com/group/project"),
    ("projectPath", 3),
    ("direct", "sometimes"),
    ("direct", True),
    ("ca", ["/etc/ca.pem"]),
    ("allowPlainHttp", "yes"),
    ("redactSecrets", 1),
    ("openFiles", "no"),
    ("keyring", 0),
    ("enabled", "off"),
    ("automatic", {}),
    ("candidates", 0),
    ("candidates", True),
    ("candidates", 1.5),
    ("mostWaitMs", 0),
    ("mostWaitMs", True),
    ("mostWaitMs", "fast"),
    ("mostWaitMs", float("nan")),
    ("mostWaitMs", float("inf")),
    ("mostWaitMs", 10**400),
    ("languagesOff", "markdown"),
    ("languagesOff", [3]),
]


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_a_wrong_value_is_told_and_the_default_kept(key: str, value: object) -> None:
    found = read_settings({key: value}, environment={})
    (complaint,) = found.complaints
    assert complaint.startswith(f"gitlab-completions.{key} must")
    assert TOKEN not in complaint
    assert found.settings == Settings()


def test_a_wrong_setting_takes_no_other_with_it() -> None:
    found = read_settings({"direct": 3, "candidates": 2}, environment=ENVIRONMENT)
    assert found.settings.instance_url == URL
    assert found.settings.editor.candidates == 2


def test_source_does_not_go_to_the_environments_instance_for_a_typing_error() -> None:
    found = read_settings({"instanceUrl": "https//x"}, environment=ENVIRONMENT)
    assert found.settings.instance_url is None
    assert found.settings.environment_token is None


def test_the_environments_token_goes_to_the_environments_instance_alone() -> None:
    elsewhere = {"instanceUrl": "https://evil.example.com"}
    found = read_settings(elsewhere, environment=ENVIRONMENT)
    assert found.settings.instance_url == "https://evil.example.com"
    assert found.settings.environment_token is None
    (complaint,) = found.complaints
    assert "GITLAB_TOKEN is not used" in complaint


def test_an_instance_that_is_refused_is_complained_of_once() -> None:
    found = read_settings(environment={**ENVIRONMENT, "GITLAB_URL": "http://a.b"})
    assert found.settings.environment_token is None
    (complaint,) = found.complaints
    assert complaint.startswith("GITLAB_URL must start with https://")


def test_the_same_instance_written_otherwise_gets_it() -> None:
    settings = read({"instanceUrl": f"{URL}:443/"}, **ENVIRONMENT)
    assert settings.environment_token == Secret(TOKEN)


def test_a_token_without_an_instance_beside_it_goes_where_the_client_began() -> None:
    began = {"instanceUrl": URL}
    settings = read(began, {"instanceUrl": f"{URL}/"}, GITLAB_TOKEN=TOKEN)
    assert settings.environment_token == Secret(TOKEN)
    for first in (began, None, {}):
        hostile = (first, {"instanceUrl": "https://other.example.com"})
        configuration = read_settings(*hostile, environment={"GITLAB_TOKEN": TOKEN})
        assert configuration.settings.environment_token is None
        assert "set GITLAB_URL beside it" in configuration.complaints[0]


def test_a_token_of_the_clients_own_makes_that_no_news() -> None:
    given = {"instanceUrl": "https://other.example.com", "token": "mine"}
    settings = read(given, **ENVIRONMENT)
    assert settings.token == Secret("mine")
    assert settings.environment_token is None


def test_what_the_environment_has_wrong_is_told_too() -> None:
    told = complaints(GITLAB_URL="gitlab", GITLAB_TOKEN="two words")
    assert [one.split()[0] for one in told] == ["GITLAB_URL", "GITLAB_TOKEN"]


def test_plain_http_is_allowed_by_the_client_for_the_environments_instance() -> None:
    plain = {"GITLAB_URL": "http://127.0.0.1:3000", "GITLAB_TOKEN": TOKEN}
    settings = read({"allowPlainHttp": True}, **plain)
    assert settings.instance_url == plain["GITLAB_URL"]
    assert settings.environment_token == Secret(TOKEN)
    allowed = {**plain, "GITLAB_COMPLETIONS_ALLOW_PLAIN_HTTP": "1"}
    assert read(**allowed).instance_url == plain["GITLAB_URL"]
    assert "allowPlainHttp" in complaints({"allowPlainHttp": False}, **allowed)[0]


def test_plain_http_is_allowed_before_the_address_is_looked_at() -> None:
    url = "http://127.0.0.1:3000"
    assert read({"instanceUrl": url, "allowPlainHttp": True}).instance_url == url


@pytest.mark.parametrize("key", ["instanceURL", "instance_url", "languageOff", "Token"])
def test_a_misspelt_setting_is_told(key: str) -> None:
    (complaint,) = complaints({key: "x"})
    assert "unknown setting: was" in complaint


def test_settings_that_are_the_clients_own_are_let_pass() -> None:
    assert complaints({"trace": {"server": "verbose"}, "statusBar": True}) == ()


@pytest.mark.parametrize("given", [3, "x", [], True])
def test_what_holds_no_settings_is_told(given: object) -> None:
    for sent in (given, {"gitlab-completions": given}):
        (complaint,) = complaints(sent)
        assert complaint.startswith("gitlab-completions must hold settings, not")


def test_no_token_is_shown() -> None:
    configuration = read_settings(
        {"token": TOKEN, "instanceUrl": URL}, environment=ENVIRONMENT
    )
    assert TOKEN not in repr(configuration)


ODD = st.sampled_from(
    [
        *(None, True, False, 0, -1, 1.5, 10**400, float("nan")),
        *("", "x", "\udce9\n", [], [3], [None], {}, {"trace": 1}, {"token": TOKEN}),
    ]
)
KEYS = st.sampled_from([key for key, _ in WRONG]) | st.text(max_size=12)


@given(sent=st.lists(ODD | st.dictionaries(KEYS, ODD, max_size=4), max_size=2))
def test_nothing_that_a_client_sends_is_more_than_complained_of(
    sent: list[object],
) -> None:
    found = read_settings(*sent, environment={})
    assert all(len(each.splitlines()) == 1 for each in found.complaints)
