"""The committed entries: what `audit` builds tiles from, and what the offline verifier reads.

Only committed rows are seen. What this does NOT check: that the rows are what was once committed; that is `audit`'s, by
hashes and signed checkpoints.
"""

from pathlib import Path

from sqlalchemy import Engine, func, select

from remit.storage import database
from remit.storage.details import ERASED, OUTSIDE
from remit.storage.migrate import found, require_current
from remit.storage.schema import detail, entry, mission_key
from remit.terms import Refused, TenantId


class Log:
    """Entries by number; implements `audit`'s source of entries."""

    def __init__(self, readers: Engine) -> None:
        self._readers = readers

    def entries(self, tenant: TenantId, start: int, stop: int) -> list[bytes]:
        """The bodies numbered `start` up to, without, `stop`; fewer where the log ends before."""
        query = select(entry.c.body).where(entry.c.tenant == tenant, entry.c.seq >= start, entry.c.seq < stop)
        with database.translated(), self._readers.connect() as connection:
            return list(connection.execute(query.order_by(entry.c.seq)).scalars())

    def read(self, tenant: TenantId, start: int, stop: int) -> list[bytes]:
        """`entries`, as the log's port calls it."""
        return self.entries(tenant, start, stop)

    def size(self, tenant: TenantId) -> int:
        with database.translated(), self._readers.connect() as connection:
            last = connection.execute(select(func.max(entry.c.seq)).where(entry.c.tenant == tenant)).scalar()
        return 0 if last is None else last + 1

    def tenants(self) -> list[TenantId]:
        """Every tenant that has an entry. Hops along the key, so that it costs per tenant, not per entry."""
        tenants: list[TenantId] = []
        with database.translated(), self._readers.connect() as connection:
            query = select(func.min(entry.c.tenant))
            tenant = connection.execute(query).scalar()
            while tenant is not None:
                tenants.append(TenantId(tenant))
                tenant = connection.execute(query.where(entry.c.tenant > tenant)).scalar()
        return tenants

    def entry_of(self, tenant: TenantId, about: str) -> list[tuple[int, bytes]]:
        """Number and body of each entry about one thing (a decision, mission, agent), oldest first."""
        query = select(entry.c.seq, entry.c.body).where(entry.c.tenant == tenant, entry.c.id == about)
        with database.translated(), self._readers.connect() as connection:
            # Ordered here: asked for an order, SQLite would walk all entries in it instead of looking the few up.
            return sorted((row.seq, row.body) for row in connection.execute(query))

    def last_time(self, tenant: TenantId) -> int:
        """When the tenant's last entry was written, 0 when it has none."""
        query = select(entry.c.time).where(entry.c.tenant == tenant).order_by(entry.c.seq.desc()).limit(1)
        with database.translated(), self._readers.connect() as connection:
            return connection.execute(query).scalar() or 0

    def texts_of(self, tenant: TenantId, mission: str) -> bool | None:
        """Whether there is a key for a mission's texts; None when they were erased."""
        query = select(mission_key.c.wrapped).where(mission_key.c.tenant == tenant, mission_key.c.mission == mission)
        with database.translated(), self._readers.connect() as connection:
            wrapped = connection.execute(query).scalar()
        return None if wrapped == ERASED else wrapped is not None

    def unfinished_erasures(self, tenant: TenantId) -> list[str]:
        """Missions on record as erased whose texts are still there: a crash came in between."""
        recorded = select(entry.c.id).where(
            entry.c.tenant == tenant, entry.c.id == mission_key.c.mission, entry.c.kind == "mission.erased"
        )
        query = select(mission_key.c.mission).where(mission_key.c.tenant == tenant, mission_key.c.wrapped != ERASED)
        with database.translated(), self._readers.connect() as connection:
            return list(connection.execute(query.where(recorded.exists())).scalars())

    def old_shelves(self, tenant: TenantId, before: int) -> list[str]:
        """Shelves outside of missions with texts of decisions made before this time."""
        old = select(entry.c.id).where(
            entry.c.tenant == tenant,
            entry.c.id == detail.c.owner,
            entry.c.kind == "decision.made",
            entry.c.time < before,
        )
        outside = detail.c.mission.between(OUTSIDE, OUTSIDE + "\U0010ffff")
        query = select(detail.c.mission).where(detail.c.tenant == tenant, outside, old.exists()).distinct()
        with database.translated(), self._readers.connect() as connection:
            return list(connection.execute(query).scalars())

    def close(self) -> None:
        self._readers.dispose()


def read_only(path: Path) -> Log:
    """The log of a store that may be running, stopped, or a copy on a read-only disk; takes no lock, writes nothing."""
    if not path.is_file():
        raise Refused(f"no store at {path}: name the directory of a Remit")
    with database.translated():
        engine = database.offline(path)
        with engine.connect() as connection:
            version = found(connection)
    require_current(version)
    if version is None:
        raise Refused(f"{path} holds no store yet: start Remit once, or name another directory")
    return Log(engine)
