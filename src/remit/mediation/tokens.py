"""Call tokens in the path: accepted and issued at step 8, minted at step 10, used once, closed at step 11.

Use is judged anew: whatever was revoked between the permit and the use stops it (I5). The one use is the version of the
record, compared at the commit (I3); proofs seen before are remembered in this process, which after a restart costs
nothing, because a proof goes with one token and the token's use is durable.
"""

import msgspec

from remit.decision import Judgement
from remit.keys import TokenKey
from remit.mediation.find import find
from remit.mediation.ports import Epoch, State, TokenKeyring
from remit.terms import (
    Call,
    EntryDraft,
    InvalidInput,
    IssuedToken,
    Kind,
    Mission,
    PointPrincipal,
    Put,
    TokenRecord,
    TokenRequest,
    ToolState,
    Write,
    actor_of,
    is_identifier,
)
from remit.tokens import (
    MAX_AGE,
    SKEW,
    CallToken,
    Minted,
    Proof,
    ReplayWindow,
    comparable,
    consume,
    is_thumbprint,
    issue,
    mint,
    unusable,
    verify,
    verify_proof,
)

MAX_AUDIENCE = 500  # characters
MAX_NAMES = 4500  # bytes of JSON of what a token names: it has to fit into one HTTP header
_ACTIVE, _TOKEN, _TOOL = ToolState.ACTIVE, Kind.TOKEN, Kind.TOOL  # read once: the look-up costs more than the use


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """A token as an enforcement point got it with a request. Unverified."""

    token: str
    proof: str | None = None  # the `DPoP` header
    method: str = ""  # of the request, and its URI, as the holder sent it there
    uri: str = ""
    audience: str | None = None  # what the point is called; None: judged by `uri`, the server's or the point's id

    def __repr__(self) -> str:  # I7
        return "Presented(…)"


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """A token to be minted once its record is committed."""

    record: TokenRecord
    key: TokenKey
    call: Call
    mission: Mission | None


