"""A whole Remit over one directory: lock, store, log, policies, path, doors.

    async with open_remit(Path("remit.d")) as remit:
        decision = await remit.mediator.decide(principal, request)

Opening fails with `Refused` or `Unavailable` and what to do, and leaves nothing running.
"""

import asyncio
import contextlib
import functools
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import structlog

from remit.administration import POLICIES, Administration, Office
from remit.approvals import BindingKey, Desk
from remit.assembly.config import Configuration, load
from remit.assembly.outward import Outward
from remit.assembly.policies import FOLDER, PolicyBook
from remit.audit import Publisher, decode_entry, encode_entry
from remit.authentication import Authenticator
from remit.behaviour import Rates
from remit.catalogue import read_mcp
from remit.decision_api import ApiServices, create_api
from remit.decision_api.arap import Offers
from remit.decision_api.front import Front
from remit.decision_api.services import public_url
from remit.discovery import Sightings
from remit.gateway import Gateway
from remit.keys import SALT_BYTES, KeyDirectory, KeyEncryption, passphrase_encryption
from remit.mediation import CallTokens, Mediator
from remit.storage import Lock, Store, WallClock
from remit.terms import DEFAULT_TENANT, EntryDraft, Kind, Put, Refused, RemitError, ServerId, Settings, TenantId, Write

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

RETENTION_EVERY = 3600.0  # seconds
RANDOM_PAGE = 4096  # bytes of randomness drawn at once: a call into the system costs more than the bytes
PASSPHRASE_FILE = "REMIT_PASSPHRASE_FILE"  # noqa: S105 the variable's name
PUBLISH_EVERY = 1.0  # seconds between checkpoints while there is something new
PUBLISH_PAUSE = 0.001  # seconds between slices of that: the thread that decides goes first

P = TypeVar("P", str, bytes)

log = structlog.get_logger("remit")


class SystemEntropy:
    """Implements `mediation.ports.Entropy` with the operating system's randomness, drawn by the page.

    Ids begin with the time, then come 80 random bits, those of a page in order, so that what is written together lies
    together in the store's indexes: some 70 bits remain that nobody can tell from the id before.
    Pieces of a page are taken from its end, which is one step of the interpreter: two threads never get the same one.
    """

    def __init__(self) -> None:
        self._tails: list[str] = []
        self._salts: list[bytes] = []
        self._chances: list[float] = []
        self._moment = (0, "")  # the last millisecond, and how ids write it

    def identifier(self, prefix: str) -> str:
        now = time.time_ns() // 1_000_000
        at, text = self._moment
        if at != now:
            text = f"_{now:012x}"
            self._moment = (now, text)
        while True:
            try:
                return prefix + text + self._tails.pop()
            except IndexError:
                self._tails += sorted(_pieces(os.urandom(RANDOM_PAGE).hex(), 20), reverse=True)

    def salt(self) -> bytes:
        while True:
            try:
                return self._salts.pop()
            except IndexError:
                self._salts += _pieces(os.urandom(RANDOM_PAGE), SALT_BYTES)

    def chance(self) -> float:
        while True:
            try:
                return self._chances.pop()
            except IndexError:
                self._chances += [one / 2**32 for one in memoryview(os.urandom(RANDOM_PAGE)).cast("I")]


def _pieces(page: P, size: int) -> list[P]:
    """The page in whole pieces of this size."""
    return [page[start : start + size] for start in range(0, len(page) - size + 1, size)]


