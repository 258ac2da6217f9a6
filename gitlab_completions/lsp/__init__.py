"""A language server: suggestions in every editor that speaks the protocol, no Node.

`gitlab-completions lsp` runs it on stdin and stdout. It keeps the open documents in
step, asks an `EditorSession` for what to suggest, and tells the client how things
stand. It needs no packages but the library's own; the `lsp` extra brings what reads a
`.gitlabduoignore`.
"""

from __future__ import annotations

__all__ = ("serve",)


def serve() -> int:
    """Serve the client on stdin and stdout until it leaves; return the exit code."""
    from gitlab_completions.lsp.running import run  # noqa: PLC0415

    return run()
