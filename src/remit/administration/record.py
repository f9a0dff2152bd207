"""The record, read: entries as they stand in the log, and what is left of their erasable halves."""

import json
from typing import Any, Protocol

import msgspec

from remit.administration.office import Act, Office
from remit.terms import DetailKind, InvalidInput, NotFound, Principal, TenantId
from remit.terms.entries import CAUSES

MAX_PAGE = 1000
ERASED = ".erased"  # how the kind of an erasure's entry ends


class Archive(Protocol):
    """Committed entries and details."""

    def entries(self, tenant: TenantId, start: int, stop: int) -> list[bytes]: ...
    def size(self, tenant: TenantId) -> int: ...
    def entry_of(self, tenant: TenantId, id: str) -> list[tuple[int, bytes]]: ...
    def detail(self, tenant: TenantId, mission: str, owner: str, kind: DetailKind) -> bytes | None: ...


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on record about one decision, mission, agent or other id."""

    id: str
    entries: tuple[dict[str, Any], ...]
    call: dict[str, Any] | None = None  # arguments and findings of a decision; None when erased or not a call
    result: dict[str, Any] | None = None
    erased: bool = False  # what people and agents wrote about it is gone; the entries stay
    cause: str | None = None  # why it was erased, as whoever did it put it; None when that was erased too


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """The erasable half of an erasure's entry."""

    cause: str
    salt: str  # of the entry's commitment, hexadecimal


def causes(kind: str, id: str) -> str:
    """The shelf on which it stands why a mission or instance was erased; no mission's and no instance's own."""
    return f"{CAUSES}{kind}:{id}"


class Record:
    def __init__(self, office: Office, archive: Archive) -> None:
        self._office = office
        self._archive = archive

    def show(self, by: Principal, id: str) -> Recorded:
        """What is on record about `id`."""
        self._office.require(by, Act.READ_RECORD)
        found = self._archive.entry_of(by.tenant, id)
        if not found:
            raise NotFound("nothing is on record about this id")
        entries = tuple(json.loads(body) for _, body in found)
        call = result = None
        erased = any(entry["kind"] == "mission.erased" for entry in entries)
        first = entries[0]
        if first["kind"] == "decision.made":
            facts = first["facts"]
            instance = facts.get("instance") or f"{facts.get('agent')}/default"
            shelf = facts.get("mission") or f"instance:{instance}"
            call = self._detail(by, shelf, id, DetailKind.CALL)
            result = self._detail(by, shelf, id, DetailKind.RESULT)
            erased = call is None and "call" in facts
        return Recorded(
            id=id, entries=entries, call=call, result=result, erased=erased, cause=self._cause(by, id, entries)
        )

    def _cause(self, by: Principal, id: str, entries: tuple[dict[str, Any], ...]) -> str | None:
        kinds = {str(entry["kind"]).removesuffix(ERASED) for entry in entries if str(entry["kind"]).endswith(ERASED)}
        found = (self._detail(by, causes(kind, id), id, DetailKind.CAUSE) for kind in sorted(kinds))
        return next((detail["cause"] for detail in found if detail is not None), None)

    def entries(self, by: Principal, start: int, limit: int) -> tuple[dict[str, Any], ...]:
        """Entries from number `start`, at most `limit`; a negative `start` counts from the end."""
        self._office.require(by, Act.READ_RECORD)
        if not 1 <= limit <= MAX_PAGE:
            raise InvalidInput(f"expected `limit` from 1 to {MAX_PAGE}")
        size = self._archive.size(by.tenant)
        first = max(0, size + start) if start < 0 else start
        return tuple(json.loads(body) for body in self._archive.entries(by.tenant, first, min(size, first + limit)))

    def size(self, by: Principal) -> int:
        self._office.require(by, Act.READ)
        return self._archive.size(by.tenant)

    def _detail(self, by: Principal, shelf: str, owner: str, kind: DetailKind) -> dict[str, Any] | None:
        body = self._archive.detail(by.tenant, shelf, owner, kind)
        if body is None:
            return None
        value: dict[str, Any] = json.loads(body)
        return value
