"""The server extension: a client for as long as the server runs, and its handlers.

The GitLab is the one in GITLAB_URL, the token the one in GITLAB_TOKEN: the page never
sees either. Kernels have the server's environment, as Jupyter wants it.
"""

from __future__ import annotations

from pathlib import Path

from jupyter_server.extension.application import ExtensionApp
from traitlets import Unicode

from gitlab_completions import CompletionClient, GitLabCompletionsError
from gitlab_completions.ignoring import ProjectIgnoreList

from .desk import Desk, Unready
from .handlers import DESK, HANDLERS

__all__ = ("GitLabCompletions",)

USER_AGENT = "gitlab-completions-jupyterlab/0.1"


class GitLabCompletions(ExtensionApp):
    """Suggests code in JupyterLab; configured as `c.GitLabCompletions`."""

    name = "gitlab_completions_jupyterlab"
    project_path = Unicode(
        "",
        help='The GitLab project of the server\'s folder, such as "group/project"; '
        "it chooses the model and who is billed.",
    ).tag(config=True)

    _client: CompletionClient | None = None

    def initialize_settings(self) -> None:
        """Make the client, which does nothing yet; the server runs without one too."""
        server = self.serverapp
        assert server is not None, "Jupyter links an extension before it starts it"
        try:
            root = Path(server.root_dir).absolute()
            ignored = ProjectIgnoreList(root)
            self._client = CompletionClient.from_env(user_agent=USER_AGENT)
        except GitLabCompletionsError as error:
            self.log.warning("No suggestions: %s", error)
            self.settings[DESK] = Unready(error)
            return
        self.settings[DESK] = Desk(
            self._client,
            root,
            excluded=ignored.excludes,
            project_path=self.project_path or None,
        )

    def initialize_handlers(self) -> None:
        """Add the addresses that the page asks."""
        self.handlers.extend(HANDLERS)

    async def stop_extension(self) -> None:
        """Close what runs, as the server stops."""
        await self.settings[DESK].aclose()
        if self._client is not None:
            await self._client.aclose()
