"""What can be read of a directory that a server may hold at the same time. Takes no lock and writes nothing."""

from pathlib import Path

from remit.terms import DEFAULT_TENANT, Kind, Tool

STORE = "remit.db"


def stored_tools(directory: Path) -> tuple[Tool, ...]:
    """The registered tools, as policies are checked against them; none when there is no store."""
    path = directory / STORE
    if not path.is_file():
        return ()
    from sqlalchemy import select  # here: whoever wants the name of the store alone does not wait for a database

    from remit.storage import database
    from remit.storage.hot import decode
    from remit.storage.schema import state

    query = select(state.c.body).where(state.c.tenant == DEFAULT_TENANT, state.c.kind == Kind.TOOL.value)
    with database.translated():
        engine = database.offline(path)
        try:
            with engine.connect() as connection:
                found = [decode(Kind.TOOL, body) for body in connection.execute(query).scalars()]
        finally:
            engine.dispose()
    return tuple(record for record in found if isinstance(record, Tool))
