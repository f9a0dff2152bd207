from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conformance.storage.contract import Reopen, StoreContract

from remit.audit.entries import encode_entry
from remit.keys import KeyDirectory
from remit.storage import Store


class TestSqlite(StoreContract):
    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Iterator[Reopen]:
        keys = KeyDirectory.create(tmp_path / "keys")
        opened: list[Store] = []

        def reopen() -> Store:
            for store in opened:
                store.close()
            opened[:] = [Store(tmp_path / "remit.db", wrap=keys, encode=encode_entry)]
            return opened[0]

        yield reopen
        for store in opened:
            store.close()
