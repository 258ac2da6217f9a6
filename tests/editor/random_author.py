"""An author who does anything at any time, and a judge of what the session does.

`RandomAuthor` keeps the documents itself, as an editor does: it types along what is
shown or against it, goes back, edits below and above, moves, changes and closes files,
takes and rejects, asks, and leaves calls. After each step it asks the session, and
judges what comes against the document as it is then. `ModelGitLab` numbers its answers,
so that of each suggestion it is known what the model saw when it wrote that.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from gitlab_completions.editor import (
    Document,
    EditorPolicy,
    EditorSession,
    Part,
    Silence,
    Source,
    SuggestionEvent,
    Trigger,
)
from gitlab_completions.editor.fitting import auto_closed, fitted, left_of
from gitlab_completions.editor.parts import next_line, next_word
from gitlab_completions.editor.wanted import unwanted
from gitlab_completions.testing import FakeGitLab

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.editor import Suggestion, Suggestions
    from gitlab_completions.emulator.model import Prompt

POLICY = EditorPolicy()
START = """\
def area(width, height):
    return width * height


class Shape {
    draw(canvas) {
        paint(canvas, [self.x, "blue"]);
    }
}
"""
ANSWERS = [
    "",
    "v{n} = 1",
    "v{n}(first, second)",
    "v{n}, [other])",
    "v{n}(\n        first,\n        second,\n    )\n    return v{n}",
    "if v{n}:\n        return 1\n    return 2\n",
    "v{n} {{\n        draw();\n    }}\n}}\n",
    '"v{n}")',
    "'v{n}' + \"é😀\"",
    "v{n};",
    "\n    v{n}\n\n\nclass Other {{\n",
    "v{n} " * 12,
]
NUMBER = re.compile(r"v(\d+)")
KEYS = "abcxyz_ ()[]{}\"'.,:;=+<>é語😀\t"
CLOSERS = {"(": ")", "[": "]", "{": "}", '"': '"'}
REMEMBERED = 100
"""Places whose answers must be at hand: fewer than are kept."""


def plain(text: str) -> str:
    return text.replace("\r\n", "\n")


class ModelGitLab(FakeGitLab):
    """A GitLab whose model says something else each time, and remembers of what."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed=seed)
        self._dice = random.Random(seed)
        self._asked = 0
        self.seen: dict[int, Prompt] = {}

    def _say(self, prompt: Prompt) -> str:
        self._asked += 1
        self.seen[self._asked] = prompt
        self.seen.pop(self._asked - 5_000, None)
        for endpoint in (self.gateway, self.instance, self.direct_access):
            endpoint.requests.clear()
        return self._dice.choice(ANSWERS).format(n=self._asked)


class Shown(NamedTuple):
    """What is on the screen: a suggestion, and what of it is not typed yet."""

    suggestion: Suggestion
    text: str


class Offered(NamedTuple):
    """A suggestion at a place, without CR."""

    above: str
    below: str
    text: str

    def is_left_of(self, other: Offered) -> bool:
        typed = self.above[len(other.above) :]
        return (
            self.below == other.below
            and self.above == other.above + typed
            and other.text == typed + self.text
        )


class Page:
    """An open document, its cursor, and the suggestion that is shown there."""

    def __init__(self, name: str, end: str) -> None:
        self.uri = f"file:///work/{name}.py"
        self.end = end
        self.text = START.replace("\n", end)
        self.at = len(self.text)
        self.shown: Shown | None = None
        self.asked = self.offered = self.state

    @property
    def document(self) -> Document:
        return Document(uri=self.uri, text=self.text, language="python")

    @property
    def state(self) -> tuple[str, str, int]:
        return self.uri, self.text, self.at

    def insert(self, text: str, after: str = "") -> None:
        self.text = self.text[: self.at] + text + after + self.text[self.at :]
        self.at += len(text)

    def backspace(self) -> None:
        width = 2 if self.text.endswith("\r\n", 0, self.at) else min(1, self.at)
        self.text = self.text[: self.at - width] + self.text[self.at :]
        self.at -= width

    def change(self, start: int, end: int, text: str) -> None:
        """Change the text before or behind the cursor, never amid a line end."""
        start -= self.text[start - 1 : start + 1] == "\r\n"
        end += self.text[end - 1 : end + 1] == "\r\n"
        length = len(self.text)
        self.text = self.text[:start] + text + self.text[end:]
        if start < self.at:
            self.at += len(self.text) - length

    def move(self, at: int) -> None:
        self.at = at - (self.text[at - 1 : at + 1] == "\r\n")


