"""The optional packages, and what to say when they are missing."""

from importlib import import_module

__all__ = ("MissingExtraError", "require")


class MissingExtraError(ImportError):
    """A package of the `emulator` extra is not installed."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f"the emulator needs {package}: pip install 'gitlab-completions[emulator]'",
            name=package,
        )


def require(*packages: str) -> None:
    """Import `packages`.

    Raises:
        MissingExtraError: If one of them is not installed.
    """
    for package in packages:
        try:
            import_module(package)
        except ImportError as error:
            raise MissingExtraError(package) from error
