"""Authors type as people do, and each as their seed says."""

from __future__ import annotations

import statistics

from gitlab_completions.emulator import Prompt
from gitlab_completions.emulator.model import continue_line, post_process
from tests.soak.authors import LONG_PAUSE_S, Hands, answer_to, make_request


def test_a_seed_types_in_one_way() -> None:
    one, two, other = (Hands(seed) for seed in ("1 Ada", "1 Ada", "2 Ada"))
    assert [one.gap_s() for _ in range(5)] == [two.gap_s() for _ in range(5)]
    assert one.pause_s() != other.pause_s()


def test_bursts_come_at_eight_to_ten_keys_a_second() -> None:
    hands = Hands("1")
    gaps = [hands.gap_s() for _ in range(2000)]
    assert 8 <= 1 / statistics.mean(gaps) <= 10
    assert 3 <= statistics.mean(hands.keys() for _ in range(2000)) <= 5


def test_pauses_are_short_and_now_and_then_very_long() -> None:
    hands = Hands("1")
    pauses = [hands.pause_s() for _ in range(5000)]
    tenths = statistics.quantiles(pauses, n=10)
    assert 0.7 < tenths[4] < 0.9
    assert 2.5 < tenths[8] < 3.6
    assert 20 < sum(pause >= LONG_PAUSE_S[0] for pause in pauses) < 100


def test_every_request_has_an_answer_of_its_own() -> None:
    request = make_request(7, "soak/one")
    below = request.content_below_cursor
    prompt = Prompt(above=request.content_above_cursor, below=below)
    assert post_process(continue_line(prompt), below) == answer_to(7)
    assert answer_to(7) != answer_to(8)
