"""Brings a database to the schema of this release, or refuses it with what to do.

A newer schema is refused, never guessed at. One migration is one transaction: a crash leaves the schema before or after
it. Alembic is imported only when there is something to do, so that opening an up-to-date store stays quick.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, select
from sqlalchemy.sql import column, table

from remit.storage.schema import VERSION_TABLE
from remit.terms import Refused

HEAD = "0004"  # the newest migration; a test holds it to the files
MIGRATIONS = Path(__file__).parent / "migrations"


def found(connection: Connection) -> str | None:
    """The schema version of the database, None for an empty one. Raises `Refused` when it is not ours."""
    tables = inspect(connection).get_table_names()
    if VERSION_TABLE not in tables:
        if tables:
            raise Refused("expected a database of Remit, got one with other tables: name another directory")
        return None
    version = connection.execute(select(column("version_num")).select_from(table(VERSION_TABLE))).scalar()
    return None if version is None else str(version)


def require_current(version: str | None) -> None:
    """Refuse a schema that this release cannot read."""
    if version is not None and version > HEAD:
        raise Refused(
            f"expected schema {HEAD} or older, got {version!r}: a newer Remit wrote this store; "
            "start that release, or restore the backup made before the upgrade"
        )


def upgrade(connection: Connection) -> None:
    """Run what is missing. The caller commits."""
    version = found(connection)
    require_current(version)
    if version == HEAD:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
