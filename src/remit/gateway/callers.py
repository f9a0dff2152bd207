"""Who calls: an agent, by its key in the `Authorization` header, as the key stands now."""

from remit.gateway.body import Scope
from remit.gateway.ports import Authenticator
from remit.terms import AgentPrincipal, Credential, Principal, Unauthenticated


def authenticated(authenticator: Authenticator, scope: Scope) -> AgentPrincipal:
    """The agent that sent this request. Raises `Unauthenticated`."""
    scheme, _, value = (_authorization(scope) or "").strip().partition(" ")
    known = scheme.lower() == "bearer" and value.strip()
    return by_agent(authenticator.authenticate(Credential(scheme="bearer", value=value.strip()) if known else None))


def renewed(authenticator: Authenticator, agent: AgentPrincipal) -> AgentPrincipal:
    """`agent` as its key stands now. Raises `Unauthenticated` when it was revoked since it was presented."""
    return by_agent(authenticator.renew(agent))


def by_agent(principal: Principal) -> AgentPrincipal:
    """`principal`, who has to be an agent. Raises `Unauthenticated`."""
    if not isinstance(principal, AgentPrincipal):
        raise Unauthenticated("expected an agent's key: tools are called by agents")
    return principal


def challenge(scope: Scope) -> tuple[bytes, bytes]:
    """The header that goes with a 401 (RFC 6750 section 3)."""
    return (b"www-authenticate", b'Bearer error="invalid_token"' if _authorization(scope) else b"Bearer")


def _authorization(scope: Scope) -> str | None:
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    return values[0].decode("latin-1") if len(values) == 1 else None
