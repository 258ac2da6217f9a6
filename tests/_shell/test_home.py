"""A client lives in one process and on one event loop, and says so elsewhere."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from gitlab_completions._shell.home import Home
from gitlab_completions.errors import ConfigurationError


async def enter(home: Home) -> asyncio.AbstractEventLoop:
    return home.enter()


async def check_loop(home: Home) -> None:
    home.check_loop()


def of_a_loop_that_is_over() -> Home:
    home = Home()
    asyncio.run(enter(home))
    return home


async def test_the_first_use_decides() -> None:
    home = Home()
    assert home.enter() is home.enter() is asyncio.get_running_loop()
    assert not home.is_lost


async def test_before_its_first_use_a_client_may_be_used_anywhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = Home()
    home.check_thread()
    monkeypatch.setattr(os, "getpid", lambda: -1)
    home.check_process()
    assert home.enter() is asyncio.get_running_loop()


@pytest.mark.real_time
async def test_another_loop_is_refused() -> None:
    home = Home()
    home.enter()
    with ThreadPoolExecutor(1) as pool:
        for use in enter, check_loop:
            attempt = asyncio.wrap_future(pool.submit(asyncio.run, use(home)))
            with pytest.raises(ConfigurationError, match="SyncCompletionClient"):
                await attempt
    assert not home.is_lost


def test_another_loop_is_told_that_the_first_is_over() -> None:
    home = of_a_loop_that_is_over()
    assert home.is_lost
    with pytest.raises(ConfigurationError, match=r"within each asyncio\.run"):
        asyncio.run(enter(home))


def test_no_loop_at_all_is_refused_as_well() -> None:
    with pytest.raises(ConfigurationError, match="another event loop"):
        of_a_loop_that_is_over().check_loop()


@pytest.mark.real_time
async def test_another_thread_is_refused_while_the_loop_runs() -> None:
    home = Home()
    home.enter()
    home.check_thread()
    with pytest.raises(ConfigurationError, match="call_soon_threadsafe"):
        await asyncio.to_thread(home.check_thread)


def test_any_thread_will_do_once_the_loop_has_stopped() -> None:
    of_a_loop_that_is_over().check_thread()


async def test_a_forked_child_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home()
    home.enter()
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert home.is_lost
    for check in home.enter, home.check_loop, home.check_thread, home.check_process:
        with pytest.raises(ConfigurationError, match="make a client after the fork"):
            check()
