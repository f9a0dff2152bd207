"""Modes: observing something for a while, which takes two people, and enforcing again, which takes one.

Threat: whoever can switch enforcement off can do anything, so no single operator can, nor anybody for ever. The one who
confirms is another than the one who asked, confirms what was shown (its version), and a rule that is changed waits for
confirmation again; while it waits, it is enforced.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from remit.administration.office import Act, Office
from remit.mediation.modes import KINDS
from remit.terms import (
    AgentId,
    Conflict,
    Forbidden,
    InvalidInput,
    Kind,
    Mode,
    ModeRule,
    NotFound,
    Principal,
    Put,
    Role,
    TenantId,
    ToolId,
    is_identifier,
)

MAX_OBSERVE = 90 * 24 * 3600 * 1000  # milliseconds; what is watched for a quarter has been watched enough
MAX_ENFORCE = 100 * 365 * 24 * 3600 * 1000
CONFIRMERS = frozenset({Role.ADMIN, Role.APPROVER})


class Rules(Protocol):
    """All rules of a tenant."""

    def modes(self, tenant: TenantId) -> Sequence[ModeRule]: ...


class Modes:
    def __init__(self, office: Office, rules: Rules) -> None:
        self._office = office
        self._rules = rules

    def list(self, by: Principal) -> tuple[ModeRule, ...]:
        """All rules, also those that wait for confirmation or have expired."""
        self._office.require(by, Act.READ)
        return tuple(sorted(self._rules.modes(by.tenant), key=lambda rule: rule.id))

    async def set(self, by: Principal, what: str, mode: Mode, lifetime: int | None, cause: str) -> ModeRule:
        """Ask for a mode, for `lifetime` milliseconds. Enforce counts at once; observe waits for a second person."""
        operator = self._office.require(by, Act.MANAGE)
        self._check(by, what)
        longest = MAX_OBSERVE if mode is Mode.OBSERVE else MAX_ENFORCE
        if lifetime is None and mode is Mode.OBSERVE:
            raise InvalidInput("expected `lifetime_seconds`: observe ends by itself")
        if lifetime is not None and not 0 < lifetime <= longest:
            raise InvalidInput(f"expected `lifetime_seconds` above 0 and at most {longest // 1000}")
        now = self._office.clock.now()
        known = self._office.records.mode(by.tenant, what)
        version = known.version if known is not None else 0
        rule = ModeRule(
            tenant=by.tenant,
            id=what,
            mode=mode,
            expires=now + (longest if lifetime is None else lifetime),
            by=operator.operator,
            cause=cause,
            version=version + 1,
        )
        await self._record(by, "mode.requested" if mode is Mode.OBSERVE else "mode.set", rule, version, now)
        return rule

    async def confirm(self, by: Principal, what: str, version: int | None = None) -> ModeRule:
        """Let a rule count, as another operator than the one who asked. `version` is that of the rule that was seen."""
        operator = self._office.require(by, Act.READ)
        if not CONFIRMERS & set(operator.roles):
            raise Forbidden(f"to confirm a mode needs role {' or '.join(sorted(CONFIRMERS))}")
        known = self._get(by, what)
        now = self._office.clock.now()
        if version is not None and version != known.version:
            raise Conflict("the rule was changed since it was shown; look at it again: `remit modes list`")
        if now >= known.expires or known.mode is not Mode.OBSERVE:
            raise Conflict("there is nothing to confirm: the rule has expired, or enforces; ask for it anew")
        if known.confirmed_by:
            raise Conflict(f"the rule is confirmed already, by operator `{known.confirmed_by}`")
        if operator.operator == known.by:
            raise Forbidden("a second person confirms: another operator than the one who asked")
        rule = msgspec.structs.replace(known, confirmed_by=operator.operator, version=known.version + 1)
        await self._record(by, "mode.confirmed", rule, known.version, now)
        return rule

    async def clear(self, by: Principal, what: str, cause: str = "") -> ModeRule:
        """End a rule now; without one, enforce applies."""
        operator = self._office.require(by, Act.STOP)
        known = self._get(by, what)
        if known.mode is Mode.ENFORCE:  # ending a rule that enforces may let a wider one observe
            self._office.require(by, Act.MANAGE)
        now = self._office.clock.now()
        rule = ModeRule(
            tenant=by.tenant,
            id=what,
            mode=Mode.ENFORCE,
            expires=now,
            by=operator.operator,
            cause=cause,
            version=known.version + 1,
        )
        await self._record(by, "mode.cleared", rule, known.version, now)
        return rule

    def _get(self, by: Principal, what: str) -> ModeRule:
        known = self._office.records.mode(by.tenant, what)
        if known is None:
            raise NotFound("there is no such rule; `remit modes list` lists them")
        return known

    def _check(self, by: Principal, what: str) -> None:
        """Raise unless `what` names something that calls can be of."""
        kind, colon, name = what.partition(":")
        if not colon or kind not in KINDS or not is_identifier(what) or not is_identifier(name):
            raise InvalidInput("expected `agent:<id>`, `server:<id>` or `tool:<server>/<tool>`")
        records = self._office.records
        if kind == "agent" and records.agent(by.tenant, AgentId(name)) is None:
            raise NotFound("there is no such agent; `remit agents list` lists them")
        if kind == "tool" and records.tool(by.tenant, ToolId(name)) is None:
            raise NotFound("there is no such tool; `remit tools list` lists them")

    async def _record(self, by: Principal, what: str, rule: ModeRule, before: int, now: int) -> None:
        facts = {"mode": rule.mode.value, "expires": rule.expires, "requested_by": rule.by}
        put = Put(kind=Kind.MODE, record=rule, expected=before)
        await self._office.record(by, what, rule.id, facts, put, now=now)
