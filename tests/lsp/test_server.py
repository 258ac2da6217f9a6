"""What the server makes of settings, and how it tells how things stand."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types

from gitlab_completions.lsp.configuration import SECTION
from gitlab_completions.lsp.logs import ClientLog
from gitlab_completions.lsp.server import NAME, Server
from gitlab_completions.testing import FakeGitLab, wait_all_tasks_blocked
from tests.lsp.talking import AUTOMATIC, TEXT, Talk, capabilities

if TYPE_CHECKING:
    from collections.abc import Mapping

NOWHERE: Mapping[str, str] = {}
LATER = types.DidChangeConfigurationParams


async def test_a_client_is_told_how_things_stand() -> None:
    async with Talk() as talk:
        talk.open()
        await talk.suggest()
        await talk.suggest()
        last = talk.statuses[-1]
    assert last["health"] == "ready"
    assert last["route"] == "direct"
    assert last["text"] == "ready, direct"
    assert last["problem"] is None
    assert talk.shown == []


async def test_it_is_not_told_what_it_knows() -> None:
    async with Talk() as talk:
        talk.open()
        for _ in range(5):
            await talk.suggest()
        await wait_all_tasks_blocked()
    pairs = zip(talk.statuses, talk.statuses[1:], strict=False)
    assert all(one != other for one, other in pairs)


async def test_direct_being_refused_is_told_to_the_client_and_not_to_a_person() -> None:
    async with Talk(FakeGitLab(profile="19.1")) as talk:
        talk.open()
        assert await talk.texts() == ["return a + b"]
        last = talk.statuses[-1]
    assert last["route"] == "indirect"
    assert "through the instance" in str(last["text"])
    assert last["problem"] is not None
    assert talk.shown == []


async def test_without_an_instance_a_person_is_told_once_what_to_set() -> None:
    async with Talk(environment=NOWHERE) as talk:
        talk.open()
        assert await talk.texts() == []
        assert await talk.texts(kind=AUTOMATIC) == []
        (status,) = talk.statuses
    assert status["health"] == "unavailable"
    assert [line for line in talk.shown if "GITLAB_URL" in line] == talk.shown
    assert len(talk.shown) == 1


async def test_without_a_token_a_person_is_told_once_where_to_put_one() -> None:
    gitlab = FakeGitLab()
    environment = {"GITLAB_URL": gitlab.instance_url}
    options = {"keyring": False}
    async with Talk(gitlab, environment=environment, options=options) as talk:
        talk.open()
        assert await talk.texts() == []
        assert await talk.texts() == []
    assert talk.statuses[-1]["health"] == "unavailable"
    assert any("GITLAB_TOKEN" in line for line in talk.shown)
    assert len(set(talk.shown)) == len(talk.shown)


async def test_a_token_that_gitlab_refuses_is_told_by_where_it_came_from() -> None:
    gitlab = FakeGitLab()
    token = gitlab.tokens.revoked
    environment = {"GITLAB_URL": gitlab.instance_url, "GITLAB_TOKEN": token}
    async with Talk(gitlab, environment=environment) as talk:
        talk.open()
        assert await talk.texts() == []
        assert await talk.texts() == []
    told = [line for line in talk.shown if "GITLAB_TOKEN" in line]
    assert len(told) == 1
    assert token not in str(talk.shown) + str(talk.client.log_messages)


async def test_a_server_that_is_away_for_a_while_bothers_nobody() -> None:
    async with Talk() as talk:
        talk.open()
        talk.gitlab.gateway.fail(503)
        talk.gitlab.instance.fail(503)
        assert await talk.texts() == []
        assert talk.statuses[-1]["health"] == "unavailable"
        assert talk.shown == []


class TestSettings:
    async def test_those_of_the_beginning_hold_over_the_environment(self) -> None:
        gitlab = FakeGitLab()
        options = {"instanceUrl": gitlab.instance_url, "token": gitlab.access_token}
        async with Talk(gitlab, environment=NOWHERE, options=options) as talk:
            talk.open()
            assert await talk.texts() == ["return a + b"]
        assert gitlab.access_token not in str(talk.client.log_messages)

    async def test_a_client_that_can_be_asked_is_asked(self) -> None:
        gitlab = FakeGitLab()
        client = capabilities(configuration=True)
        talk = Talk(gitlab, environment=NOWHERE, client=client)
        settings = {"instanceUrl": gitlab.instance_url, "token": gitlab.access_token}
        talk.client.set_configuration({SECTION: settings})
        async with talk:
            talk.open()
            assert await talk.texts() == ["return a + b"]
            assert talk.shown == []
            talk.client.set_configuration({SECTION: {**settings, "enabled": False}})
            talk.client.workspace_did_change_configuration(LATER(settings=None))
            await wait_all_tasks_blocked()
            assert await talk.texts() == []

    async def test_another_sends_them(self) -> None:
        async with Talk() as talk:
            talk.open()
            off = {SECTION: {"enabled": False}}
            talk.client.workspace_did_change_configuration(LATER(settings=off))
            assert await talk.texts() == []
            talk.client.workspace_did_change_configuration(LATER(settings={}))
            assert await talk.texts() == ["return a + b"]

    @pytest.mark.parametrize("how", ["refuses", "waits"])
    async def test_a_client_that_does_not_answer_keeps_nobody_waiting(
        self, how: str
    ) -> None:
        client = capabilities(configuration=True)
        talk = Talk(client=client)
        asked = talk.client.protocol.fm.features
        method = "workspace/configuration"
        if how == "refuses":
            del asked[method]
        else:
            asked[method] = _wait
        async with talk:
            talk.open()
            assert await talk.texts() == ["return a + b"]
            await asyncio.sleep(10)
            assert talk.statuses

    async def test_what_a_client_has_set_holds_while_it_does_not_answer(self) -> None:
        talk = Talk(client=capabilities(configuration=True))
        talk.client.set_configuration({SECTION: {"enabled": False}})
        async with talk:
            talk.open()
            assert await talk.texts() == []
            talk.client.protocol.fm.features["workspace/configuration"] = _wait
            talk.client.workspace_did_change_configuration(LATER(settings=None))
            await asyncio.sleep(10)
            assert await talk.texts() == []

    async def test_nothing_is_sent_before_a_client_has_said_what_it_has_set(
        self,
    ) -> None:
        talk = Talk(client=capabilities(configuration=True))

        async def answer(params: tuple[object, ...]) -> list[object]:
            await asyncio.sleep(3)
            return [{"languagesOff": ["python"]}]

        talk.client.protocol.fm.features["workspace/configuration"] = answer
        async with talk:
            talk.open()
            assert await talk.texts() == []
        assert talk.gitlab.prompts == []

    @pytest.mark.parametrize("answer", [{}, "none", 1, None, []], ids=str)
    async def test_an_answer_that_holds_no_settings_is_none(
        self, answer: object
    ) -> None:
        talk = Talk(client=capabilities(configuration=True))

        async def give(params: tuple[object, ...]) -> object:
            return answer

        talk.client.protocol.fm.features["workspace/configuration"] = give
        async with talk:
            talk.open()
            assert await talk.texts() == ["return a + b"]
            assert talk.statuses

    async def test_a_wrong_one_is_told_once_and_the_default_holds(self) -> None:
        async with Talk(options={"candidates": "many", "enabled": 1}) as talk:
            talk.open()
            assert await talk.texts() == ["return a + b"]
            wrong = {SECTION: {"candidates": "many"}}
            talk.client.workspace_did_change_configuration(LATER(settings=wrong))
            await wait_all_tasks_blocked()
        told = [line for line in talk.shown if "candidates" in line]
        assert len(told) == 1

    async def test_another_instance_gets_another_client_and_the_old_one_is_closed(
        self,
    ) -> None:
        async with Talk() as talk:
            talk.open()
            await talk.suggest()
            before = talk.server.service
            assert before is not None
            token = {SECTION: {"token": talk.gitlab.tokens.ai_features}}
            talk.client.workspace_did_change_configuration(LATER(settings=token))
            assert await talk.texts() == ["return a + b"]
            assert talk.server.service is not before
            assert "closed" in repr(before.client)

    async def test_a_policy_needs_no_other_client(self) -> None:
        async with Talk() as talk:
            before = talk.server.service
            never = {SECTION: {"direct": "never"}}
            talk.client.workspace_did_change_configuration(LATER(settings=never))
            talk.open()
            assert await talk.texts() == ["return a + b"]
            assert talk.server.service is before
        assert talk.gitlab.gateway.requests == []

    async def test_the_editor_is_named_in_the_user_agent(self) -> None:
        async with Talk() as talk:
            talk.open()
            await talk.suggest()
        agents = {one.headers["user-agent"] for one in talk.gitlab.instance.requests}
        agents |= {one.headers["user-agent"] for one in talk.gitlab.gateway.requests}
        assert all("Vi-m/9" in agent for agent in agents)
        assert agents

    async def test_the_client_is_asked_to_tell_of_changes(self) -> None:
        client = capabilities(configuration=True)
        assert client.workspace is not None
        client.workspace.did_change_configuration = (
            types.DidChangeConfigurationClientCapabilities(dynamic_registration=True)
        )
        talk = Talk(client=client)
        asked: list[object] = []

        async def register(params: types.RegistrationParams) -> None:
            asked.extend(one.method for one in params.registrations)

        talk.client.feature("client/registerCapability")(register)
        async with talk:
            await wait_all_tasks_blocked()
        assert asked == ["workspace/didChangeConfiguration"]

    async def test_certificates_that_are_not_there_are_told_by_the_settings_name(
        self,
    ) -> None:
        async with Talk(options={"ca": "/nowhere/ca.pem"}) as talk:
            await wait_all_tasks_blocked()
        (line,) = talk.shown
        assert "gitlab-completions.ca" in line

    async def test_secrets_are_taken_out_when_that_is_set(self) -> None:
        async with Talk(options={"redactSecrets": True}) as talk:
            token = "glpat-" + "aB3dE6gH1jKlMn0pQrSt"
            talk.open(f'TOKEN = "{token}"\nuse(')
            await talk.suggest(types.Position(1, 4))
        assert token not in talk.gitlab.prompts[-1].above

    @pytest.mark.parametrize(
        ("name", "agent"),
        [
            ("Vi\nm", "Vi-m/9"),
            ("é" * 300, "-" * 100),
            (None, f"{NAME}/9"),
            ("gitlab-language-server", NAME),
        ],
    )
    async def test_an_editor_may_be_called_anything(
        self, name: str | None, agent: str
    ) -> None:
        gitlab = FakeGitLab()
        server = Server(
            {"GITLAB_URL": gitlab.instance_url, "GITLAB_TOKEN": gitlab.access_token}
        )
        server.begin({"clientInfo": {"name": name, "version": "9"}})
        assert server.service is not None
        assert server._user_agent == agent
        await server.aclose()


class TestLogs:
    async def test_records_reach_the_clients_log(self) -> None:
        async with Talk() as talk:
            log = ClientLog(talk.server.herald)
            for level in (logging.INFO, logging.WARNING, logging.ERROR):
                log.handle(_record(level))
            await wait_all_tasks_blocked()
            weights = [one.type for one in talk.client.log_messages]
        kinds = types.MessageType
        assert weights[-3:] == [kinds.Info, kinds.Warning, kinds.Error]

    async def test_before_the_client_listens_they_go_to_stderr(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ClientLog(Server({}).herald).handle(_record(logging.ERROR))
        await wait_all_tasks_blocked()
        assert capsys.readouterr().err == "told\n"

    async def test_none_has_source_or_tokens(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            async with Talk() as talk:
                talk.open()
                talk.gitlab.gateway.fail(500)
                talk.gitlab.instance.fail(422)
                await talk.suggest()
                talk.edit((9, 9), (9, 9), "canary")
                await wait_all_tasks_blocked()
        records = [one for one in caplog.records if one.name.startswith("gitlab")]
        logged = "".join(one.getMessage() for one in records)
        assert records
        assert TEXT not in logged
        assert "canary" not in logged
        assert talk.gitlab.access_token not in logged


async def _wait(params: tuple[object, ...]) -> None:
    await asyncio.sleep(3600)


def _record(level: int) -> logging.LogRecord:
    return logging.LogRecord("gitlab_completions", level, "a.py", 1, "told", (), None)
