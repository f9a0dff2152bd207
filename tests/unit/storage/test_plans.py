"""What is asked of the database while it serves is looked up, however much there is: nothing walks a table."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from tests.conformance.storage.contract import INSTANCE, T, called, put, reservation, result, write

from remit.audit.entries import encode_entry
from remit.keys import KeyDirectory
from remit.storage import Store
from remit.terms import DetailKind, InstanceId, Kind

QUESTIONS: dict[str, tuple[Callable[[Store], object], str]] = {
    "entries about a thing": (lambda store: store.entry_of(T, "d"), "entry_about (id=? AND rowid>? AND rowid<?)"),
    "entries by number": (
        lambda store: store.entries(T, 0, 2),
        "entry USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    ),
    "size": (lambda store: store.size(T), "entry USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
    "time of the last": (lambda store: store.last_time(T), "entry USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
    "a call": (lambda store: store.reservation(T, "gone"), "entry_about (id=? AND rowid>? AND rowid<?)"),
    "a settled call": (lambda store: store.reservation(T, "gone"), "(tenant=? AND kind=? AND id=?)"),
    "a detail": (
        lambda store: store.detail(T, "m", "d", DetailKind.RESULT),
        "detail USING INTEGER PRIMARY KEY (rowid=?)",
    ),
    "what an instance read": (lambda store: store.memory(T, InstanceId("i")), "state_belongs (tenant=? AND belongs=?)"),
    "erasures cut off": (lambda store: store.unfinished_erasures(T), "entry_about (id=? AND rowid>? AND rowid<?)"),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_looked_up_and_walks_no_table(tmp_path: Path, question: str) -> None:
    keys = KeyDirectory.create(tmp_path / "keys")
    store = Store(tmp_path / "remit.db", wrap=keys, encode=encode_entry)
    permitted = (put(Kind.INSTANCE, INSTANCE), put(Kind.RESERVATION, reservation("d")))
    store.commit_blocking(write("d", *permitted, details=(called("d"),)))
    settled = put(Kind.RESERVATION, reservation("d", "settled", 2))
    store.commit_blocking(write("d", settled, details=(result("d", "a word"),)))
    store.close()
    store = Store(tmp_path / "remit.db", wrap=keys, encode=encode_entry)
    plans: list[str] = []

    @event.listens_for(store._readers, "before_cursor_execute")
    def _plan(_connection: Any, cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plans.extend(str(row[3]) for row in rows)

    ask, looked_up = QUESTIONS[question]
    ask(store)
    assert any(looked_up in plan for plan in plans), plans
    assert not [plan for plan in plans if plan.startswith("SCAN") and "CONSTANT ROW" not in plan], plans
    store.close()
