from __future__ import annotations

import time

import pytest
from hypothesis import given, strategies as st

from gitlab_completions._records import replace
from gitlab_completions._secrets import HostHeaders
from gitlab_completions._transport.secrecy import can_carry
from gitlab_completions._wire.headers import (
    access_headers,
    bearer_headers,
    check_access_token,
    date_s,
    gateway_headers,
    grant_headers,
    is_json,
    request_id,
    retry_after_s,
    user_agent,
)
from gitlab_completions.details import ConnectionDetails
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.models import TokenHeader

DATE = "Mon, 23 Nov 2026 07:46:16 GMT"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("60", 60.0),
        (" 7 ", 7.0),
        ("0.5", 0.5),
        ("0", 1.0),
        ("-5", 1.0),
        ("Mon, 23 Nov 2026 07:46:46 GMT", 30.0),
        ("Monday, 23-Nov-26 07:46:46 GMT", 30.0),
        ("Mon, 23 Nov 2026 07:46:00 GMT", 1.0),
        ("", None),
        ("soon", None),
        ("1e3", None),
        ("١٢", None),
        ("9" * 400, None),
        ("Mon, 99 Nov 2026 07:46:46 GMT", None),
        ("Mon, 23 Nov 99999 07:46:46 GMT", None),
        ("Mon, 23 Nov 2026 07:46:46 GMT" + " (x)" * 20, None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after_s({"retry-after": value, "date": DATE}) == seconds


def test_retry_after_as_a_date_needs_the_answers_own_date() -> None:
    assert retry_after_s({"retry-after": DATE}) is None
    assert retry_after_s({"retry-after": DATE, "date": "yesterday"}) is None
    assert retry_after_s({}) is None


@given(st.text(), st.text())
def test_no_retry_after_breaks_it(value: str, date: str) -> None:
    seconds = retry_after_s({"retry-after": value, "date": date})
    assert seconds is None or 0 < seconds < 1e12


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="its zone cannot be set")
@pytest.mark.parametrize("zone", [" GMT", " +0000", " -0000", ""])
def test_a_date_is_read_the_same_in_every_time_zone(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as context:
        context.setenv("TZ", "America/Los_Angeles")
        time.tzset()
        seconds = date_s(f"Mon, 05 Oct 2026 07:28:00{zone}")
    time.tzset()
    assert seconds == 1_791_185_280


@given(st.text())
def test_no_date_breaks_it(text: str) -> None:
    date_s(text)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("01HX-abc", "01HX-abc"),
        ("  01HX ", "01HX"),
        ("x" * 255, "x" * 255),
        ("x" * 256, None),
        ("", None),
        ("id\x1b[31m", None),
        ("ïd", None),
        ("a\nb", None),
        ("9f1c-4e/2:7=", "9f1c-4e/2:7="),
        ("def area(r):", None),
        ('{"a"}', None),
        ("<b>", None),
    ],
)
def test_a_request_id_is_fit_for_a_log_or_absent(value: str, found: str | None) -> None:
    assert request_id({"x-request-id": value}) == found
    assert request_id({}) is None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        (" application/json ;x=y", True),
        ("application/problem+json", True),
        ("text/html", False),
        ("application/jsonp", False),
        ("text/plain; x=application/json", False),
        ("", False),
    ],
)
def test_what_says_that_it_is_json(kind: str, expected: bool) -> None:
    assert is_json({"content-type": kind}) is expected
    assert not is_json({})


def test_a_user_agent() -> None:
    assert user_agent(None, "0.1.0") == "gitlab_completions/0.1.0"
    assert (
        user_agent(" my-editor/2 ", "0.1.0") == "gitlab_completions/0.1.0 (my-editor/2)"
    )


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        (7, "must be a string, not int"),
        ("", "must not be blank"),
        ("  ", "must not be blank"),
        ("a\r\nX: y", "printable ASCII"),
        ("a\tb", "printable ASCII"),
        ("éditeur", "printable ASCII"),
        ("x" * 201, "has 201 characters; at most 200"),
        ("my GitLab-Language-Server/7", "must not name GitLab's language server"),
        ("code-completions-language-server-experiment", "must not name"),
    ],
)
def test_a_bad_user_agent_is_refused(extra: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^user_agent ") as caught:
        user_agent(extra, "0.1.0")
    assert problem in str(caught.value)


def test_an_access_token_that_a_header_can_carry() -> None:
    assert check_access_token("glpat-s3cret_.x") == "glpat-s3cret_.x"


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        (None, "must be a string, not NoneType"),
        (b"s3cret", "must be a string, not bytes"),
        ("", "must not be empty"),
        ("s3cret\n", "strip what was read"),
        (" s3cret", "strip what was read"),
        ("  ", "strip what was read"),
        ("s3 cret", "without blanks"),
        ("s3cret\r\nX-Evil: s3cret", "control characters"),
        ("s3cret\x00", "control characters"),
        ("s3crét", "ASCII"),
        ("s3cret\ud800", "ASCII"),
    ],
)
def test_a_bad_access_token_is_refused_without_being_shown(
    token: object, problem: str
) -> None:
    with pytest.raises(ConfigurationError, match=r"^access_token ") as caught:
        check_access_token(token)
    assert problem in str(caught.value)
    assert "s3" not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "pair"),
    [
        (TokenHeader.AUTHORIZATION, ("Authorization", "Bearer t0ken")),
        (TokenHeader.PRIVATE_TOKEN, ("PRIVATE-TOKEN", "t0ken")),
        (TokenHeader.JOB_TOKEN, ("JOB-TOKEN", "t0ken")),
    ],
)
def test_a_token_goes_into_its_header_alone(
    header: TokenHeader, pair: tuple[str, str]
) -> None:
    headers = access_headers("t0ken", "agent/1", header)
    assert [one for one in headers.items() if "t0ken" in one[1]] == [pair]
    assert headers["Accept"] == "application/json"
    assert can_carry(headers)


