"""Inline completions from GitLab Duo in JupyterLab.

A server extension, in whose event loop the library runs, and an extension of the page,
which asks it. Both are found by these two functions, by Jupyter's convention.
"""

from __future__ import annotations

__all__ = ("_jupyter_labextension_paths", "_jupyter_server_extension_points")


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    """Name what the server starts."""
    from .extension import GitLabCompletions  # noqa: PLC0415 - the page needs no server

    return [{"module": __name__, "app": GitLabCompletions}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Name the page's part, for `jupyter labextension develop`."""
    return [{"src": "labextension", "dest": "gitlab-completions-jupyterlab"}]