class Remit:
    """The running parts, by name."""

    def __init__(
        self,
        directory: Path,
        configuration: Configuration,
        store: Store,
        keys: KeyDirectory,
        *,
        gateway: bool = True,
    ) -> None:
        settings = configuration.settings
        self.directory = directory
        self.settings: Settings = settings
        self.tenant: TenantId = DEFAULT_TENANT
        self.started = time.time()
        self.store = store
        self.clock = WallClock(store)
        self.entropy = SystemEntropy()
        self.policies = PolicyBook(directory / FOLDER, settings)
        self.publisher = Publisher(
            directory / "log",
            private=keys.log_private,
            origin=settings.log_origin,
            source=store,
            pause=lambda: time.sleep(PUBLISH_PAUSE),
        )
        self.outward = Outward(directory / "log", configuration.log, self.publisher)
        self.authenticator = Authenticator(store, self.tenant)
        self.mediator = Mediator(
            state=store,
            journal=store,
            clock=self.clock,
            entropy=self.entropy,
            policies=self.policies,
            rates=Rates(settings.limits),
            approvals=Desk(settings.limits.approval_lifetime, store),
            sightings=Sightings(store),
            tokens=CallTokens(
                state=store, keys=keys, epoch=store, issuer=public_url(settings), unbound=settings.unbound_tokens
            ),
            settings=settings,
            timer=time.perf_counter_ns,
        )
        self.administration = Administration(
            Office(
                records=store,
                journal=store,
                clock=self.clock,
                entropy=self.entropy,
                policies=self.policies,
                settings=settings,
            ),
            store,
            self.outward.published,
            keyring=keys,
            rules=store,
        )
        self.publishing_failed = ""
        self.gateway_point = Authenticator.embedded_point(
            self.tenant, "remit-gateway", tuple(upstream.id for upstream in settings.upstreams)
        )
        self.gateway = Gateway(
            upstreams=settings.upstreams if gateway else (),
            authenticator=self.authenticator,
            mediator=self.mediator,
            state=store,
            register=self.register_listed,
            point=self.gateway_point,
            hosts=_hosts(settings),
        )
        binding = BindingKey(keys.approvals())
        self.services = ApiServices(
            authenticator=self.authenticator,
            mediator=self.mediator,
            administration=self.administration,
            settings=settings,
            health=self,
            log=self.outward,
            offers=Offers(public_url(settings), binding, self.administration),
        )

    @functools.cached_property
    def api(self) -> Front:
        """The decision API over `services`, built when it is first asked: who calls the services directly, does not."""
        return create_api(self.services)

    def app(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """The whole service as one ASGI application; its parts start and stop with `open_remit`."""
        if scope["type"] == "lifespan":
            return _lifespan(receive, send)
        if scope["type"] == "http" and (scope["path"] == "/mcp" or scope["path"].startswith("/mcp/")):
            return self.gateway(scope, receive, send)
        return self.api(scope, receive, send)

    async def register_listed(self, server: str, listed: list[dict[str, Any]]) -> None:
        """Register what an upstream lists; remit.toml may say whose results are outsiders'."""
        upstream = next(one for one in self.settings.upstreams if one.id == server)
        tools = read_mcp(self.tenant, ServerId(server), listed)
        if server in self.settings.internal_servers:
            tools = tuple(msgspec.structs.replace(tool, outside=False) for tool in tools)
        tools = tuple(
            msgspec.structs.replace(tool, outside=True) if {"*", tool.name} & set(upstream.outside) else tool
            for tool in tools
        )
        await self.administration.tools.register(self.gateway_point, tools)

    # Health, as `decision_api` asks for it.
    def problems(self) -> list[str]:
        """What keeps this server from deciding; empty when it is ready."""
        found = []
        if not self.store.healthy:
            found.append("the store cannot be written: free disk space or mend the file system; it is tried again")
        if self.policies.current(self.tenant) is None:
            found.append("no policy set is active: run `remit policy check`, then `remit policy reload`")
        if self.publishing_failed:
            found.append(f"the log cannot be published: {self.publishing_failed}")
        return found

    def publish(self) -> None:
        """Extend and sign the log of every tenant."""
        for tenant in self.store.tenants():
            self.publisher.publish(tenant)

    async def keep_retention(self, days: int | None) -> None:
        """Complete erasures that a crash cut off; then, once an hour, erase what the retention period has passed."""
        while True:
            try:
                for tenant in await asyncio.to_thread(self.store.tenants):
                    await self.administration.custody.finish(tenant)
                    if days is not None:
                        await self.administration.custody.retain(tenant, days)
            except RemitError as error:
                log.error("retention.failed", reason=error.message)
            await asyncio.sleep(RETENTION_EVERY)

    async def keep_publishing(self) -> None:
        """Sign what is new, about once a second. A failure is shown and tried again; decisions go on."""
        seen = -1
        while True:
            writes = self.store.writes
            if writes != seen:
                try:
                    await asyncio.to_thread(self.publish)
                    seen, self.publishing_failed = writes, ""
                    self.outward.changed(self.store.tenants())
                except RemitError as error:
                    self.publishing_failed = error.message
                    log.error("log.not_published", reason=error.message)
            await asyncio.sleep(PUBLISH_EVERY)


@contextlib.asynccontextmanager
async def _serving(gateway: Gateway) -> AsyncIterator[None]:
    """The gateway's lifespan in a task of its own: its task group would wrap whatever our caller raises."""
    up, down = asyncio.Event(), asyncio.Event()

    async def whole() -> None:
        async with gateway.lifespan():
            up.set()
            await down.wait()

    task = asyncio.create_task(whole())
    starting = asyncio.create_task(up.wait())
    await asyncio.wait({task, starting}, return_when=asyncio.FIRST_COMPLETED)
    starting.cancel()
    try:
        if task.done():
            await task
        yield
    finally:
        down.set()
        await task


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _hosts(settings: Settings) -> tuple[str, ...]:
    """Names by which clients reach us, for the gateway's check of the Host header."""
    public = urlsplit(settings.public_url).hostname
    return tuple(f"{host}{port}" for host in {settings.host, public} if host for port in ("", ":*"))


@contextlib.asynccontextmanager
async def open_remit(
    directory: Path,
    *,
    creating: bool = False,
    lock: Lock | None = None,
    listen: tuple[str, int] | None = None,
    gateway: bool = True,
) -> AsyncIterator[Remit]:
    """Everything of `directory`, ready to decide; closed in order at the end.

    `lock`: one that the caller holds already (the server, which announces its address in it). `listen`: where the
    server really listens, when that is not what remit.toml says. `creating` makes the
    database; without it a missing one is refused, so that a lost store is not mistaken for a new one. `gateway`: False
    where nobody can call tools through it, so that no upstream is connected and registered for one command.
    """
    directory = _absolute(directory)
    configuration = load(directory)
    if listen is not None:
        settings = msgspec.structs.replace(configuration.settings, host=listen[0], port=listen[1])
        configuration = msgspec.structs.replace(configuration, settings=settings)
    keys = KeyDirectory.open(directory / "keys", key_encryption())
    async with contextlib.AsyncExitStack() as stack:
        if lock is None:
            stack.enter_context(Lock(directory))
        store = _open_store(directory, keys, configuration.settings, creating)
        stack.callback(store.close)
        remit = Remit(directory, configuration, store, keys, gateway=gateway)
        remit.policies.activate(remit.tenant, store.tools(remit.tenant))
        await _record_start(remit, configuration)
        await remit.administration.signing_keys.record_made(remit.tenant)
        await asyncio.to_thread(remit.publish)
        await stack.enter_async_context(remit.outward.running())
        retention = asyncio.create_task(remit.keep_retention(configuration.retention_days))
        stack.push_async_callback(_end, retention)
        publishing = asyncio.create_task(remit.keep_publishing())
        stack.push_async_callback(_stop, publishing, remit)
        await stack.enter_async_context(_serving(remit.gateway))
        yield remit


def key_encryption(environment: Mapping[str, str] = os.environ) -> KeyEncryption | None:
    """Under what the key files are sealed: REMIT_PASSPHRASE_FILE, else REMIT_PASSPHRASE, else nothing."""
    file = environment.get(PASSPHRASE_FILE)
    return passphrase_encryption(environment, Path(file) if file else None)


def _open_store(directory: Path, keys: KeyDirectory, settings: Settings, creating: bool) -> Store:
    path = directory / "remit.db"
    if not creating and not path.exists():
        raise Refused(
            f"expected the store at {path}; restore it from a backup, or make a new directory with `remit init`"
        )
    return Store(path, wrap=keys, encode=encode_entry, memory_bytes=settings.limits.memory_bytes)


async def _record_start(remit: Remit, configuration: Configuration) -> None:
    """Enforcement points that remit.toml names exist; the policy version that is active is on record."""
    for point in configuration.points:
        known = remit.store.point(remit.tenant, point.id)
        if known is not None and not known.active:
            continue  # an operator deactivated it: a file does not bring it back
        if known is not None and (known.servers, known.subjects) == (point.servers, point.subjects):
            continue
        version = known.version if known is not None else 0
        facts = {"servers": list(point.servers), "subjects": list(point.subjects)}
        put = Put(kind=Kind.POINT, record=msgspec.structs.replace(point, version=version + 1), expected=version)
        what = "point.added" if known is None else "point.changed"
        await remit.store.commit(Write(entry=_entry(remit, what, point.id, facts), puts=(put,)))
    active = remit.policies.current(remit.tenant)
    assert active is not None
    activations = remit.store.entry_of(remit.tenant, POLICIES)
    before = decode_entry(activations[-1][1]).facts.get("version") if activations else None
    if before != active.version:
        entry = _entry(remit, "policy.activated", POLICIES, {"version": active.version, "before": before})
        await remit.store.commit(Write(entry=entry))


def _entry(remit: Remit, kind: str, id: str, facts: dict[str, Any]) -> EntryDraft:
    return EntryDraft(tenant=remit.tenant, kind=kind, id=id, time=remit.clock.now(), actor="remit", facts=facts)


def _absolute(directory: Path) -> Path:
    return directory.absolute()


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _stop(publishing: "asyncio.Task[None]", remit: Remit) -> None:
    await _end(publishing)
    try:
        await asyncio.to_thread(remit.publish)
        remit.outward.changed(remit.store.tenants())
    except RemitError as error:
        log.error("log.not_published", reason=error.message)
