"""Secrets are found by a library's rules, and each gives way to as many asterisks."""

from __future__ import annotations

import base64
import importlib.util
from typing import TYPE_CHECKING

import kingfisher_sdk
import pytest
from hypothesis import given, settings, strategies as st

from gitlab_completions import redaction
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.redaction import Redactor, SecretRedactor

if TYPE_CHECKING:
    from pathlib import Path

# Put together here, so that no scanner takes this file for a leak.
GITHUB = "ghp_" + "aB3dE6gH1jKlMn0pQrStUvWx7yZ4aB9cD2eF"
GITLAB = "glpat-" + "aB3dE6gH1jKlMn0pQrSt"
KEY_ID, KEY = (
    "AKIA" + "Z3MNXUYQWERTYB52",
    "wJalrXUtnFEMIzK7MDENG" + "zbPxRfiCYzzzzzzKEYA",
)
LINES = "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7MhgwMbRvI0MBZhpI\r\n" * 9
PRIVATE = f"-----BEGIN RSA PRIVATE KEY-----\r\n{LINES}-----END RSA PRIVATE KEY-----"


OURS = r"""
rules:
  - name: Our passwords
    id: custom.ours
    pattern: '\b(corp-[a-z0-9]{12})\b'
    confidence: medium
    min_entropy: 1.0
    examples: ['corp-abc123def456']
"""


@pytest.fixture(scope="session")
def redactor(tmp_path_factory: pytest.TempPathFactory) -> SecretRedactor:
    folder = tmp_path_factory.mktemp("ours")
    (folder / "ours.yml").write_text(OURS)
    return SecretRedactor(rules=[folder / "ours.yml"])


@pytest.mark.parametrize("secret", [GITHUB, GITLAB])
@pytest.mark.parametrize(
    "line", ['x = "{}"\n', "{}", "# 😀é\nא = '{}'\r\n", "\ufeff{}\r", "\0a\0b\0 {} \0"]
)
def test_a_secret_gives_way_to_as_many_asterisks(
    redactor: SecretRedactor, secret: str, line: str
) -> None:
    masked = "*" * len(secret)
    assert redactor.redact(line.format(secret)) == line.format(masked)
    twice = line.format(secret) * 2
    assert redactor.redact(twice) == line.format(masked) * 2


def test_a_secret_beside_halves_of_characters_is_found(
    redactor: SecretRedactor,
) -> None:
    text = f'"\ud83d" + "{GITHUB}" # \ud83d\ude00 \ude00'
    assert redactor.redact(text) == text.replace(GITHUB, "*" * 40)


def test_line_ends_within_a_secret_stay(redactor: SecretRedactor) -> None:
    text = f'key = """{PRIVATE}"""\r\nrest = 1\r\n'
    redacted = redactor.redact(text)
    assert len(redacted) == len(text)
    assert [len(line) for line in redacted.splitlines()] == [
        len(line) for line in text.splitlines()
    ]
    assert "MIIE" not in redacted
    assert redacted.endswith('"""\r\nrest = 1\r\n')


def test_a_secret_that_tells_by_its_neighbour_is_found_too(
    redactor: SecretRedactor,
) -> None:
    text = f'aws_access_key_id={KEY_ID}\naws_secret_access_key="{KEY}"\n'
    redacted = redactor.redact(text)
    assert KEY not in redacted
    assert KEY_ID not in redacted


def test_a_secret_within_base64_is_found(redactor: SecretRedactor) -> None:
    hidden = base64.b64encode(f"token={GITHUB}".encode()).decode()
    assert hidden not in redactor.redact(f'x = "{hidden}"')


def test_text_without_secrets_is_the_same_object(redactor: SecretRedactor) -> None:
    text = "def area(width, height):\n    return width * height\n" * 100
    assert redactor.redact(text) is text
    assert not redactor.redact("")


@settings(deadline=None)
@given(
    st.text(st.characters(exclude_categories=()) | st.sampled_from("\0\r\n\ud83d😀")),
    st.text(st.characters(exclude_categories=()) | st.sampled_from("\0\r\n\ude00é")),
)
def test_places_in_bytes_become_places_in_characters(before: str, after: str) -> None:
    def bytes_of(text: str) -> bytes:
        return text.encode(errors="replace")

    start, end = len(bytes_of(before)), len(bytes_of(before + GITHUB))
    spans = [(start, end), (start + 5, start + 9), (end - 4, end)]
    places = list(redaction._in_characters(spans, bytes_of(before + GITHUB + after)))
    assert places == [(len(before), len(before + GITHUB))]


def test_places_are_widened_to_characters_and_do_not_overlap() -> None:
    data = "aéééb".encode()
    assert list(redaction._in_characters([(1, 4), (3, 6), (4, 7)], data)) == [
        (1, 3),
        (3, 4),
    ]
    assert list(redaction._in_characters([(7, 8), (2, 3)], data)) == [(1, 2), (4, 5)]


def test_rules_of_ones_own_count_beside_the_librarys(redactor: SecretRedactor) -> None:
    text = f"a corp-abc123def456 b {GITHUB}"
    assert redactor.redact(text) == f"a {'*' * 17} b {'*' * 40}"


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (None, "ours.yml is neither a file"),
        ("rules: [", "parse YAML from file: .*ours.yml"),
    ],
)
def test_rules_that_cannot_be_used_are_told(
    tmp_path: Path, rules: str | None, told: str
) -> None:
    file = tmp_path / "ours.yml"
    if rules is not None:
        file.write_text(rules)
    with pytest.raises(ConfigurationError, match=told) as caught:
        SecretRedactor(rules=[file]).redact("x")
    assert "\n" not in str(caught.value)


def test_wrong_rules_are_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []

    def refuse(rules: object, *, cache_dir: object) -> None:
        tried.append(rules)
        raise RuntimeError("could not compile\n  rule 'custom.ours'")

    monkeypatch.setattr(kingfisher_sdk, "Rules", refuse)
    redactor = SecretRedactor(rules=["ours.yml"])
    for _ in range(3):
        with pytest.raises(ConfigurationError, match=r"rule 'custom\.ours'"):
            redactor.redact("x")
    assert tried == [("ours.yml",)]


def test_a_secret_outside_of_the_text_is_an_error() -> None:
    with pytest.raises(ValueError, match="outside"):
        list(redaction._in_characters([(3, 9)], b"short"))


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redaction, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"gitlab-completions\[redact\]"):
        SecretRedactor()


def test_one_string_is_no_list_of_rules() -> None:
    with pytest.raises(ConfigurationError, match="not a string"):
        SecretRedactor(rules="ours.yml")


def test_it_is_a_redactor_and_making_one_imports_nothing() -> None:
    assert isinstance(SecretRedactor(), Redactor)
    assert importlib.util.find_spec("kingfisher_sdk") is not None