def test_bearer_headers() -> None:
    assert bearer_headers("t0ken", "agent/1") == {
        "Authorization": "Bearer t0ken",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "agent/1",
    }


OIDC = {"X-Gitlab-Authentication-Type": "oidc"}


@pytest.mark.parametrize(
    ("pairs", "echoed", "dropped"),
    [
        ({}, {}, 0),
        (None, {}, 0),
        (["X-A"], {}, 0),
        ({"x-gitlab-realm": "saas"}, {"x-gitlab-realm": "saas"}, 0),
        ({"X-Empty": ""}, {"X-Empty": ""}, 0),
        ({"X-A": " b c "}, {"X-A": "b c"}, 0),
        ({"X-A": "1", "x-a": "2"}, {"x-a": "2"}, 1),
        ({"X-GITLAB-AUTHENTICATION-TYPE": "jwt"}, {}, 0),
        ({"Authorization": "Basic eA==", "content-type": "text/plain"}, {}, 2),
        ({"x-gitlab-LANGUAGE-server-version": "7.9.0"}, {}, 1),  # ours to claim
        ({"User-Agent": "x", "X-REQUEST-ID": "x", "Cookie": "x", "Host": "x"}, {}, 4),
        (
            {"X-": "x", "X A": "x", "X-A:": "x", "X-é": "x", "X-" + "a" * 256: "x"},
            {},
            5,
        ),
        ({"X-A": "é", "X-B": "a\r\nb", "X-C": "\t", "X-D": "\x7f"}, {}, 4),
        ({"X-A": None, "X-B": 7, "X-C": True, "X-D": ["x"]}, {}, 4),
        ({"X-A": "a" * 4096}, {"X-A": "a" * 4096}, 0),
        ({"X-A": "a" * 4097}, {}, 1),
        ({"X-A": "b\r\n c"}, {}, 1),  # folded, as HTTP once allowed
        ({"X-A\r\nHost": "b", "X-A\x00": "b", "X-A\n": "b"}, {}, 3),
        ({"X-A": "b\xff", "X-B": "b\ud800", "X-C\ud800": "b"}, {}, 3),
        ({"Connection": "X-A", "TE": "x", "Transfer-Encoding": "chunked"}, {}, 3),
        ({"Content-Length": "0", "Expect": "100-continue", "Upgrade": "h2c"}, {}, 3),
        ({"X-A": "1", "X-a": "2\r\n"}, {"X-A": "1"}, 1),
    ],
)
def test_granted_headers(pairs: object, echoed: dict[str, str], dropped: int) -> None:
    assert grant_headers(pairs) == (echoed | OIDC, dropped)


@pytest.mark.parametrize(
    "name",
    [
        "X-HTTP-Method-Override",
        "x-http-method",
        "X-Method-Override",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-Host",
        "X-Forwarded-For",
        "X-FORWARDED-HOST",
        "X-Real-IP",
        "X-Client-IP",
        "X-Remote-User",
        "X-Auth-Request-User",
        "X-Aws-Ec2-Metadata-Token",
        "X-Amz-Security-Token",
        "X-Google-Metadata-Request",
        "X-Vault-Token",
    ],
)
def test_what_other_servers_act_on_is_not_echoed(name: str) -> None:
    assert grant_headers({name: "x", "X-Gitlab-New": "y"}) == (
        {"X-Gitlab-New": "y"} | OIDC,
        1,
    )


def test_at_most_64_granted_headers_are_echoed() -> None:
    echoed, dropped = grant_headers({f"X-{number}": "v" for number in range(70)})
    assert len(echoed) == 64 + 1
    assert dropped == 6
    assert "X-63" in echoed


ANY = st.text(st.characters())  # surrogates too
VALUES = ANY | st.sampled_from(["a\r\nX-Evil: 1", "a\n b", " a", "a\0", "\xff"])


@given(
    st.dictionaries(
        ANY | ANY.map("X-{}".format) | st.from_regex(r"(?i)\Ax-[a-z-]{1,8}\Z"),
        VALUES | st.none() | st.integers(),
    )
)
def test_whatever_is_granted_a_header_can_carry_it(pairs: dict[str, object]) -> None:
    echoed, dropped = grant_headers(pairs)
    assert len(echoed) + dropped >= len(pairs)
    for name, value in echoed.items():
        assert name.lower().startswith("x-")
        assert f"{name}{value}".isascii()
        assert f"{name}{value}".isprintable()
        assert value == value.strip()
    names = [name.lower() for name in echoed | bearer_headers("t", "agent")]
    assert len(names) == len(set(names))
    assert can_carry(echoed)


def test_a_grants_headers_stay_with_the_host_that_they_are_for() -> None:
    details = ConnectionDetails(
        base_url="https://other", token="t", headers={"X-A": "1"}, lifetime_s=1
    )
    made = gateway_headers(details)
    assert made == {"X-A": "1"}
    assert made.allow("https://other/v4")
    bound = HostHeaders("https://gateway", {"X-A": "1"})
    assert gateway_headers(replace(details, headers=bound)) is bound
