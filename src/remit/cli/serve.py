"""The server process: one directory, one lock, one event loop.

In this order: read the configuration; take the directory's lock; take the port; open everything (which refuses what
cannot work); listen; announce the address in the lock, where other commands find it. On SIGINT or SIGTERM the reverse:
stop accepting, let calls in flight finish for at most `GRACE`, publish the last checkpoint, close the store, release
the lock. A second signal skips the waiting, never the closing. What SIGKILL leaves: an unlocked directory whose rows
are the truth.
"""

import asyncio
import contextlib
import errno
import gc
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import structlog

from remit.assembly import load_settings, open_remit
from remit.assembly.http import Server, bound, http_server
from remit.storage import Lock
from remit.terms import InvalidInput, Unavailable

GRACE = 15.0  # seconds for calls in flight: longer than a tool call usually takes, shorter than supervisors' patience

log = structlog.get_logger("remit")


async def serve(directory: Path, *, host: str | None, port: int | None) -> None:
    """Serve `directory` until a signal. Raises `Refused` or `Unavailable` with what to do when it cannot start."""
    settings = load_settings(directory)  # first, so that no lock is left in a directory that is not ours
    with _signals() as signals, Lock(directory) as lock:
        listener = listening(settings.host if host is None else host, settings.port if port is None else port)
        with contextlib.closing(listener):
            address, number = listener.getsockname()[:2]
            async with open_remit(directory, lock=lock, listen=(address, number)) as remit:
                server = http_server(remit.app)
                _collect_seldom()
                serving = await server.begin(listener)
                try:
                    url = _url(address, number)
                    lock.announce(url)
                    _ready(url, directory)
                    await _first(serving, signals.stop)
                finally:
                    await _finish(server, serving, signals)
    log.info("stopped", pid=os.getpid())


def _collect_seldom() -> None:
    """What is there by now stays: it is not searched for garbage again, and the rest seldom as a whole. A full search
    stops every decision, for 150 ms in a process of 200 MB, and finds next to nothing: nearly all of our garbage has no
    cycles and goes at once."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 50, 50)


class Signals:
    """What the process was told: to stop, and to stop waiting."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.now = asyncio.Event()

    def heard(self, number: signal.Signals) -> None:
        log.info("stopping", signal=number.name, waiting=not self.stop.is_set())
        (self.now if self.stop.is_set() else self.stop).set()


@contextlib.contextmanager
def _signals() -> Iterator[Signals]:
    signals, loop = Signals(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, signals.heard, number)
    try:
        yield signals
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def listening(host: str, port: int) -> socket.socket:
    """A socket of this address; port 0 becomes a free one. Raises `Unavailable` when it is taken."""
    try:
        return bound(host, port)
    except socket.gaierror as error:
        raise InvalidInput(f"expected `host` to be an address of this machine: {error.strerror}") from None
    except OSError as error:
        raise _cannot_listen(host, port, error) from None


def _cannot_listen(host: str, port: int, error: OSError) -> Unavailable:
    advice = {
        errno.EADDRINUSE: "stop what listens there, or choose another with `--port` or in remit.toml",
        errno.EACCES: "ports below 1024 need privileges: choose another with `--port` or in remit.toml",
        errno.EADDRNOTAVAIL: "choose an address of this machine with `--host` or in remit.toml",
    }.get(error.errno or 0, "choose another with `--host` and `--port`")
    return Unavailable(f"cannot listen on {host}:{port}: {error.strerror}; {advice}")


async def _first(serving: "asyncio.Task[None]", stop: asyncio.Event) -> None:
    """Wait for a signal. Raises `Unavailable` when the server ends by itself."""
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
    if serving.done() and not stop.is_set():
        raise Unavailable("the HTTP server ended by itself; its log says why; start it again with `remit up`")


async def _finish(server: Server, serving: "asyncio.Task[None]", signals: Signals) -> None:
    """Let calls in flight finish, for at most `GRACE` and until a second signal."""
    server.stop()
    hurry = asyncio.create_task(signals.now.wait())
    await asyncio.wait({serving, hurry}, timeout=GRACE, return_when=asyncio.FIRST_COMPLETED)
    hurry.cancel()
    if not serving.done():
        log.warning("calls.cut_off", reason="they did not finish in time")
        serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def _ready(url: str, directory: Path) -> None:
    print(f"remit is ready at {url}", flush=True)
    log.info("ready", address=url, directory=str(directory), pid=os.getpid())


def _reachable(address: str) -> str:
    """Where a client of this machine finds a server that listens everywhere."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 — compared, not bound


def _url(address: str, port: int) -> str:
    host = _reachable(address)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
