"""Operators, enforcement points and keys. Secrets are returned once and never stored."""

from collections.abc import Mapping

import msgspec

from remit.administration.office import Act, Office
from remit.authentication import new_key
from remit.terms import (
    AgentId,
    Conflict,
    EnforcementPoint,
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
        unknown = set(groups) - set(self._office.settings.groups)
        if unknown:
            raise InvalidInput(
                f"expected groups of remit.toml ({', '.join(self._office.settings.groups) or 'none yet'}), "
                f"got {', '.join(sorted(unknown))[:200]}"
            )
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
        found: object | None
        match kind:
            case HolderKind.AGENT:
                found = records.agent(tenant, AgentId(holder))
            case HolderKind.OPERATOR:
                found = records.operator(tenant, OperatorId(holder))
            case HolderKind.POINT:
                found = records.point(tenant, PointId(holder))
        if found is None:
            raise NotFound(f"there is no such {kind.value}")
        return await self._with_key(by, kind, holder, "key.added", {})

    async def revoke_key(self, by: Principal, key: str) -> Key:
        """At once and for good."""
        self._office.require(by, Act.MANAGE_ACCESS)
        known = self._office.records.key(by.tenant, KeyId(key))
        if known is None:
            raise NotFound("there is no such key; `remit keys list` lists them")
        if known.revoked:
            raise Conflict(f"key `{known.id}` is revoked already")
        changed = msgspec.structs.replace(known, revoked=True, version=known.version + 1)
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