class CallTokens:
    """The rules of call tokens over hot state; `Mediator` commits what they give."""

    def __init__(self, *, state: State, keys: TokenKeyring, epoch: Epoch, issuer: str, unbound: bool) -> None:
        self._state = state
        self._keys = keys
        self._epoch = epoch
        self._issuer = issuer
        self._unbound = unbound
        self._seen = ReplayWindow(MAX_AGE + SKEW)
        self._minted = Minted()

    # With a permit.
    def accept(self, wanted: TokenRequest) -> None:
        """Raise `InvalidInput` for a token that cannot be had, before anything is decided."""
        audience = wanted.audience
        if not 0 < len(audience) <= MAX_AUDIENCE or not (is_identifier(audience) or comparable(audience)):
            raise InvalidInput(
                "expected `context.token.audience` to be the http(s) URI of the resource, or a server's id"
            )
        if wanted.jkt is None and not self._unbound:
            raise InvalidInput(
                "expected `context.token.jkt`, the RFC 7638 thumbprint of the holder's key: call tokens are bound to a "
                "key here (`unbound_tokens = true` in remit.toml would allow others)"
            )
        if wanted.jkt is not None and not is_thumbprint(wanted.jkt):
            raise InvalidInput("expected `context.token.jkt` to be a SHA-256 thumbprint, base64url without padding")

    def issue(
        self, wanted: TokenRequest, call: Call, mission: Mission | None, decision: str, id: str, now: int
    ) -> Issued:
        """The record of a new token. Raises `InvalidInput` for names that fit into no header."""
        subject = mission.subject if mission is not None else f"agent:{call.agent}"
        names = (subject, wanted.audience, call.agent, call.instance, call.mission, call.tool_id, call.call_id)
        if len(msgspec.json.encode(names)) > MAX_NAMES:
            raise InvalidInput("the names of this call are too long for a token; shorten instance and call id")
        record = issue(
            call,
            decision=decision,
            id=id,
            subject=subject,
            audience=wanted.audience,
            holder_jkt=wanted.jkt,
            epoch=self._epoch.epoch,
            now=now,
        )
        return Issued(record=record, key=self._keys.tokens.signing(now), call=call, mission=mission)

    def mint(self, issued: Issued, now: int) -> IssuedToken:
        """The token of a committed record."""
        record = issued.record
        token, says = mint(record, issued.call, issued.mission, issued.key, self._issuer)
        self._minted.keep(says)
        return IssuedToken(
            access_token=token,
            token_type="Bearer" if record.jkt is None else "DPoP",
            expires_in=(record.expires - now) // 1000,
        )

    # At its use.
    def proven(self, presented: Presented, point: PointPrincipal, now: int) -> tuple[CallToken, Proof | None] | str:
        """The token with its proof of possession, or why they do not hold for this point. Uses the proof up."""
        found = self._read(presented.token, point, now)
        if isinstance(found, str):
            return found
        if not _is_for(found, presented, point):
            return "the token is for another audience"
        if found.jkt is None:
            return found, None
        if presented.proof is None:
            return "the token is bound to a key: expected a DPoP proof made with it"
        proof = verify_proof(
            presented.proof,
            method=presented.method,
            uri=presented.uri,
            ath=found.hash,
            now=now,
            seen=self._seen,
            holder=found.jkt,
        )
        return proof if isinstance(proof, str) else (found, proof)

    def use(self, found: CallToken, proof: Proof | None, point: PointPrincipal, now: int) -> Write | str:
        """The write that uses the token up, or why it cannot be used any more."""
        record = self._state.token(point.tenant, found.id)
        if record is None:
            return "the token is not on record"
        used = consume(record, found, proof=proof, point=point, now=now, epoch=self._epoch.epoch)
        if isinstance(used, str):
            return used
        self._minted.forget(found)  # its one use is under way; should it fail, the next try verifies it anew
        actors = find(self._state, point.tenant, found.agent, found.instance, found.mission, now)
        if isinstance(actors, Judgement):
            return actors.reasons[0].message
        tool = self._state.tool(point.tenant, found.tool_id)
        if (tool.definition_hash if tool is not None else "") != found.definition_hash:
            return "the tool's definition changed after the permit; ask again"
        if tool is not None and tool.state is not _ACTIVE:
            return f"the tool is {tool.state.value}"
        entry = EntryDraft(
            tenant=point.tenant,
            kind="token.consumed",
            id=found.decision,
            time=now,
            actor=actor_of(point),
            facts={"token": found.id, "agent": found.agent, "mission": found.mission, "epoch": found.epoch},
        )
        read = (*actors.read, (_TOOL, found.tool_id, tool.version if tool is not None else 0))
        put = Put(kind=_TOKEN, record=used, expected=record.version)
        return Write(entry=entry, puts=(put,), expects=read)

    def introspect(self, token: str, point: PointPrincipal, now: int) -> CallToken | None:
        """The token if this point could use it now with the right proof (RFC 7662 section 2.2). Uses nothing up."""
        found = self._read(token, point, now)
        record = self._state.token(point.tenant, found.id) if isinstance(found, CallToken) else None
        if record is None or isinstance(found, str):
            return None
        if unusable(record, found, point=point, now=now, epoch=self._epoch.epoch) is not None:
            return None
        actors = find(self._state, point.tenant, found.agent, found.instance, found.mission, now)
        return None if isinstance(actors, Judgement) else found

    def _read(self, token: str, point: PointPrincipal, now: int) -> CallToken | str:
        found = verify(
            token,
            keys=self._keys.tokens,
            issuer=self._issuer,
            audience=None,
            now=now,
            epoch=self._epoch.epoch,
            minted=self._minted,
        )
        if isinstance(found, CallToken) and (found.tenant != point.tenant or not point.guards(found.server)):
            return f"enforcement point `{point.point}` does not guard the server of this token"
        return found


def _is_for(found: CallToken, presented: Presented, point: PointPrincipal) -> bool:
    """Whether the token is for whoever took it: by the name that the point gives itself, else by what is known here."""
    if presented.audience is not None:
        return found.audience == presented.audience
    if found.audience in (found.server, point.point):
        return True
    resource, uri = comparable(found.audience), comparable(presented.uri)
    if resource is None or uri is None:
        return False
    resource = resource.rstrip("/")
    return uri == resource or uri.startswith(resource + "/")
