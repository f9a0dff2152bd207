"""Operators, enforcement points and keys. Secrets are returned once and never stored.

Offboarding is one act (OWASP NHI1): a deactivated operator's keys stop at once, no key is made for it again, its id is
never used again, and what it approved and nobody used yet is cancelled. An operator that loses a role or group loses
with it the approvals that rested on them. Nobody changes themselves, and one active admin always remains.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from remit.administration.office import Act, Office
from remit.approvals import UNUSED, taken_back
from remit.authentication import new_key
from remit.terms import (
    Agent,
    AgentId,
    AgentState,
    Approval,
    Conflict,
    EnforcementPoint,
    Forbidden,
    HolderKind,
    InvalidInput,
    Key,
    KeyId,
    Kind,
    NotFound,
    Operator,
    OperatorId,
    PointId,
    Principal,
    Put,
    Role,
    is_identifier,
)

RESERVED = frozenset({"operator:local", "point:remit-gateway"})  # under these Remit itself acts


class Access:
    def __init__(self, office: Office) -> None:
        self._office = office

    async def add_operator(
        self, by: Principal, operator: str, *, roles: tuple[Role, ...], groups: tuple[str, ...] = ()
    ) -> tuple[Operator, str]:
        """A new operator and the first key."""
        self._begin(by, HolderKind.OPERATOR, operator)
        if not roles:
            raise InvalidInput(f"expected at least one role of {', '.join(Role)}")
        self._require_groups(groups)
        if self._office.records.operator(by.tenant, OperatorId(operator)) is not None:
            raise Conflict(f"operator `{operator}` exists already")
        record = Operator(tenant=by.tenant, id=OperatorId(operator), roles=roles, groups=groups)
        put = Put(kind=Kind.OPERATOR, record=record, expected=0)
        facts = {"roles": [role.value for role in roles], "groups": list(groups)}
        return record, await self._with_key(by, HolderKind.OPERATOR, operator, "operator.added", facts, put)

    async def add_point(
        self, by: Principal, point: str, *, servers: tuple[str, ...], subjects: tuple[str, ...] = ("agent",)
    ) -> tuple[EnforcementPoint, str]:
        """A new enforcement point and its first key."""
        self._begin(by, HolderKind.POINT, point)
        if self._office.records.point(by.tenant, PointId(point)) is not None:
            raise Conflict(f"enforcement point `{point}` exists already")
        record = EnforcementPoint(tenant=by.tenant, id=PointId(point), servers=servers, subjects=subjects)
        put = Put(kind=Kind.POINT, record=record, expected=0)
        facts = {"servers": list(servers), "subjects": list(subjects)}
        return record, await self._with_key(by, HolderKind.POINT, point, "point.added", facts, put)

    async def add_key(self, by: Principal, kind: HolderKind, holder: str) -> str:
        """A further key for a holder that exists."""
        self._office.require(by, Act.MANAGE_ACCESS)
        records, tenant = self._office.records, by.tenant
        found: Agent | Operator | EnforcementPoint | None
        match kind:
            case HolderKind.AGENT:
                found = records.agent(tenant, AgentId(holder))
            case HolderKind.OPERATOR:
                found = records.operator(tenant, OperatorId(holder))
            case HolderKind.POINT:
                found = records.point(tenant, PointId(holder))
        if found is None:
            raise NotFound(f"there is no such {kind.value}")
        if found.state is AgentState.RETIRED if isinstance(found, Agent) else not found.active:
            raise Conflict(f"this {kind.value} was taken out of service for good; nobody gets a key for it again")
        return await self._with_key(by, kind, holder, "key.added", {})

    async def change_operator(
        self,
        by: Principal,
        operator: str,
        *,
        roles: tuple[Role, ...] | None = None,
        groups: tuple[str, ...] | None = None,
    ) -> Operator:
        """Other roles, other groups, or both; None leaves them. Counts at once, for open requests too."""
        known = self._other(by, operator)
        changed = msgspec.structs.replace(
            known,
            roles=known.roles if roles is None else tuple(dict.fromkeys(roles)),
            groups=known.groups if groups is None else tuple(dict.fromkeys(groups)),
            version=known.version + 1,
        )
        if not changed.roles:
            raise InvalidInput(f"expected at least one role of {', '.join(Role)}; to end an operator, revoke it")
        self._require_groups(changed.groups)
        if (set(changed.roles), set(changed.groups)) == (set(known.roles), set(known.groups)):
            raise Conflict(f"operator `{known.id}` has exactly these roles and groups already")
        facts = {
            "roles": [role.value for role in changed.roles],
            "groups": list(changed.groups),
            "from_roles": [role.value for role in known.roles],
            "from_groups": list(known.groups),
        }
        await self._replace_operator(by, "operator.changed", known, changed, facts)
        return changed

    async def deactivate_operator(self, by: Principal, operator: str, cause: str) -> Operator:
        """At once and for good."""
        known = self._other(by, operator)
        changed = ended(known, cause)
        await self._replace_operator(by, "operator.deactivated", known, changed, {})
        return changed

    async def deactivate_point(self, by: Principal, point: str, cause: str) -> EnforcementPoint:
        """At once and for good."""
        self._office.require(by, Act.MANAGE_ACCESS)
        known = self._office.records.point(by.tenant, PointId(point))
        if known is None:
            raise NotFound("there is no such enforcement point; `remit points list` lists them")
        if not known.active:
            raise Conflict(f"enforcement point `{known.id}` is deactivated already")
        changed = ended(known, cause)
        put = Put(kind=Kind.POINT, record=changed, expected=known.version)
        await self._office.record(by, "point.deactivated", known.id, {}, put)
        return changed

    async def revoke_key(self, by: Principal, key: str, cause: str = "") -> Key:
        """At once and for good."""
        self._office.require(by, Act.MANAGE_ACCESS)
        known = self._office.records.key(by.tenant, KeyId(key))
        if known is None:
            raise NotFound("there is no such key; `remit keys list` lists them")
        if known.revoked:
            raise Conflict(f"key `{known.id}` is revoked already")
        changed = msgspec.structs.replace(known, revoked=True, version=known.version + 1, cause=cause)
        put = Put(kind=Kind.KEY, record=changed, expected=known.version)
        await self._office.record(by, "key.revoked", known.id, {"holder": f"{known.holder_kind}:{known.holder}"}, put)
        return changed

    def operators(self, by: Principal) -> tuple[Operator, ...]:
        self._office.require(by, Act.READ)
        return tuple(sorted(self._office.records.operators(by.tenant), key=lambda one: one.id))

    def points(self, by: Principal) -> tuple[EnforcementPoint, ...]:
        self._office.require(by, Act.READ)
        return tuple(sorted(self._office.records.points(by.tenant), key=lambda one: one.id))

    def keys(self, by: Principal) -> tuple[Key, ...]:
        """All keys; the hash of a secret stays here."""
        self._office.require(by, Act.MANAGE_ACCESS)
        found = sorted(self._office.records.keys(by.tenant), key=lambda key: (key.created, key.id))
        return tuple(msgspec.structs.replace(key, secret_sha256="") for key in found)

    def _other(self, by: Principal, operator: str) -> Operator:
        """An active operator who is not `by`."""
        asking = self._office.require(by, Act.MANAGE_ACCESS)
        known = self._office.records.operator(by.tenant, OperatorId(operator))
        if known is None:
            raise NotFound("there is no such operator; `remit operators list` lists them")
        if known.id == asking.operator:
            raise Forbidden("nobody changes or ends their own access; ask another admin")
        if not known.active:
            raise Conflict(f"operator `{known.id}` is deactivated, for good")
        return known

    async def _replace_operator(
        self, by: Principal, kind: str, known: Operator, changed: Operator, facts: Mapping[str, object]
    ) -> None:
        """One transaction with all approvals that no longer stand: a crash leaves all of it or nothing."""
        self._require_an_admin(known, changed)
        office, asking = self._office, self._office.require(by, Act.MANAGE_ACCESS)
        now = office.clock.now()
        waiting = (one for state in UNUSED for one in office.records.approvals(by.tenant, state))
        void = [one for one in unbacked(waiting, changed) if now < one.expires]
        puts = [
            cancelled(one, asking.operator, f"operator {changed.id} approved it, and may not any more", now)
            for one in void
        ]
        put = Put(kind=Kind.OPERATOR, record=changed, expected=known.version)
        await office.record(by, kind, known.id, {**facts, "cancelled": [one.id for one in void]}, put, *puts, now=now)

    def _require_an_admin(self, known: Operator, changed: Operator) -> None:
        if Role.ADMIN not in known.roles or (changed.active and Role.ADMIN in changed.roles):
            return
        others = (one for one in self._office.records.operators(known.tenant) if one.id != known.id)
        if not any(one.active and Role.ADMIN in one.roles for one in others):
            raise Conflict(f"operator `{known.id}` is the last active admin; make another one first")

    def _require_groups(self, groups: tuple[str, ...]) -> None:
        unknown = set(groups) - set(self._office.settings.groups)
        if unknown:
            raise InvalidInput(
                f"expected groups of remit.toml ({', '.join(self._office.settings.groups) or 'none yet'}), "
                f"got {', '.join(sorted(unknown))[:200]}"
            )

    def _begin(self, by: Principal, kind: HolderKind, name: str) -> None:
        self._office.require(by, Act.MANAGE_ACCESS)
        if not is_identifier(name):
            raise InvalidInput(f"expected an id of letters, digits and `_.:@/+=~#-`, got {name[:60]!r}")
        if f"{kind.value}:{name}" in RESERVED:
            raise InvalidInput(f"`{name}` is a name under which Remit itself acts; choose another")

    async def _with_key(
        self, by: Principal, kind: HolderKind, holder: str, what: str, facts: Mapping[str, object], *puts: Put
    ) -> str:
        now = self._office.clock.now()
        key, secret = new_key(by.tenant, kind, holder, now)
        put = Put(kind=Kind.KEY, record=key, expected=0)
        await self._office.record(by, what, holder, {**facts, "key": key.id}, *puts, put, now=now)
        return secret


def unbacked(approvals: Iterable[Approval], operator: Operator) -> list[Approval]:
    """Those of `approvals` that rest on a vote which `operator`, as it is now, could not give."""
    may_approve = operator.active and Role.APPROVER in operator.roles
    return [
        one
        for one in approvals
        if (one.by == operator.id or operator.id in one.votes)
        and not (may_approve and set(one.groups) & set(operator.groups))
    ]


def cancelled(approval: Approval, by: str, cause: str, now: int) -> Put:
    """`approval` taken back before it was used, whether or not it was given yet."""
    changed = taken_back(approval, by, cause, now)
    return Put(kind=Kind.APPROVAL, record=changed, expected=approval.version)


Holder = TypeVar("Holder", Operator, EnforcementPoint)


def ended(known: Holder, cause: str) -> Holder:
    """`known` out of service."""
    return msgspec.structs.replace(known, active=False, cause=cause, version=known.version + 1)
