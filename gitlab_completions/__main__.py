"""`python -m gitlab_completions`: the command line."""

from gitlab_completions.cli import main

__all__ = ()

if __name__ == "__main__":
    raise SystemExit(main())
