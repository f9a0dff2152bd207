"""The stage: three real processes (tool server, Remit, and this one as the agent) on free loopback ports.

What a crash leaves: a temporary directory; the processes end with this one's group or on their own signal handlers.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import msgspec

from remit.assembly import InitResult, init, load_settings
from remit.sdk import Client
from remit.terms import Unavailable

PATIENCE = 30.0  # seconds for a process to serve


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """Where everything is."""

    directory: Path
    tools_db: Path
    url: str
    made: InitResult
    operator: Client


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def stage(directory: Path) -> AsyncIterator[Stage]:
    """Set it up in `directory`; everything is stopped at the end."""
    made = await asyncio.to_thread(init, directory, port=free_port())
    credential = directory / "office.credential"
    credential.write_text(f"Bearer {secrets.token_urlsafe(24)}\n", encoding="utf-8")
    credential.chmod(0o600)
    tools_db = directory / "office.db"
    async with contextlib.AsyncExitStack() as stack:
        tools = await stack.enter_async_context(
            _process("-m", "remit.demo.tools", "--db", str(tools_db), "--credential-file", str(credential))
        )
        upstream = await _printed(tools, "listening on ")
        _configure(directory, upstream, credential)
        server = await stack.enter_async_context(_process("-m", "remit.cli", "up", str(directory)))
        url = _address(directory)
        http = await stack.enter_async_context(httpx2.AsyncClient(base_url=url, timeout=30))
        await _ready(http, server)
        yield Stage(directory=directory, tools_db=tools_db, url=url, made=made, operator=Client(http, made.admin_key))


def _configure(directory: Path, upstream: str, credential: Path) -> None:
    """What an operator would write into remit.toml for this company."""
    file = directory / "remit.toml"
    text = file.read_text(encoding="utf-8")
    text = text.replace("internal_domains = []", 'internal_domains = ["halden.example"]')
    text += f'\n[upstreams.office]\nurl = "{upstream}"\ncredential_file = "{credential.name}"\n'
    file.write_text(text, encoding="utf-8")


def _address(directory: Path) -> str:
    settings = load_settings(directory)
    return f"http://{settings.host}:{settings.port}"


@contextlib.asynccontextmanager
async def _process(*arguments: str) -> AsyncIterator["Running"]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=PIPE, stderr=PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    running = Running(process)
    draining = asyncio.create_task(running.drain())
    try:
        yield running
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
        draining.cancel()


class Running:
    """A process, and the end of what it said on its error pipe."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self._said: deque[str] = deque(maxlen=10)

    async def drain(self) -> None:
        """Keep the error pipe empty, so that a talkative process does not stand still."""
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            self._said.append(line.decode(errors="replace").strip())

    @property
    def said(self) -> str:
        return "\n".join(self._said)


async def _printed(running: Running, prefix: str) -> str:
    assert running.process.stdout is not None
    try:
        line = await asyncio.wait_for(running.process.stdout.readline(), PATIENCE)
    except TimeoutError:
        raise Unavailable("the demo's tool server did not start in time") from None
    text = line.decode().strip()
    if not text.startswith(prefix):
        raise Unavailable(f"the demo's tool server did not start: {text or running.said or 'it ended'}")
    return text.removeprefix(prefix)


async def _ready(http: httpx2.AsyncClient, server: Running) -> None:
    """Wait until Remit says that it is ready."""
    last = ""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while server.process.returncode is None:
                try:
                    response = await http.get("/ready")
                    if response.status_code == 200:
                        return
                    last = response.text[:300]
                except httpx2.TransportError as error:
                    last = type(error).__name__
                await asyncio.sleep(0.05)
    raise Unavailable(f"Remit did not become ready within {PATIENCE:.0f} seconds: {server.said or last}")
