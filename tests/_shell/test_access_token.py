"""The access token comes from the user's source, asked once for all who wait."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._secrets import Secret
from gitlab_completions._shell.access_token import TokenDesk, TokenSourceError
from gitlab_completions.errors import ConfigurationError, GitLabCompletionsError
from gitlab_completions.models import TokenHeader
from gitlab_completions.testing import wait_all_tasks_blocked

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gitlab_completions.models import AccessToken


def desk(source: AccessToken, on_change: Callable[[], None] | None = None) -> TokenDesk:
    return TokenDesk(source, on_change or (lambda: None))


class Source:
    """A token source that gives what it is told, and notes what was rejected."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)
        self.asked = 0
        self.rejected: list[str] = []

    async def get(self) -> str:
        self.asked += 1
        return self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0]

    def reject(self, token: str, /) -> None:
        self.rejected.append(token)


class SlowSource:
    """A token source that answers when the test says so."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def __call__(self) -> str:
        self.asked += 1
        return await self.answer


async def test_a_string_is_the_token() -> None:
    one = desk("glpat-1")
    assert await one.get() == Secret("glpat-1")
    assert await one.another(Secret("glpat-1")) is None
    await one.aclose()


async def test_an_async_function_is_asked_each_time() -> None:
    tokens = iter(["glpat-1", "glpat-2"])

    async def source() -> str:
        return next(tokens)

    one = desk(source)
    assert [await one.get(), await one.get()] == [Secret("glpat-1"), Secret("glpat-2")]


async def test_a_plain_function_may_return_an_awaitable() -> None:
    async def later() -> str:
        return "glpat-1"

    def source() -> Awaitable[str]:
        return later()

    assert await desk(source).get() == Secret("glpat-1")


async def test_a_token_source_is_asked_by_its_get() -> None:
    assert await desk(Source("glpat-1")).get() == Secret("glpat-1")


@pytest.mark.real_time
async def test_a_plain_function_runs_in_another_thread() -> None:
    threads: list[threading.Thread] = []

    def source() -> str:
        threads.append(threading.current_thread())
        return "glpat-1"

    assert await desk(source).get() == Secret("glpat-1")
    assert threads != [threading.current_thread()]


async def test_concurrent_wishes_share_one_question() -> None:
    source = SlowSource()
    one = desk(source)
    wishes = [asyncio.create_task(one.get()) for _ in range(50)]
    await wait_all_tasks_blocked()
    source.answer.set_result("glpat-1")
    assert set(await asyncio.gather(*wishes)) == {Secret("glpat-1")}
    assert source.asked == 1


async def test_a_waiter_that_leaves_does_not_end_the_question() -> None:
    source = SlowSource()
    one = desk(source)
    leaver, stayer = asyncio.create_task(one.get()), asyncio.create_task(one.get())
    await wait_all_tasks_blocked()
    leaver.cancel()
    await asyncio.wait({leaver})
    assert leaver.cancelled()
    source.answer.set_result("glpat-1")
    assert await stayer == Secret("glpat-1")


async def test_a_source_has_2_s_to_answer() -> None:
    source = SlowSource()
    one = desk(source)
    started = asyncio.get_running_loop().time()
    with pytest.raises(TokenSourceError, match="no answer within 2 s"):
        await one.get()
    assert asyncio.get_running_loop().time() - started == 2.0
    await one.aclose()


async def test_an_answer_that_comes_late_serves_who_waits_then() -> None:
    source = SlowSource()
    one = desk(source)
    with pytest.raises(TokenSourceError):
        await one.get()
    later = asyncio.create_task(one.get())
    await wait_all_tasks_blocked()
    source.answer.set_result("glpat-1")
    assert await later == Secret("glpat-1")
    assert source.asked == 1


async def test_what_a_source_raises_is_the_cause_and_not_the_message() -> None:
    async def source() -> str:
        raise KeyError("s3cret")

    with pytest.raises(TokenSourceError, match="it raised KeyError") as caught:
        await desk(source).get()
    assert isinstance(caught.value.__cause__, KeyError)
    assert "s3cret" not in str(caught.value)


async def test_a_source_that_says_in_our_words_why_it_has_none_is_heard() -> None:
    async def source() -> str:
        raise GitLabCompletionsError("there is none: make one", remedy="else")

    with pytest.raises(TokenSourceError, match=r"^there is none: make one$"):
        await desk(source).get()


@pytest.mark.parametrize("bad", ["", " glpat-1", "glpat-1\n", "glpat\u00e9", None, 7])
async def test_a_token_that_no_header_can_carry_is_no_answer(bad: object) -> None:
    async def source() -> str:
        return bad  # type: ignore[return-value]

    with pytest.raises(TokenSourceError, match="it gave something else") as bare:
        await desk(source).get()
    assert isinstance(bare.value.__cause__, ConfigurationError)


async def test_a_source_is_asked_anew_after_a_failure() -> None:
    answers = iter(["", "glpat-1"])

    async def source() -> str:
        return next(answers)

    one = desk(source)
    with pytest.raises(TokenSourceError):
        await one.get()
    assert await one.get() == Secret("glpat-1")


@pytest.mark.parametrize("bad", [None, 7, b"glpat-1", ["glpat-1"], object()])
def test_what_is_no_source_is_refused(bad: object) -> None:
    with pytest.raises(ConfigurationError, match=f"not {type(bad).__name__}"):
        desk(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", ["", "glpat-1\n", " glpat-1", "gl pat"])
def test_a_string_that_cannot_be_a_token_is_refused_and_not_shown(bad: str) -> None:
    with pytest.raises(ConfigurationError, match="access_token must") as caught:
        desk(bad)
    assert "pat" not in str(caught.value)


async def test_a_refused_token_is_rejected_and_another_one_asked_for() -> None:
    source = Source("glpat-1", "glpat-2")
    one = desk(source)
    assert await one.another(await one.get()) == Secret("glpat-2")
    assert source.rejected == ["glpat-1"]
    assert source.asked == 2


async def test_the_same_token_again_is_no_other() -> None:
    source = Source("glpat-1")
    assert await desk(source).another(Secret("glpat-1")) is None
    assert source.asked == 1


async def test_a_source_that_fails_when_asked_again_has_no_other() -> None:
    source = Source("glpat-1", "")
    one = desk(source)
    assert await one.another(await one.get()) is None


async def test_a_reject_that_raises_is_ignored() -> None:
    class Rejecting(Source):
        def reject(self, token: str, /) -> None:
            raise ValueError(token)

    assert await desk(Rejecting("glpat-2")).another(Secret("glpat-1")) == Secret(
        "glpat-2"
    )


async def test_a_changed_token_is_told_and_the_first_one_is_not() -> None:
    changes: list[str] = []
    source = Source("glpat-1", "glpat-1", "glpat-2", "glpat-2")
    one = desk(source, lambda: changes.append("changed"))
    for expected in ([], [], ["changed"], ["changed"]):
        await one.get()
        await wait_all_tasks_blocked()
        assert changes == expected


async def test_closing_ends_the_question_for_all_who_wait() -> None:
    one = desk(SlowSource())
    waiter = asyncio.create_task(one.get())
    await wait_all_tasks_blocked()
    await one.aclose()
    with pytest.raises(TokenSourceError, match="not awaited any more"):
        await waiter
    await one.aclose()


async def test_a_question_without_an_answer_is_put_anew_after_30_s() -> None:
    asked = 0

    async def source() -> str:
        nonlocal asked
        asked += 1
        if asked == 1:
            await asyncio.Event().wait()
        return "glpat-1"

    one = desk(source)
    for _ in range(2):
        with pytest.raises(TokenSourceError):
            await one.get()
    await asyncio.sleep(30)
    assert await one.get() == Secret("glpat-1")
    assert asked == 2
    await wait_all_tasks_blocked()
    assert await one.get() == Secret("glpat-1")


class Renewing(Source):
    """A source that renews its token when it is told of a refusal, in a while."""

    def __init__(self, *tokens: str) -> None:
        super().__init__(*tokens)
        self.refused = False

    async def get(self) -> str:
        self.asked += 1
        if self.refused:
            await asyncio.sleep(1)
            self.refused = False
            self.tokens.pop(0)
        return self.tokens[0]

    def reject(self, token: str, /) -> None:
        super().reject(token)
        self.refused = True


async def test_many_calls_that_learn_of_a_refusal_have_one_token_renewed() -> None:
    source = Renewing("glpat-1", "glpat-2", "glpat-3")
    one = desk(source)
    refused = await one.get()
    calls = [asyncio.create_task(one.another(refused)) for _ in range(50)]
    calls[0].cancel()
    late = await asyncio.gather(*calls[1:])
    assert set(late) == {Secret("glpat-2")}
    assert source.rejected == ["glpat-1"]
    assert await one.another(refused) == Secret("glpat-2")  # the last to learn of it
    assert source.rejected == ["glpat-1"]


async def test_a_token_asked_for_before_the_refusal_is_not_taken_for_another() -> None:
    source = SlowSource()
    one = desk(source)
    asking = asyncio.create_task(one.another(Secret("glpat-1")))
    before = asyncio.create_task(one.get())
    await wait_all_tasks_blocked()
    source.answer.set_result("glpat-1")
    assert await before == Secret("glpat-1")
    assert await asking is None


async def test_what_was_being_asked_for_already_may_be_another_token() -> None:
    class Slow(SlowSource):
        def __init__(self) -> None:
            super().__init__()
            self.rejected: list[str] = []

        async def get(self) -> str:
            return await self()

        def reject(self, token: str, /) -> None:
            self.rejected.append(token)

    source = Slow()
    one = desk(source)
    before = asyncio.create_task(one.get())
    await wait_all_tasks_blocked()
    asking = asyncio.create_task(one.another(Secret("glpat-1")))
    await wait_all_tasks_blocked()
    source.answer.set_result("glpat-2")
    assert await before == await asking == Secret("glpat-2")
    assert source.rejected == []


async def test_a_refusal_is_told_again_when_it_brought_nothing() -> None:
    source = Source("glpat-1")
    one = desk(source)
    refused = await one.get()
    for _ in range(2):
        assert await one.another(refused) is None
    assert source.rejected == ["glpat-1", "glpat-1"]


async def test_a_reject_that_hangs_is_given_2_s() -> None:
    class Hanging(Source):
        async def reject(self, token: str, /) -> None:  # type: ignore[override]
            await asyncio.Event().wait()

    one = desk(Hanging("glpat-2"))  # type: ignore[arg-type]
    started = asyncio.get_running_loop().time()
    assert await one.another(Secret("glpat-1")) == Secret("glpat-2")
    assert asyncio.get_running_loop().time() - started == 2.0


async def test_a_source_that_hangs_after_a_refusal_is_given_2_s() -> None:
    one = desk(SlowSource())
    assert await one.another(Secret("glpat-1")) is None
    assert asyncio.get_running_loop().time() == 2.0
    await one.aclose()


async def test_closing_ends_a_replacement_for_all_who_wait() -> None:
    one = desk(SlowSource())
    waiting = asyncio.create_task(one.another(Secret("glpat-1")))
    await wait_all_tasks_blocked()
    await one.aclose()
    assert await waiting is None


def test_a_source_names_the_header_of_its_tokens() -> None:
    class Private(Source):
        header = TokenHeader.PRIVATE_TOKEN

    class Word(Source):
        header = "JOB-TOKEN"

    class Wrong(Source):
        header = "X-My-Token"

    assert desk("glpat-1").header is TokenHeader.AUTHORIZATION
    assert desk(Source("glpat-1")).header is TokenHeader.AUTHORIZATION
    assert desk(Private("glpat-1")).header is TokenHeader.PRIVATE_TOKEN
    assert desk(Word("glpat-1")).header is TokenHeader.JOB_TOKEN
    with pytest.raises(ConfigurationError, match="PRIVATE-TOKEN"):
        desk(Wrong("glpat-1"))
