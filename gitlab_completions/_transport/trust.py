"""Whom TLS trusts: the operating system's authorities, and those that a user adds.

Never `truststore` on Linux: it reads the whole bundle again at each handshake, 25 ms
of CPU against 0.6. The hashed directory comes first because OpenSSL looks a
certificate up in it when it is needed: 0.6 ms to make such a context, 20 ms to parse
the bundle of all authorities in one file. On macOS and Windows Python's own defaults
are used; they were not tried there.
"""

from __future__ import annotations

import os
import re
import ssl
import sys
from pathlib import Path
from typing import cast

from gitlab_completions.errors import ConfigurationError

CertPaths = tuple[Path, Path | None]
"""A client certificate's file, and its key's where that is another."""

_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.\d+")
_CERTIFICATE_SUFFIXES = {".pem", ".crt", ".cer"}
_KNOWN_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine, Arch
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # the BSDs
)
"""Where systems keep their bundle, for a Python whose OpenSSL looks elsewhere."""


def check_verify(verify: object) -> ssl.SSLContext | Path | None:
    """Read what a user trusts besides the system.

    Raises:
        ConfigurationError: When it is neither a context nor a file or directory of
            certificates.
    """
    if verify is None or isinstance(verify, ssl.SSLContext):
        return verify
    path = _existing("verify", verify, "a path or an ssl.SSLContext")
    try:
        add_authorities(_empty_context(), path)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"verify: {path} holds no certificates in PEM form"
        ) from error
    return path


def check_cert(cert: object, verify: ssl.SSLContext | Path | None) -> CertPaths | None:
    """Read a client certificate's paths.

    Raises:
        ConfigurationError: When it cannot be loaded, or has nowhere to go.
    """
    if cert is None:
        return None
    if isinstance(verify, ssl.SSLContext):
        raise ConfigurationError(
            "cert goes with a verify path or none: load it into the SSLContext instead"
        )
    right = "a path or a pair of paths"
    paths: CertPaths
    if not isinstance(cert, tuple):
        paths = _existing("cert", cert, right), None
    else:
        parts = [_existing("cert", p, right) for p in cast("tuple[object, ...]", cert)]
        if len(parts) != len(("certificate", "key")):
            raise ConfigurationError(f"cert must be {right}")
        paths = parts[0], parts[1]
    try:
        load_cert(_empty_context(), paths)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"cert: {paths[0]} and its key could not be loaded: they must be in PEM "
            "form, belong together and have no passphrase"
        ) from error
    return paths


def make_context(
    verify: Path | None, cert: CertPaths | None, *, trust_env: bool
) -> ssl.SSLContext:
    """Build the context for every connection; blocks for up to 30 ms.

    Args:
        verify: File or directory of authorities to add.
        cert: The client's own certificate.
        trust_env: Whether `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system's.

    Raises:
        OSError: When a file cannot be read; `ssl.SSLError` is one.
    """
    context = _named_trust() if trust_env else None
    context = context or _system_trust()
    if verify is not None:
        add_authorities(context, verify)
    if cert is not None:
        load_cert(context, cert)
    return context


def trusted_by(verify: ssl.SSLContext | Path | None, *, trust_env: bool) -> str:
    """Return whose authorities are trusted, in the words of who would change it."""
    if isinstance(verify, ssl.SSLContext):
        return "an SSLContext of yours"
    names = [
        name
        for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")
        if trust_env and os.environ.get(name)
    ] or ["the system"]
    return " and ".join([*names, "HttpxSender(verify=...)"] if verify else names)


def add_authorities(context: ssl.SSLContext, path: Path) -> None:
    """Trust the file's certificates, or all in the directory, hashed or not.

    Raises:
        OSError: When a file cannot be read; `ssl.SSLError` is one.
        ValueError: When a directory holds no certificates.
    """
    if not path.is_dir():
        context.load_verify_locations(cafile=path)
        return
    if _is_hashed(path):
        context.load_verify_locations(capath=path)
        return
    files = [p for p in path.iterdir() if p.suffix in _CERTIFICATE_SUFFIXES]
    if not files:
        raise ValueError("no certificates in the directory")
    for file in files:
        context.load_verify_locations(cafile=file)


def load_cert(context: ssl.SSLContext, paths: CertPaths) -> None:
    """Show this certificate to servers that ask for one."""
    # Without a password function OpenSSL asks for a passphrase on the terminal.
    context.load_cert_chain(*paths, password=_no_passphrase)


def _named_trust() -> ssl.SSLContext | None:
    """Trust what the environment names, and nothing else, as httpx does."""
    file = os.environ.get("SSL_CERT_FILE") or None
    directory = os.environ.get("SSL_CERT_DIR") or None
    if file or directory:
        return ssl.create_default_context(cafile=file, capath=directory)
    return None


def _system_trust() -> ssl.SSLContext:
    if sys.platform in {"win32", "darwin"}:
        context = ssl.create_default_context()
        return context if context.cert_store_stats()["x509_ca"] else _bundled_trust()
    paths = ssl.get_default_verify_paths()
    # The fields that name OpenSSL's own places; the others follow the environment.
    directory = Path(paths.openssl_capath)
    if _is_hashed(directory):
        return ssl.create_default_context(capath=directory)
    for file in (paths.openssl_cafile, *_KNOWN_FILES):
        if Path(file).is_file():
            return ssl.create_default_context(cafile=file)
    return _bundled_trust()


def _bundled_trust() -> ssl.SSLContext:
    """Trust Mozilla's list, which httpx brings, where the system has none."""
    import certifi  # noqa: PLC0415

    return ssl.create_default_context(cafile=certifi.where())


def _is_hashed(directory: Path) -> bool:
    if not directory.is_dir():
        return False
    return any(_HASHED_NAME.fullmatch(entry.name) for entry in directory.iterdir())


def _empty_context() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _no_passphrase() -> str:
    raise ValueError("the key has a passphrase")


def _existing(name: str, path: object, right: str) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise ConfigurationError(f"{name} must be {right}, not {type(path).__name__}")
    found = Path(cast("str | os.PathLike[str]", path))
    try:
        is_there = found.exists()
    except OSError as error:  # such as a folder that may not be looked into
        why = error.strerror or type(error).__name__
        raise ConfigurationError(f"{name}: {found} cannot be read: {why}") from error
    if not is_there:
        raise ConfigurationError(f"{name}: there is no file {found}")
    return found
