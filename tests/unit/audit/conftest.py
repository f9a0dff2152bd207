"""A small log on disk, and the world around it through the real ports."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from remit.audit import EntrySource, FileStore, Publisher
from remit.audit.files import LogFiles
from remit.terms import DEFAULT_TENANT, TenantId


class Rows:
    """Committed rows in memory."""

    def __init__(self, count: int = 0) -> None:
        self.entries: list[bytes] = []
        self.add(count)

    def add(self, count: int) -> None:
        first = len(self.entries)
        self.entries += [b'{"seq":%d,"pad":"%s"}' % (n, b"x" * (n % 7)) for n in range(first, first + count)]

    def tenants(self) -> list[TenantId]:
        return [DEFAULT_TENANT]

    def size(self, tenant: TenantId) -> int:
        return len(self.entries)

    def read(self, tenant: TenantId, start: int, stop: int) -> list[bytes]:
        assert 0 <= start <= stop <= len(self.entries)
        return self.entries[start:stop]


class PowerLossError(Exception):
    """The process ends here."""


class FailingFiles(LogFiles):
    """The process dies at change number `at`: with the change `kept` on disk, or lost."""

    def __init__(self, root: Path, at: int, kept: bool) -> None:
        super().__init__(root)
        self.left = at
        self.kept = kept

    def _change(self, change: Callable[[], None]) -> None:
        if self.left == 0:
            if self.kept:
                change()
            raise PowerLossError
        self.left -= 1
        change()

    def write(self, path: str, data: bytes) -> None:
        self._change(lambda: super(FailingFiles, self).write(path, data))

    def remove(self, path: str) -> None:
        self._change(lambda: super(FailingFiles, self).remove(path))

    def sync(self) -> None:
        self._change(lambda: super(FailingFiles, self).sync())


class World:
    """One log directory with its key and rows."""

    power_loss = PowerLossError
    tenant = DEFAULT_TENANT

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
        self.rows = Rows()
        self.log = directory / "log" / "default"
        self.key = str(self.publisher().verifier(DEFAULT_TENANT))

    def publisher(self, files: FileStore | None = None, rows: EntrySource | None = None) -> Publisher:
        return Publisher(
            self.directory / "log", private=self.private, origin="remit.test", source=rows or self.rows, files=files
        )

    def grow(self, *counts: int) -> None:
        """Publish once after each of these numbers of new rows, with one publisher."""
        publisher = self.publisher()
        for count in counts:
            self.rows.add(count)
            publisher.publish(DEFAULT_TENANT)

    def failing(self, at: int, kept: bool) -> FailingFiles:
        return FailingFiles(self.directory / "log", at, kept)

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.log)) for path in self.log.rglob("*") if path.is_file())


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)
