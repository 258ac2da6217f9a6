"""The addresses that the page asks, for users who are logged in and may."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Final, TypeVar

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from .messages import MalformedError, closed_of, outcome_of, question_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .desk import Desk, Unready

__all__ = ("DESK", "HANDLERS")

DESK: Final = "gitlab_completions_desk"
"""Under which name the server's settings hold the desk."""
MOST_BYTES = 1024 * 1024
"""Of a request: the page sends fifty thousand characters around the cursor, or so."""
SaidT = TypeVar("SaidT")


class _Handler(APIHandler):
    """What all have in common.

    `APIHandler` refuses other origins and demands the XSRF token, unless the request
    brings the server's own token, which no foreign page has.
    """

    auth_resource = "gitlab_completions"

    @property
    def desk(self) -> Desk | Unready:
        desk: Desk | Unready = self.settings[DESK]
        return desk

    def said(self, read: Callable[[bytes], SaidT]) -> SaidT:
        """Return what the page says.

        Raises:
            HTTPError: When it is too much, or not what the page says.
        """
        if len(self.request.body) > MOST_BYTES:
            raise web.HTTPError(413, f"more than {MOST_BYTES} bytes were sent")
        try:
            return read(self.request.body)
        except MalformedError as error:
            raise web.HTTPError(400, str(error)) from None

    def tell(self, answer: dict[str, object]) -> None:
        self.finish(json.dumps(answer))


class SuggestionsHandler(_Handler):
    """Suggests; a page that leaves takes its question back."""

    _task: asyncio.Task[dict[str, object]] | None = None

    @web.authenticated
    @authorized
    async def post(self) -> None:
        question = self.said(question_of)
        self._task = asyncio.create_task(self.desk.answer(question))
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self.tell(self._task.result())

    def on_connection_close(self) -> None:
        if self._task is not None:
            self._task.cancel()


class OutcomesHandler(_Handler):
    """Takes in what became of a suggestion."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        self.desk.report(self.said(outcome_of))
        self.set_status(204)
        self.finish()


class ClosedHandler(_Handler):
    """Takes in that a document was closed."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        self.desk.closed(*self.said(closed_of))
        self.set_status(204)
        self.finish()


class StatusHandler(_Handler):
    """Tells how routing stands, and opens connections before the first key."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        await self.desk.warm_up()
        self.tell(self.desk.status())

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.tell(self.desk.status())


HANDLERS: Final = (
    (r"gitlab-completions/suggestions", SuggestionsHandler),
    (r"gitlab-completions/outcomes", OutcomesHandler),
    (r"gitlab-completions/closed", ClosedHandler),
    (r"gitlab-completions/status", StatusHandler),
)
