"""Access keys: `remit_<key id>_<secret>`, sent as `Authorization: Bearer …` (RFC 6750 section 2.1).

The secret has 256 random bits, so its plain SHA-256 is stored: there is nothing to guess, and nothing to steal from the
store. Comparison is constant-time. A key proves its holder and nothing else: the holder's state is read at every call,
so revoking the key, or retiring the holder, counts at once.

A caller is authenticated before its body is read, and may take its time to send it. Whoever acts on the body asks
again, with `renewed`, whether the key still stands: else a request begun before a revocation would act after it.

Who is turned away here is counted by the reason and not recorded one by one: else strangers could fill the log.
"""

import hashlib
import hmac
import re
import secrets
from collections import Counter
from typing import NamedTuple, Protocol

from remit.terms import (
    Agent,
    AgentId,
    AgentPrincipal,
    AgentState,
    Credential,
    EnforcementPoint,
    HolderKind,
    Key,
    KeyId,
    Operator,
    OperatorId,
    OperatorPrincipal,
    PointId,
    PointPrincipal,
    Principal,
    Role,
    TenantId,
    Unauthenticated,
)

_Holder = Agent | EnforcementPoint | Operator
EMBEDDED = KeyId("embedded")  # the gateway inside this process; no access key has such an id
LOCAL = KeyId("local")  # whoever holds the directory's lock
_FORM = re.compile(r"remit_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
# Read once: on the path of every request, where a member of an enumeration is slower to look up than a record.
_AGENT, _OPERATOR, _POINT = HolderKind.AGENT, HolderKind.OPERATOR, HolderKind.POINT
_RETIRED = AgentState.RETIRED
_LENGTH = 66  # of what `_FORM` takes
_KNOWN = 4096  # keys that held lately
_INVALID = "this access key is not valid; ask an operator for a new one"

# Why somebody was turned away: for operators' eyes, never told to whoever presented the key.
NO_KEY = "no key"  # none presented, or nothing of the form of one
UNKNOWN_KEY = "unknown key"
WRONG_SECRET = "wrong secret"  # noqa: S105 a known key's id with another secret: somebody guesses, or it was cut
REVOKED_KEY = "revoked key"
HOLDER_ENDED = "holder retired or deactivated"
ENDED_MEANWHILE = "ended during the request"  # it was good when the request began


class Directory(Protocol):
    """Look-ups in hot state. A record that changes is replaced by another."""

    @property
    def revision(self) -> int:
        """Another number after each change of any record."""
        ...

    def key(self, tenant: TenantId, key: KeyId) -> Key | None: ...
    def agent(self, tenant: TenantId, agent: AgentId) -> Agent | None: ...
    def operator(self, tenant: TenantId, operator: OperatorId) -> Operator | None: ...
    def point(self, tenant: TenantId, point: PointId) -> EnforcementPoint | None: ...


def new_key(tenant: TenantId, kind: HolderKind, holder: str, now: int) -> tuple[Key, str]:
    """A key record and the secret to hand out, which is shown once and not kept."""
    key, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    record = Key(
        tenant=tenant, id=KeyId(key), holder_kind=kind, holder=holder, secret_sha256=_hash(secret), created=now
    )
    return record, f"remit_{key}_{secret}"


def parse_authorization(header: str | None) -> Credential | None:
    """The credential of an `Authorization` header, or None when there is none of a scheme that we know."""
    if header is None:
        return None
    scheme, _, value = header.strip().partition(" ")
    value = value.lstrip()
    return Credential(scheme="bearer", value=value) if value and scheme.lower() == "bearer" else None


class _Standing(NamedTuple):
    """A principal, and the records that it was made from."""

    principal: Principal
    key: Key
    holder: _Holder


class Authenticator:
    """Makes principals of credentials. Every failure is one message: what exactly was wrong helps only who guesses.

    A key that held before is known by a hash of what was presented, so that the look-up tells nobody how much of
    a guess was right. It still holds while its records are the very ones that they were then.
    """

    def __init__(self, directory: Directory, tenant: TenantId) -> None:
        """`tenant`: whose door this is; keys of other tenants are unknown here."""
        self._directory = directory
        self._tenant = tenant
        self._refused: Counter[str] = Counter()
        self._known: dict[bytes, _Standing] = {}
        self._latest: tuple[Principal | None, int] = (None, -1)  # who stood last, and at which revision of hot state

    @property
    def refused(self) -> dict[str, int]:
        """How many requests were turned away since this process began, by the reason."""
        return dict(sorted(self._refused.items()))

    def authenticate(self, credential: Credential | None) -> Principal:
        """Who presented `credential`. Raises `Unauthenticated`.

        Does not check what the principal may do, nor whether an agent's state lets it act: the path does.
        """
        value = credential.value if credential is not None else ""
        presented = hashlib.blake2b(value.encode()).digest() if len(value) == _LENGTH and value.isascii() else b""
        known = self._known.get(presented)
        if known is None or not self._stands(known):
            known = self._find(value)
            if len(self._known) >= _KNOWN:
                self._known.clear()
            self._known[presented] = known
        self._latest = known.principal, self._directory.revision
        return known.principal

    def renew(self, principal: Principal) -> Principal:
        """`principal` as its key stands now: ask once the body is there. Raises `Unauthenticated`."""
        latest, revision = self._latest
        if principal is latest and revision == self._directory.revision:
            return principal  # nothing was written since it was asked last
        try:
            return renewed(self._directory, principal)
        except Unauthenticated:
            self._refused[ENDED_MEANWHILE] += 1
            raise

    def _find(self, value: str) -> _Standing:
        match = _FORM.fullmatch(value)
        if match is None:
            self._refused[NO_KEY] += 1
            raise Unauthenticated("expected `Authorization: Bearer remit_…`, an access key of this server")
        key = self._directory.key(self._tenant, KeyId(match[1]))
        wanted = key.secret_sha256 if key is not None else _hash("")
        same = hmac.compare_digest(wanted, _hash(match[2]))
        if not same or key is None or key.revoked:
            self._refused[UNKNOWN_KEY if key is None else REVOKED_KEY if same else WRONG_SECRET] += 1
            raise Unauthenticated(_INVALID)
        holder = _holder(self._directory, key)
        if holder is None:
            self._refused[HOLDER_ENDED] += 1
            raise Unauthenticated(_INVALID)
        return _Standing(_principal(key, holder), key, holder)

    def _stands(self, known: _Standing) -> bool:
        key = known.key
        return self._directory.key(key.tenant, key.id) is key and _holder(self._directory, key) is known.holder

    @staticmethod
    def embedded_point(tenant: TenantId, name: str, servers: tuple[str, ...]) -> PointPrincipal:
        """The principal of the gateway, which runs inside this process. No network caller gets it."""
        return PointPrincipal(tenant=tenant, point=PointId(name), servers=servers, subjects=("agent",), key=EMBEDDED)

    @staticmethod
    def local_operator(tenant: TenantId) -> OperatorPrincipal:
        """Whoever holds the directory's lock may read its keys anyway: the operating system authenticated them."""
        return OperatorPrincipal(tenant=tenant, operator=OperatorId("local"), roles=(Role.ADMIN,), groups=(), key=LOCAL)


def renewed(directory: Directory, principal: Principal) -> Principal:
    """`principal` with what its holder is and may be at this moment, by look-ups alone.

    Raises `Unauthenticated` when the key was revoked, or its holder retired or deactivated, since it was presented.
    """
    if principal.key in (EMBEDDED, LOCAL):
        return principal
    key = directory.key(principal.tenant, principal.key)
    holder = None if key is None or key.revoked else _holder(directory, key)
    if key is None or holder is None:
        raise Unauthenticated("this access key is not valid any more; ask an operator for a new one")
    return _principal(key, holder)


def _holder(directory: Directory, key: Key) -> _Holder | None:
    """Whoever has the key, unless it may act no more."""
    kind = key.holder_kind
    if kind is _POINT:
        point = directory.point(key.tenant, PointId(key.holder))
        return point if point is not None and point.active else None
    if kind is _AGENT:
        agent = directory.agent(key.tenant, AgentId(key.holder))
        return agent if agent is not None and agent.state is not _RETIRED else None
    if kind is _OPERATOR:
        who = directory.operator(key.tenant, OperatorId(key.holder))
        return who if who is not None and who.active else None
    return None  # a holder of another kind is nobody


def _principal(key: Key, holder: _Holder) -> Principal:
    if isinstance(holder, EnforcementPoint):
        return PointPrincipal(
            tenant=key.tenant, point=holder.id, servers=holder.servers, subjects=holder.subjects, key=key.id
        )
    if isinstance(holder, Agent):
        return AgentPrincipal(tenant=key.tenant, agent=holder.id, key=key.id)
    return OperatorPrincipal(
        tenant=key.tenant, operator=holder.id, roles=holder.roles, groups=holder.groups, key=key.id
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
