"""A chart tells what came, and shows nothing of what it holds."""

from __future__ import annotations

from gitlab_completions import Route
from gitlab_completions._records import replace
from gitlab_completions.senders import SendError
from tests._doctor.parts import came, chart, failed, road, shake


def test_it_knows_which_routes_complete() -> None:
    seen = chart(tasted={Route.DIRECT: failed(Route.DIRECT), Route.INDIRECT: came()})
    assert seen.completes
    assert (seen.came(Route.DIRECT), seen.came(Route.INDIRECT)) == (False, True)
    assert not chart(tasted={}).completes


def test_a_road_takes_as_long_as_its_steps() -> None:
    assert road().connect_s == 0.05
    assert replace(road(), handshake=replace(shake(), tls_s=None)).connect_s == 0.02
    assert replace(road(), handshake=None).connect_s is None
    assert road(handshake=shake(error=SendError("tls"))).connect_s is None


def test_it_shows_nothing_of_what_it_holds() -> None:
    assert "19.3.0" not in repr(chart())
    assert "glpat" not in repr(chart().patient)
