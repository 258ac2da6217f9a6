"""A language server: GitLab's completions in any editor, without Node."""

__all__ = ()
