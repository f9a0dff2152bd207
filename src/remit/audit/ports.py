"""What the log needs of the world: committed rows, which are the truth, and a place for its files."""

from typing import Protocol

from remit.terms import TenantId


class EntrySource(Protocol):
    """Committed entries, numbered from 0 without gaps per tenant. Raises `Unavailable` if the store cannot be read."""

    def tenants(self) -> list[TenantId]: ...
    def size(self, tenant: TenantId) -> int: ...
    def read(self, tenant: TenantId, start: int, stop: int) -> list[bytes]:
        """Entries `start` up to, without, `stop`, which all exist."""
        ...


class FileStore(Protocol):
    """Files by relative path with `/`. Every method may raise `OSError`."""

    def read(self, path: str, limit: int) -> bytes | None:
        """The file's bytes, or None if there is none. More than `limit` bytes, or no regular file, is an `OSError`."""
        ...

    def write(self, path: str, data: bytes) -> None:
        """Put the file there whole, replacing what was there. It is durable once `sync` returned."""
        ...

    def sync(self) -> None: ...

    def exists(self, path: str) -> bool: ...

    def remove(self, path: str) -> None:
        """Remove the directory of partial tiles, if it is there."""
        ...
