"""A language server: suggestions in every editor that speaks the protocol, no Node.

`gitlab-completions lsp` runs it on stdin and stdout. It keeps the open documents in
step, asks an `EditorSession` for what to suggest, and tells the client how things
stand. It needs no packages but the library's own; the `lsp` extra brings what reads a
`.gitlabduoignore`.

Of LSP 3.18 it answers `textDocument/inlineCompletion`, and `textDocument/completion` to
clients that do not know the former. What it adds to the protocol:

    $/gitlab/status             {health, route, reason, text, problem}, whenever that
                                changes; problem: null or {code, message, remedy}
    gitlab-completions.accept   [id] or [id, "word" | "line"]: the author took it; items
                                have this as their command
    gitlab-completions.reject   [id]: the author turned it down
    gitlab-completions.shown    [id]: it is on the screen; only of clients whose
                                initializationOptions say {"reportsShown": true}, else
                                the first item counts as shown
    gitlab-completions.explain  says, and shows, why the last suggestion, or none
    gitlab-completions.switchDirect  ["on" | "off"], or over: until settings change
    gitlab-completions.doctor   looks for what keeps suggestions from coming

Settings are in `configuration`: the section `gitlab-completions`, or the options that
the client initializes it with.
"""

from __future__ import annotations

__all__ = ("serve",)


def serve(
    *, event_log: str | None = None, record: str | None = None, content: bool = False
) -> int:
    """Serve the client on stdin and stdout until it leaves; return the exit code.

    Args:
        event_log: A file for what becomes of suggestions, for `report`.
        record: A file for how the author types, for `replay`.
        content: Whether a recording keeps what is typed, and does not disguise it.

    Raises:
        ConfigurationError: When the extra `eventlog` is wanted, and missing.
    """
    from gitlab_completions.lsp.diary import Diary  # noqa: PLC0415
    from gitlab_completions.lsp.running import run  # noqa: PLC0415

    with Diary(event_log=event_log, record=record, content=content) as diary:
        return run(diary)
