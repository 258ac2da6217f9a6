"""A TLS server that wants a client certificate, and says so as servers do.

asyncio, which the emulator runs on, ends a failed handshake without the alert that
OpenSSL has written; so this is a socket and a thread.
"""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import trustme

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

HOST = "127.0.0.1"
PATIENCE_S = 10.0


class Doorman:
    """Lets nobody in who shows no certificate of the authority; a context manager.

    Args:
        authority: File of whom it trusts.
        version: The newest TLS that it speaks.
    """

    def __init__(self, authority: Path, version: ssl.TLSVersion) -> None:
        own = trustme.CA()
        self.ca_pem = authority.with_name("doorman.pem")
        own.cert_pem.write_to_path(str(self.ca_pem))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own.issue_cert(HOST).configure_cert(self._context)
        self._context.load_verify_locations(authority)
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._context.maximum_version = version
        self._socket = socket.create_server((HOST, 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the accept
        self._socket.close()
        self._thread.join(PATIENCE_S)

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self._socket.getsockname()[1]}"

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                peer, _ = self._socket.accept()
                with peer:
                    peer.settimeout(PATIENCE_S)
                    self._refuse(peer)

    def _refuse(self, peer: socket.socket) -> None:
        inside, outside = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self._context.wrap_bio(inside, outside, server_side=True)
        with suppress(OSError):
            while True:
                done = self._step(tls)
                peer.sendall(outside.read())
                if done:
                    peer.shutdown(socket.SHUT_WR)
                heard = peer.recv(65_536)
                if not heard:
                    return
                if not done:
                    inside.write(heard)

    @staticmethod
    def _step(tls: ssl.SSLObject) -> bool:
        """Go on with the handshake; tell whether it is over."""
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError:
            return True
        return True
