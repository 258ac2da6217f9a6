"""A language server: GitLab's completions in any editor, without Node."""
