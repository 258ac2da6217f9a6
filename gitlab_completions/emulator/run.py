"""A stand-alone emulator, run until it is cancelled."""

import asyncio
from collections.abc import Callable

from gitlab_completions.emulator.profiles import Profile
from gitlab_completions.emulator.server import Emulator

__all__ = ("serve",)


async def serve(
    profile: str | Profile = "19.3",
    *,
    port: int = 0,
    gateway_port: int = 0,
    tls: bool = False,
    relative_url_root: str = "",
    direct_latency_s: float = 0.0,
    indirect_latency_s: float = 0.0,
    started: Callable[[Emulator], object] = lambda _: None,
) -> None:
    """Run an emulator until cancelled.

    `started` is called once both hosts listen, such as to print `describe()`; the other
    arguments are those of `Emulator`, latencies in seconds.

    Raises:
        KeyError: If there is no such profile.
        MissingExtraError: If a package of the `emulator` extra is missing.
        OSError: If a port is taken.
    """
    emulator = Emulator(
        profile,
        tls=tls,
        port=port,
        gateway_port=gateway_port,
        relative_url_root=relative_url_root,
        direct_latency_s=direct_latency_s,
        indirect_latency_s=indirect_latency_s,
    )
    async with emulator:
        started(emulator)
        await asyncio.Event().wait()
