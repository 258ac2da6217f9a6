"""How many requests typing may send to the instance."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, strategies as st

from gitlab_completions.editor._core.minute import Minute

LIMIT = 50


def minute(sent: int = 0, *, used: int = 0, indirect: bool = True) -> Minute:
    one = Minute()
    one.hear(used, indirect=indirect)
    for _ in range(sent):
        one.spend(0.0)
    return one


def test_the_last_request_of_a_minute_is_the_limits() -> None:
    assert minute(49).allows(LIMIT, 1.0)
    assert not minute(50).allows(LIMIT, 59.9)
    assert minute(50).allows(LIMIT, 60.0)


def test_what_the_whole_client_sent_counts() -> None:
    assert not minute(0, used=50).allows(LIMIT, 1.0)


def test_direct_is_not_counted() -> None:
    one = minute(60, used=60, indirect=False)
    assert one.allows(LIMIT, 1.0)
    assert one.extra_wait_s(LIMIT, 1.0) == 0.0
    one.hear(0, indirect=True)
    assert one.used(1.0) == 0


def test_the_wait_grows_smoothly_from_half_of_the_requests_on() -> None:
    waits = [minute(sent).extra_wait_s(LIMIT, 1.0) for sent in range(61)]
    assert waits[:26] == [0.0] * 26
    assert waits == sorted(waits)
    steps = [after - before for before, after in pairwise(waits)]
    assert max(steps) < 0.1
    assert waits[50:] == [1.2] * 11


@given(st.lists(st.floats(0, 5), max_size=300))
def test_no_more_than_the_limit_goes_out_in_any_minute(gaps: list[float]) -> None:
    one, now, sent = minute(), 0.0, list[float]()
    for gap in gaps:
        now += gap
        if one.allows(LIMIT, now):
            one.spend(now)
            sent.append(now)
    for at in sent:
        assert sum(at <= other < at + 60.0 for other in sent) <= LIMIT
