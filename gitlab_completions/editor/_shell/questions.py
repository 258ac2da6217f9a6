"""Turns what an editor asks into what the core decides on, and what a call sends."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from gitlab_completions.editor._core.keystrokes import Keystroke
from gitlab_completions.editor._core.places import Place
from gitlab_completions.editor._shell.bulletin import complain
from gitlab_completions.editor.comments import instruction_above
from gitlab_completions.editor.models import Trigger
from gitlab_completions.editor.wanted import unwanted
from gitlab_completions.models import CompletionRequest, GenerationType, Intent

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.editor.models import Document
    from gitlab_completions.editor.policy import EditorPolicy

_NAMELESS = "untitled"
_BEFORE_PATH = re.compile(r"\A(?:[A-Za-z][\w+.-]*:)?(?://[^/]*)?")


class Questions:
    """Understands one session's questions.

    Args:
        excluded: Tells of a document whether nothing of it may be sent.
    """

    def __init__(self, excluded: Callable[[Document], bool] | None) -> None:
        self._excluded = excluded
        self._has_complained = False

    def question(
        self, document: Document, offset: int, trigger: Trigger, policy: EditorPolicy
    ) -> tuple[Keystroke, CompletionRequest]:
        """Return what is asked, for the core, and for the client.

        Raises:
            RequestRejectedError: When the document could go nowhere.
        """
        place = Place(document.uri, document.text, offset)
        instruction = None
        if trigger is Trigger.EXPLICIT:
            instruction = instruction_above(document.text, offset, document.language)
        generates = instruction is not None
        request = CompletionRequest(
            file_name=document.file_name or _file_name(document.uri),
            content_above_cursor=place.above,
            content_below_cursor=place.below,
            language=document.language,
            project_path=document.project_path,
            intent=Intent.GENERATION if generates else Intent.COMPLETION,
            user_instruction=instruction,
            generation_type=GenerationType.COMMENT if generates else None,
        )
        excluded = self._is_excluded(document)
        why_not = unwanted(document, offset, policy, trigger, excluded=excluded)
        keystroke = Keystroke(
            place=place,
            trigger=trigger,
            unwanted=why_not,
            generates=generates,
            language=document.language,
        )
        return keystroke, request

    def _is_excluded(self, document: Document) -> bool:
        """Ask the user's function; where it fails, nothing is sent."""
        if self._excluded is None:
            return False
        try:
            return bool(self._excluded(document))
        # Also when it asked a future that was cancelled: nobody cancels us here.
        except (Exception, asyncio.CancelledError) as error:
            if not self._has_complained:
                self._has_complained = True
                complain("What excludes documents of an editor session", error)
            return True


def _file_name(uri: str) -> str:
    """Return the last part of a URI's path, which names the file.

    Whatever an editor takes for one is read, as no parser does that knows addresses.
    """
    path = _BEFORE_PATH.sub("", re.split("[?#]", uri, maxsplit=1)[0])
    name = unquote(path.rstrip("/").rpartition("/")[2])
    return name if name.strip() else _NAMELESS
