"""Budgets: reserved before a call is released, settled by its outcome, spent if no outcome is ever attested.

Amounts are rounded to a ten-thousandth after every step, so that 0.1 added ten times is 1.0 and nine payments cannot
hide under rounding.
"""

import math

import msgspec

from remit.terms import Budget, Spent


def _plus(a: Spent, b: Spent, sign: int = 1) -> Spent:
    return Spent(
        calls=max(0, a.calls + sign * b.calls),
        amount=max(0.0, round(a.amount + sign * b.amount, 4)),
        records=max(0, a.records + sign * b.records),
    )


def reserve(budget: Budget, spent: Spent, wanted: Spent) -> Spent | str:
    """What the ledger would be after reserving `wanted`, or the name of the ceiling that does not allow it."""
    if wanted.amount < 0 or not math.isfinite(wanted.amount):  # must not earn budget back, nor pass below a ceiling
        if budget.amount is not None:
            return "amount"
        wanted = msgspec.structs.replace(wanted, amount=0.0)
    calls, records = spent.calls + wanted.calls, spent.records + wanted.records
    amount = round(spent.amount + wanted.amount, 4) if wanted.amount else spent.amount
    if budget.calls is not None and calls > budget.calls:
        return "calls"
    if budget.amount is not None and amount > budget.amount:
        return "amount"
    if budget.records is not None and records > budget.records:
        return "records"
    return Spent(calls=calls, amount=amount, records=records)


def settle(spent: Spent, reserved: Spent, used: Spent) -> Spent:
    """The ledger after an outcome: the reservation given back, what was used put in its place."""
    return _plus(_plus(spent, reserved, -1), used)


def available(budget: Budget, spent: Spent) -> Budget:
    """What is left of each ceiling."""
    return Budget(
        calls=None if budget.calls is None else max(0, budget.calls - spent.calls),
        amount=None if budget.amount is None else max(0.0, round(budget.amount - spent.amount, 4)),
        records=None if budget.records is None else max(0, budget.records - spent.records),
    )
