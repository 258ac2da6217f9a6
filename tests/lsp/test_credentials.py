"""The access token, from the first place that has a good one."""

from __future__ import annotations

import asyncio

import pytest

from gitlab_completions import (
    AllRoutesFailedError,
    CompletionRequest,
    GitLabCompletionsError,
)
from gitlab_completions._secrets import Secret
from gitlab_completions.lsp import credentials
from gitlab_completions.lsp.configuration import Settings
from gitlab_completions.lsp.credentials import Credentials
from gitlab_completions.lsp.keyrings import SERVICE
from gitlab_completions.testing import FakeGitLab
from tests.lsp.keyring_in_memory import MemoryKeyring

URL = "https://gitlab.example.com"
REQUEST = CompletionRequest(file_name="a.py", content_above_cursor="def f():\n    ")


class Places:
    """The three places, and what a person is told of them."""

    def __init__(self, client: str = "", environment: str = "", kept: str = "") -> None:
        self.told: list[str] = []
        self.keyring = MemoryKeyring()
        if kept:
            self.keep(kept)
        self.settings = Settings(
            instance_url=URL,
            token=Secret(client) if client else None,
            environment_token=Secret(environment) if environment else None,
        )
        self.source = Credentials(
            self.settings, on_refused=self.told.append, keyring=self.keyring
        )

    def keep(self, token: str) -> None:
        self.keyring.kept[SERVICE, URL] = token


async def test_the_client_comes_before_the_environment_and_the_keyring() -> None:
    assert await Places("c", "e", "k").source.get() == "c"
    assert await Places("", "e", "k").source.get() == "e"
    assert await Places("", "", "k").source.get() == "k"


async def test_a_refused_token_gives_way_to_the_next_place() -> None:
    places = Places("c", "e", "k")
    for token in ("c", "e", "k"):
        assert await places.source.get() == token
        places.source.reject(token)
    assert [line.rpartition(" of ")[2] for line in places.told] == [
        "the setting gitlab-completions.token",
        "the environment variable GITLAB_TOKEN",
        "the keyring",
    ]


async def test_when_all_are_refused_the_last_one_is_given_on() -> None:
    places = Places("c", "e")
    for token in ("c", "e", "e", "c"):
        places.source.reject(token)
        assert await places.source.get() != ""
    assert await places.source.get() == "c"
    assert len(places.told) == 2


async def test_a_token_that_is_nobodys_is_no_news() -> None:
    places = Places("c")
    places.source.reject("other")
    assert places.told == []
    assert await places.source.get() == "c"


async def test_the_keyring_is_asked_once_while_its_token_is_good() -> None:
    places = Places(kept="k")
    for _ in range(3):
        assert await places.source.get() == "k"
    assert places.keyring.asked == 1
    assert places.source.where == "the keyring"


async def test_all_who_ask_at_once_wait_for_the_keyring() -> None:
    places = Places(kept="k")
    asked = [places.source.get() for _ in range(3)]
    assert await asyncio.gather(*asked) == ["k", "k", "k"]
    assert places.keyring.asked == 1


async def test_one_who_leaves_does_not_end_the_question() -> None:
    places = Places(kept="k")
    first, second = (asyncio.create_task(places.source.get()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "k"


async def test_a_keyring_that_nobody_needs_is_not_asked() -> None:
    places = Places("c", kept="k")
    await places.source.get()
    assert places.keyring.asked == 0


async def test_a_token_that_was_saved_after_a_refusal_is_found() -> None:
    places = Places(kept="old")
    assert await places.source.get() == "old"
    places.keep("new")
    places.source.reject("old")
    assert await places.source.get() == "new"


async def test_a_keyring_without_a_good_token_is_not_asked_for_each_key() -> None:
    places = Places()
    for _ in range(3):
        with pytest.raises(GitLabCompletionsError, match="no access token"):
            await places.source.get()
    assert places.keyring.asked == 1
    places.keep("k")
    await asyncio.sleep(credentials.AGAIN_S)
    assert await places.source.get() == "k"


async def test_a_keyring_that_cannot_be_asked_is_named() -> None:
    places = Places()
    places.keyring.failure = OSError("locked")
    with pytest.raises(GitLabCompletionsError) as caught:
        await places.source.get()
    assert str(caught.value) == (
        "there is no access token; the keyring cannot be asked (OSError): "
        "unlock it, or set GITLAB_TOKEN instead"
    )
    assert places.source.where is None


async def test_a_keyring_that_is_switched_off_or_not_there_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keyring = MemoryKeyring()
    off = Settings(instance_url=URL, keyring=False)
    with pytest.raises(GitLabCompletionsError, match="set GITLAB_TOKEN, or run"):
        await Credentials(off, keyring=keyring).get()
    assert keyring.asked == 0
    monkeypatch.setattr(credentials, "is_installed", lambda: False)
    with pytest.raises(GitLabCompletionsError, match="no access token"):
        await Credentials(Settings(instance_url=URL)).get()


async def test_who_asks_for_a_completion_hears_where_a_token_is_put() -> None:
    gitlab = FakeGitLab("pass")
    source = Credentials(Settings(instance_url=URL), keyring=MemoryKeyring())
    async with gitlab.client(access_token=source) as client:
        with pytest.raises(GitLabCompletionsError) as caught:
            await client.complete(REQUEST)
        refusal = client.status().problem
    for told in (caught.value, refusal):
        assert str(told).endswith(
            "the access token could not be had: there is no access token; "
            "set GITLAB_TOKEN, or run gitlab-completions login"
        )


async def test_without_anybody_to_tell_a_refusal_is_heeded_too() -> None:
    source = Credentials(Settings(token=Secret("c"), environment_token=Secret("e")))
    source.reject("c")
    assert await source.get() == "e"


async def test_a_client_goes_on_with_the_next_token_when_one_is_refused() -> None:
    gitlab = FakeGitLab("pass")
    places = Places(gitlab.tokens.expired, "", gitlab.access_token)
    async with gitlab.client(access_token=places.source) as client:
        completion = await client.complete(REQUEST)
    assert completion.text == "pass"
    assert len(places.told) == 1
    assert places.source.where == "the keyring"


async def test_a_client_says_where_to_put_a_token() -> None:
    async with FakeGitLab().client(access_token=Places().source) as client:
        with pytest.raises(AllRoutesFailedError, match="run gitlab-completions login"):
            await client.complete(REQUEST)


async def test_no_token_is_shown() -> None:
    source = Credentials(Settings(token=Secret("canary")))
    await source.get()
    assert "canary" not in repr(source)
