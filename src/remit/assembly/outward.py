"""The log as others see it: served, and carried to sinks and witnesses."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx2

from remit.assembly.config import LogSettings
from remit.audit import Published, Publisher, Witness
from remit.connectors import Delivery, FileSink, HttpWitness
from remit.decision_api import Standing
from remit.terms import TenantId


class Outward:
    """Implements `decision_api.PublicLog`. `running` keeps what leaves this machine going."""

    def __init__(self, directory: Path, settings: LogSettings, publisher: Publisher) -> None:
        self.public = settings.public
        self.published = Published(directory)
        self._publisher = publisher
        self._client = httpx2.AsyncClient()
        self._delivery = Delivery(
            publisher,
            self.published,
            [FileSink(Path(sink)) for sink in settings.sinks],
            [HttpWitness(one.url, Witness.parse(one.key), self._client) for one in settings.witnesses],
        )

    def key(self, tenant: TenantId) -> str:
        return str(self._publisher.verifier(tenant))

    def file(self, tenant: TenantId, path: str) -> bytes | None:
        return self.published.file(tenant, path)

    def standings(self) -> Sequence[Standing]:
        return [Standing(name=one.name, size=one.size, failing=one.failing) for one in self._delivery.standings()]

    def changed(self, tenants: Sequence[TenantId]) -> None:
        """A checkpoint of these is new."""
        self._delivery.changed(tenants)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with self._client, self._delivery.running():
            yield
