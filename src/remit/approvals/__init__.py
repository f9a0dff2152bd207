"""Approvals: people's answer to one exact call, and what binds a request for it to the denial that it came from."""

from remit.approvals.answers import answer, drivers, expired, require_pending, taken_back, withdraw
from remit.approvals.binding import CONTEXT, BindingKey, Bound, binding_hash, relevant
from remit.approvals.desk import UNUSED, Desk, complete, current, missing

__all__ = [
    "CONTEXT",
    "UNUSED",
    "BindingKey",
    "Bound",
    "Desk",
    "answer",
    "binding_hash",
    "complete",
    "current",
    "drivers",
    "expired",
    "missing",
    "relevant",
    "require_pending",
    "taken_back",
    "withdraw",
]
