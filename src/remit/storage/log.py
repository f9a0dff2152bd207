"""The committed entries: what `audit` builds tiles from, and what the offline verifier reads.

Only committed rows are seen. What this does NOT check: that the rows are what was once committed; that is `audit`'s, by
hashes and signed checkpoints.
"""

from pathlib import Path

from sqlalchemy import Engine, select

from remit.storage import database
from remit.storage.details import ERASED, OUTSIDE, begins_before, decided_before
from remit.storage.migrate import found, require_current
from remit.storage.schema import BLOCK, PLACES, detail, entry, first_place, mission_key, of_tenant, shelf
from remit.storage.schema import tenant as tenants
from remit.terms import Refused, TenantId


class Log:
    """Entries by number; implements `audit`'s source of entries."""

    def __init__(self, readers: Engine) -> None:
        self._readers = readers

    def entries(self, tenant: TenantId, start: int, stop: int) -> list[bytes]:
        """The bodies numbered `start` up to, without, `stop`; fewer where the log ends before."""
        first = first_place(tenant)
        places = entry.c.place >= first + max(0, start), entry.c.place < first + min(stop, PLACES)
        query = select(entry.c.body).where(*places).order_by(entry.c.place)
        with database.translated(), self._readers.connect() as connection:
            return list(connection.execute(query).scalars())

    def read(self, tenant: TenantId, start: int, stop: int) -> list[bytes]:
        """`entries`, as the log's port calls it."""
        return self.entries(tenant, start, stop)

    def size(self, tenant: TenantId) -> int:
        query = select(entry.c.place + 1 - first_place(tenant)).where(of_tenant(tenant))
        with database.translated(), self._readers.connect() as connection:
            return connection.execute(query.order_by(entry.c.place.desc()).limit(1)).scalar() or 0

    def tenants(self) -> list[TenantId]:
        """Every tenant that has an entry."""
        with database.translated(), self._readers.connect() as connection:
            names = connection.execute(select(tenants.c.name).order_by(tenants.c.number)).scalars()
            return [TenantId(name) for name in names]

    def entry_of(self, tenant: TenantId, about: str) -> list[tuple[int, bytes]]:
        """Number and body of each entry about one thing (a decision, mission, agent), oldest first."""
        number = (entry.c.place - first_place(tenant)).label("number")
        query = select(number, entry.c.body).where(entry.c.id == about, of_tenant(tenant))
        with database.translated(), self._readers.connect() as connection:
            # Ordered here: asked for an order, SQLite would walk all entries in it instead of looking the few up.
            return sorted((row.number, row.body) for row in connection.execute(query))

    def last_time(self, tenant: TenantId) -> int:
        """When the tenant's last entry was written, 0 when it has none."""
        query = select(entry.c.time).where(of_tenant(tenant)).order_by(entry.c.place.desc()).limit(1)
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
            entry.c.id == mission_key.c.mission, entry.c.kind == "mission.erased", of_tenant(tenant)
        )
        query = select(mission_key.c.mission).where(mission_key.c.tenant == tenant, mission_key.c.wrapped != ERASED)
        with database.translated(), self._readers.connect() as connection:
            return list(connection.execute(query.where(recorded.exists())).scalars())

    def old_shelves(self, tenant: TenantId, before: int) -> list[str]:
        """Shelves outside of missions with texts of decisions made before this time."""
        outside = OUTSIDE, OUTSIDE + "\U0010ffff"
        shelves = shelf.c.tenant == tenant, shelf.c.mission.between(*outside)
        blocks = select(shelf.c.block).where(*shelves, begins_before(before)).distinct().subquery()
        within = detail.c.place.between(blocks.c.block * BLOCK, blocks.c.block * BLOCK + (BLOCK - 1))
        query = select(detail.c.mission).join(blocks, within).where(detail.c.mission.between(*outside))
        with database.translated(), self._readers.connect() as connection:
            return list(connection.execute(query.where(decided_before(before)).distinct()).scalars())

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
