"""A language server: suggestions in every editor that speaks the protocol, no Node.

`gitlab-completions lsp` runs it on stdin and stdout. It keeps the open documents in
step, asks an `EditorSession` for what to suggest, and tells the client how things
stand. pygls, which the `lsp` extra brings, is first imported by `serve`.
"""

from __future__ import annotations

__all__ = ("MissingExtraError", "serve")


class MissingExtraError(ImportError):
    """A package of the `lsp` extra is not installed."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f"the language server needs {package}: "
            "pip install 'gitlab-completions[lsp]'",
            name=package,
        )


def serve() -> int:
    """Serve the client on stdin and stdout until it leaves; return the exit code.

    Raises:
        MissingExtraError: When pygls is not installed.
    """
    try:
        from gitlab_completions.lsp.running import run  # noqa: PLC0415
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        if package not in {"pygls", "lsprotocol", "attrs", "cattrs"}:
            raise
        raise MissingExtraError(package) from error
    return run()
