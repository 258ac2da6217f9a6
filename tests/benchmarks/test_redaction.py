"""What is redacted is what the table says, and each text has a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions.redaction import SecretRedactor
from tests.benchmarks import redaction
from tests.benchmarks.rounds import read_wish

if TYPE_CHECKING:
    from pathlib import Path


def test_the_texts_have_their_size_and_what_they_are_named_after() -> None:
    asked = redaction.texts(read_wish("Doc.", [], rounds=1))
    assert len(asked) == 4 * len(redaction.SIZES)
    for kind, size, text in asked:
        assert size * 1000 - 4 < len(text.encode()) <= size * 1000
        assert text.isascii() is ("ASCII" not in kind)
        assert ("ghp_" in text) is ("secrets" in kind)


@pytest.mark.real_time
def test_each_text_is_redacted_and_has_a_row(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def from_the_tests_cache(cache_dir: Path) -> SecretRedactor:
        return SecretRedactor()

    monkeypatch.setattr(redaction, "SecretRedactor", from_the_tests_cache)
    redaction.main(["--quick", "--rounds", "1"])
    captured = capsys.readouterr()
    head, *rows = (line.split("\t") for line in captured.out.splitlines())
    assert head == list(redaction.COLUMNS)
    assert [row[0] for row in rows] == [
        redaction.IDLE,
        "source",
        "source with secrets",
        "source full of secrets",
        "source that is not ASCII",
    ]
    assert all(float(cell) >= 0 for row in rows for cell in row[2:])
    assert "from the cache" in captured.err


def test_every_secret_of_a_text_is_taken_out() -> None:
    redactor = SecretRedactor()
    wish = read_wish("Doc.", ["--quick"], rounds=1)
    for kind, _, text in redaction.texts(wish):
        redacted = redactor.redact(text)
        assert (redacted != text) is ("secrets" in kind)
        whole = [line for line in redacted.splitlines()[:-1] if "ghp_" in line]
        assert whole == []
