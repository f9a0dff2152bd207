"""The life of a call token: minted → consumed → closed, or void. Pure: the path commits what these return (I3).

Each transition gives the record that replaces exactly the version it was given; the store refuses it when another came
first. So of any number of uses, through races, crashes and fail-over, at most one is committed.
"""

import msgspec

from remit.keys import MAX_LIFETIME
from remit.terms import Call, InvalidInput, PointPrincipal
from remit.terms.tokens import TokenRecord, TokenState
from remit.tokens.call_tokens import CallToken
from remit.tokens.proofs import Proof

DEFAULT_LIFETIME = 30_000  # milliseconds: time to send one call, not to keep it
_MINTED, _CONSUMED = TokenState.MINTED, TokenState.CONSUMED  # read once: the look-up costs more than the use


def issue(
    call: Call,
    *,
    decision: str,
    id: str,
    subject: str,
    audience: str,
    holder_jkt: str | None,
    epoch: int,
    now: int,
    lifetime: int = DEFAULT_LIFETIME,
) -> TokenRecord:
    """The record of a token to be minted, committed with the permit that it rests on.

    `id` must be unguessable: it becomes `jti`. `subject` is the mission's, or `agent:<id>` for the agent itself.
    """
    if not 1_000 <= lifetime <= MAX_LIFETIME:
        raise InvalidInput(f"expected a lifetime of 1,000 to {MAX_LIFETIME:,} ms for a call token, got {lifetime}")
    return TokenRecord(
        tenant=call.tenant,
        id=id,
        decision=decision,
        digest=call.digest,
        mission=call.mission or "",
        agent=call.agent,
        instance=call.instance,
        server=call.server,
        subject=subject,
        audience=audience,
        jkt=holder_jkt,
        epoch=epoch,
        issued=now // 1000 * 1000,  # whole seconds (RFC 7519 section 2, NumericDate), rounded so that none lives longer
        expires=(now + lifetime) // 1000 * 1000,
    )


def consume(
    record: TokenRecord, token: CallToken, *, proof: Proof | None, point: PointPrincipal, now: int, epoch: int
) -> TokenRecord | str:
    """`record` as consumed by `point`, or why this token cannot be used so: a key that is bound must be proven, for
    this very token."""
    why = unusable(record, token, point=point, now=now, epoch=epoch)
    if why is not None:
        return why
    if record.jkt is not None:
        if proof is None:
            return "the token is bound to a key: expected a DPoP proof made with it"
        if proof.jkt != record.jkt:
            return "the proof was made with another key than the token is bound to"
        if proof.ath != token.hash:
            return "the proof was made for another token"
    return msgspec.structs.replace(record, state=_CONSUMED, by=point.point, version=record.version + 1)


def unusable(record: TokenRecord, token: CallToken, *, point: PointPrincipal, now: int, epoch: int) -> str | None:
    """None when `point` could use `token` now with the right proof, or why not.

    The caller found `record` by tenant and id of `token`. What a token says must be what its record says.
    """
    if record.tenant != point.tenant or not point.guards(record.server):
        return f"enforcement point `{point.point}` does not guard the server of this token"
    if not _matches(record, token):
        return "the token is not the one on record"
    if record.epoch != epoch:
        return "the token is of another epoch of the store; ask for a new one"
    if record.state is not _MINTED:
        return f"the token is {record.state.value} already; each is for one use"
    if now >= record.expires:
        return "the token has expired; ask for a new one"
    return None


def close(record: TokenRecord) -> TokenRecord | str:
    """`record` as closed by the call's outcome, or why not. A token that was never used can then not be used either."""
    if record.state not in (TokenState.MINTED, TokenState.CONSUMED):
        return f"the token is {record.state.value} already"
    return msgspec.structs.replace(record, state=TokenState.CLOSED, version=record.version + 1)


def void(record: TokenRecord, cause: str) -> TokenRecord | str:
    """`record` as taken back before use, or why it cannot be: a consumed token has done its work."""
    if record.state is not TokenState.MINTED:
        return f"the token is {record.state.value} already"
    return msgspec.structs.replace(record, state=TokenState.VOID, cause=cause, version=record.version + 1)


def _matches(record: TokenRecord, token: CallToken) -> bool:
    return (
        record.tenant == token.tenant
        and record.id == token.id
        and record.decision == token.decision
        and record.digest == token.digest
        and record.mission == (token.mission or "")
        and record.agent == token.agent
        and record.instance == token.instance
        and record.server == token.server
        and record.subject == token.subject
        and record.audience == token.audience
        and record.jkt == token.jkt
        and record.epoch == token.epoch
        and record.issued == token.issued
        and record.expires == token.expires
    )
