"""Which records in memory are over, and when: unused tokens and approvals, reservations that nobody settles, ledgers of
a day. Changed under the store's guard.
"""

import collections

from remit.storage.hot import is_daily, is_hot
from remit.terms import Approval, Kind, TokenRecord
from remit.terms.entries import Ledger, Record, Reservation

_DAY = 24 * 3600 * 1000
AWAITED = 2_048  # durable reservations, the newest, that wait for their outcome in memory
Name = tuple[Kind, str, str]
COMES = frozenset({TokenRecord, Approval, Ledger})  # types of which `came` is to hear


class Passing:
    """Short-lived records in the order in which they came. Each leaves at the first write after its time."""

    def __init__(self) -> None:
        self._expiring: dict[Kind, collections.deque[tuple[int, str, str]]] = {
            Kind.TOKEN: collections.deque(),
            Kind.APPROVAL: collections.deque(),
        }
        self._awaited: collections.deque[Reservation] = collections.deque()
        self._days: dict[int, set[Name]] = {}

    def came(self, record: Record, now: int) -> None:
        if is_daily(record):
            self._days.setdefault(now // _DAY, set()).add((Kind.LEDGER, record.tenant, record.id))
        elif isinstance(record, (TokenRecord, Approval)) and is_hot(record):
            kind = Kind.TOKEN if isinstance(record, TokenRecord) else Kind.APPROVAL
            self._expiring[kind].append((record.expires, record.tenant, record.id))

    def awaits(self, reservation: Reservation) -> Reservation | None:
        """It is durable, and its outcome may come soon, late or never. Returns the one that makes room for it."""
        self._awaited.append(reservation)
        return self._awaited.popleft() if len(self._awaited) > AWAITED else None

    def gone(self, now: int) -> list[Name]:
        """What may leave memory. Those of a kind live about equally long, so one that lives longer delays few."""
        gone: list[Name] = []
        for kind, waiting in self._expiring.items():
            while waiting and waiting[0][0] <= now:
                _, tenant, name = waiting.popleft()
                gone.append((kind, tenant, name))
        if self._days:
            today = now // _DAY
            for day in [day for day in self._days if day < today - 1]:  # outcomes still settle yesterday's
                gone.extend(self._days.pop(day))
        return gone