class RandomAuthor:
    """Edits at random, and judges.

    Args:
        seed: The same one, the same edits.
        session: Whom is asked.
        gitlab: Who answers.
        pace_s: Seconds between two keys, by their median.
    """

    def __init__(
        self, seed: int, session: EditorSession, gitlab: ModelGitLab, pace_s: float
    ) -> None:
        self._dice = random.Random(seed)
        self._session = session
        self._gitlab = gitlab
        self._pace_s = pace_s
        self._pages = [Page("one", "\n"), Page("two", "\r\n"), Page("three", "\n")]
        self._page = self._pages[0]
        self._tasks: set[asyncio.Task[None]] = set()
        self._known: dict[tuple[str, str, int], float] = {}
        self._rejected: deque[tuple[tuple[str, str, int], str]] = deque(maxlen=500)
        self._offers: dict[str, deque[Offered]] = {}
        self.sources: dict[Source | Silence, int] = {}
        self.requested_at: list[float] = []
        self.invoked_at: list[float] = []
        self.told: dict[str, list[str]] = {}
        session.observe(self._hear)

    async def edit(self, times: int) -> None:
        """Do so many things, one after the other, and wait for what is left of them."""
        steps: dict[Callable[[], None], int] = {
            self._type_along: 40,
            self._type: 18,
            self._break_line: 5,
            self._go_back: 10,
            self._take: 6,
            self._reject: 2,
            self._edit_below: 4,
            self._edit_above: 2,
            self._move: 5,
            self._change_page: 3,
            self._close_page: 1,
            self._have_faults: 1,
        }
        for _ in range(times):
            step = self._dice.choices([*steps], weights=[*steps.values()])[0]
            step()
            self._ask()
            if self._dice.random() < 0.03:
                self._dice.choice([*self._tasks]).cancel()
            await asyncio.sleep(self._pace_s * self._dice.lognormvariate(0, 0.8))
            for task in [one for one in self._tasks if one.done()]:
                self._tasks.discard(task)
                if not task.cancelled():
                    task.result()
        await asyncio.gather(*self._tasks, return_exceptions=False)
        self._tasks.clear()

    # Steps.

    def _type_along(self) -> None:
        page = self._page
        if page.shown is None:
            self._type()
            return
        text = page.shown.text
        typed = "\r\n" if text.startswith("\r\n") else text[0]
        closer = CLOSERS.get(typed, "") if self._dice.random() < 0.3 else ""
        page.insert(typed, closer)
        left = left_of(text, typed)
        if closer or left is None or not left.strip():
            page.shown = None
            return
        page.shown = Shown(page.shown.suggestion, left)

    def _type(self) -> None:
        key = self._dice.choice(KEYS)
        closes = key in CLOSERS and self._dice.random() < 0.5
        self._page.insert(key, CLOSERS[key] if closes else "")
        self._page.shown = None

    def _break_line(self) -> None:
        line = self._page.text[: self._page.at].rpartition(self._page.end)[2]
        indent = line[: len(line) - len(line.lstrip())]
        self._page.insert(self._page.end + indent)
        self._page.shown = None

    def _go_back(self) -> None:
        self._page.backspace()
        self._page.shown = None

    def _take(self) -> None:
        page = self._page
        if page.shown is None:
            return
        text = page.shown.text
        part = self._dice.choice([*Part])
        taken = {
            Part.ALL: text,
            Part.WORD: next_word(text),
            Part.LINE: next_line(text),
        }[part]
        page.insert(taken)
        self._session.accepted(page.shown.suggestion, part)
        page.shown = None

    def _reject(self) -> None:
        page = self._page
        if page.shown is None:
            return
        self._session.rejected(page.shown.suggestion)
        self._rejected.append((page.offered, page.shown.suggestion.text))
        page.shown = None

    def _edit_below(self) -> None:
        page = self._page
        place = self._dice.randint(page.at, len(page.text))
        end = min(place + self._dice.randint(0, 1), len(page.text))
        page.change(place, end, self._dice.choice(["", "#"]))
        page.shown = None

    def _edit_above(self) -> None:
        page = self._page
        place = self._dice.randint(0, page.at)
        page.change(place, place, "#")
        page.shown = None

    def _move(self) -> None:
        self._page.move(self._dice.randint(0, len(self._page.text)))
        self._page.shown = None

    def _change_page(self) -> None:
        self._page.shown = None
        self._page = self._dice.choice(self._pages)
        if len(self._page.text) > 4_000:  # enough: the rest of it is deleted
            self._page.text = START.replace("\n", self._page.end)
            self._page.at = len(self._page.text)

    def _close_page(self) -> None:
        uri = self._page.uri
        self._session.closed(uri)
        self._page.shown = None
        self._known = {key: at for key, at in self._known.items() if key[0] != uri}

    def _have_faults(self) -> None:
        fault = self._dice.choice(["fail", "hang", "heal"])
        endpoint = self._dice.choice([self._gitlab.gateway, self._gitlab.instance])
        if fault == "fail":
            endpoint.fail(503, times=2)
        elif fault == "hang":
            endpoint.hang(times=1)
        for each in (self._gitlab.gateway, self._gitlab.instance):
            each.delay(self._dice.uniform(0.05, 0.8))

    # What comes of them.

    def _ask(self) -> None:
        explicit = self._dice.random() < 0.05
        trigger = Trigger.EXPLICIT if explicit else Trigger.TYPING
        self._tasks.add(asyncio.create_task(self._suggest(self._page, trigger)))

    async def _suggest(self, page: Page, trigger: Trigger) -> None:
        """Ask for a page as it is, and judge what comes, if it is the same then."""
        state, along = page.state, page.shown
        page.asked = state
        now = asyncio.get_running_loop().time
        document, at, asked_at = page.document, page.at, now()
        why_not = unwanted(document, at, POLICY, trigger)
        is_known = self._known.get(state, 0) > asked_at
        found = await self._session.suggest(document, at, trigger)
        name = found.silence or found.items[0].source
        self.sources[name] = self.sources.get(name, 0) + 1
        if found.silence in {Silence.SUPERSEDED, Silence.GIVEN_UP}:
            return
        if page.state != state:
            assert page.asked == state, "a newer keystroke had been told of"
            return
        if why_not is not None and found.silence is not why_not:
            assert found.items[0].source is Source.TYPED_THROUGH
        if trigger is Trigger.TYPING:
            self._judge_effort(state, found, along, is_known=is_known)
        for suggestion in found.items:
            self._judge(page, suggestion)
        if found.items:
            self._session.shown(found.items[0])
            page.shown = Shown(found.items[0], found.items[0].text)
            page.offered = state
        if found.items and found.items[0].source is Source.NETWORK:
            self._remember(state, now() + POLICY.cache_s)

    def _judge_effort(
        self,
        state: tuple[str, str, int],
        found: Suggestions,
        along: Shown | None,
        *,
        is_known: bool,
    ) -> None:
        """Hold that what is known costs nothing, and what is rejected stays away."""
        is_shown = along is not None and (state, along.text) not in self._rejected
        if along is not None and is_shown:
            assert found.items, "what is left of a suggestion went away"
            assert found.items[0].id == along.suggestion.id
            assert found.items[0].text == along.text
            assert found.elapsed_s == 0
        if is_known:
            assert found.elapsed_s == 0, "what is kept was asked for again"
        for suggestion in found.items:
            assert (state, suggestion.text) not in self._rejected

    def _judge(self, page: Page, suggestion: Suggestion) -> None:
        """Hold that a suggestion is what the model said of this very document.

        Or it is what is left of one that was, which was judged before.
        """
        offer = Offered(
            plain(page.text[: page.at]),
            plain(page.text[page.at :]),
            plain(suggestion.text),
        )
        assert offer.text.strip()
        if page.end == "\r\n":
            assert "\n" not in suggestion.text.replace("\r\n", "")
        before = self._offers.setdefault(suggestion.id, deque(maxlen=20))
        if not any(offer.is_left_of(each) for each in before):
            assert suggestion.completion is not None
            self._judge_anew(offer, plain(suggestion.completion.text))
        if offer not in before:
            before.append(offer)

    def _judge_anew(self, offer: Offered, said: str) -> None:
        number = NUMBER.search(said)
        assert number is not None
        prompt = self._gitlab.seen[int(number.group(1))]
        assert offer.above.startswith(prompt.above), "what is above was something else"
        typed = offer.above[len(prompt.above) :]
        text, at = offer.above + offer.below, len(offer.above)
        closed = [
            each
            for each in auto_closed(typed, text, at)
            if offer.below[each:] == prompt.below
        ]
        assert closed, "what is below was something else"
        fits = fitted(said, prompt.above + prompt.below, len(prompt.above))
        left = left_of(fits, typed)
        assert left, "it is not what was typed"
        assert offer.text == (fitted(left, text, at) if closed[0] else left)

    def _remember(self, state: tuple[str, str, int], until: float) -> None:
        self._known.pop(state, None)
        self._known[state] = until
        while len(self._known) > REMEMBERED:
            self._known.pop(next(iter(self._known)))
        while len(self._offers) > 5 * REMEMBERED:
            self._offers.pop(next(iter(self._offers)))

    def _hear(self, event: SuggestionEvent) -> None:
        if event.action == "suggestion_requested":
            now = asyncio.get_running_loop().time()
            explicit = event.fields["is_invoked"]
            (self.invoked_at if explicit else self.requested_at).append(now)
        action = event.action.removeprefix("suggestion_")
        self.told.setdefault(event.suggestion_id, []).append(action)
