"""What a client may ask for, asked by pytest-lsp's client in virtual time."""

from __future__ import annotations

from lsprotocol import types

from tests.lsp.talking import AT_END, Talk


async def test_a_client_is_suggested_what_comes_next() -> None:
    async with Talk() as talk:
        talk.open()
        (item,) = await talk.suggest()
    assert item.insert_text == "return a + b"
    assert item.range == types.Range(AT_END, AT_END)
    assert item.command is not None
    assert item.command.command == "gitlab-completions.accept"
