"""A call, its mission, keys and proofs for the tests of `tokens`. Everything is signed here by `joserfc`'s own code."""

import hashlib
import time
from collections.abc import Mapping
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, OKPKey
from joserfc.util import urlsafe_b64encode

from remit.keys import TokenKeys
from remit.terms import (
    DEFAULT_TENANT,
    AgentId,
    Bounds,
    Budget,
    Call,
    CallId,
    InstanceId,
    KeyId,
    Mission,
    MissionId,
    MissionState,
    PointId,
    PointPrincipal,
    PurposeId,
    ServerId,
    Voucher,
    VoucherKind,
    canonical,
)
from remit.tokens import CallToken, Proof, ReplayWindow, TokenRecord, issue, mint, verify, verify_proof

NOW = 1_790_000_000_123
SECOND = NOW // 1000
ISSUER = "https://remit.example"
AUDIENCE = "https://mail.example"
URI = "https://mail.example/mcp"
EPOCH = 3
KEYS = TokenKeys().rotated(NOW - 1_000)
HOLDER = OKPKey.generate_key("Ed25519")
HOLDER_EC = ECKey.generate_key("P-256")

MISSION = Mission(
    tenant=DEFAULT_TENANT,
    id=MissionId("m_1"),
    agent=AgentId("helper"),
    subject="user:greta",
    purpose=PurposeId("support"),
    voucher=Voucher(kind=VoucherKind.PERSON, by="user:greta"),
    bounds=Bounds(),
    budget=Budget(),
    goal_commitment="00" * 32,
    authority_hash="ab" * 32,
    state=MissionState.ACTIVE,
    opened=NOW - 10_000,
    expires=NOW + 1_000_000,
)
CALL = Call(
    tenant=DEFAULT_TENANT,
    mission=MISSION.id,
    agent=MISSION.agent,
    instance=InstanceId("i_1"),
    server=ServerId("mail"),
    tool="send",
    definition_hash="cd" * 32,
    arguments={"to": "bob@example.com"},
    canonical=canonical({"to": "bob@example.com"}),
    call_id=CallId("c_1"),
    digest="ef" * 32,
)
POINT = PointPrincipal(
    tenant=DEFAULT_TENANT, point=PointId("gateway"), servers=("mail",), subjects=("agent",), key=KeyId("k")
)


def record(**changes: Any) -> TokenRecord:
    values: dict[str, Any] = {
        "decision": "d_1",
        "id": "t_1",
        "subject": MISSION.subject,
        "audience": AUDIENCE,
        "holder_jkt": HOLDER.thumbprint(),
        "epoch": EPOCH,
        "now": NOW,
    }
    call = changes.pop("call", CALL)
    return issue(call, **{**values, **changes})


def token(of: TokenRecord | None = None, keys: TokenKeys = KEYS, now: int = NOW) -> str:
    return mint(of or record(), CALL, MISSION, keys.signing(now), ISSUER)[0]


def check(text: str, **changes: Any) -> CallToken | str:
    values: dict[str, Any] = {"keys": KEYS, "issuer": ISSUER, "audience": AUDIENCE, "now": NOW, "epoch": EPOCH}
    return verify(text, **{**values, **changes})


def verified(text: str, **changes: Any) -> CallToken:
    found = check(text, **changes)
    assert isinstance(found, CallToken), found
    return found


def refusal(found: object) -> str:
    """The reason; fails for anything that is not one (whose text might say the same words)."""
    assert isinstance(found, str), found
    return found


def ath(text: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()


def claims(**changes: Any) -> dict[str, Any]:
    """Claims of a proof; a change to None leaves the claim out."""
    values: dict[str, Any] = {"jti": "p-1", "htm": "POST", "htu": URI, "iat": SECOND}
    return {name: value for name, value in {**values, **changes}.items() if value is not None}


def proof(
    body: Mapping[str, Any] | bytes | None = None, key: OKPKey | ECKey = HOLDER, header: Mapping[str, Any] | None = None
) -> str:
    import json

    algorithm = "Ed25519" if isinstance(key, OKPKey) else "ES256"
    protected = {"typ": "dpop+jwt", "alg": algorithm, "jwk": dict(key.as_dict(private=False)), **(header or {})}
    payload = body if isinstance(body, bytes) else json.dumps(claims() if body is None else body).encode()
    return sign(json.dumps({k: v for k, v in protected.items() if v is not None}).encode(), payload, key)


def sign(header: bytes, payload: bytes, key: OKPKey | ECKey) -> str:
    """A compact JWS over exactly these bytes."""
    signed = urlsafe_b64encode(header) + b"." + urlsafe_b64encode(payload)
    algorithm = jws.JWSRegistry.algorithms["Ed25519" if isinstance(key, OKPKey) else "ES256"]
    return (signed + b"." + urlsafe_b64encode(algorithm.sign(signed, key))).decode()


def prove(text: str, **changes: Any) -> Proof | str:
    """`token`: the text of the token that comes with it."""
    with_token = changes.pop("token", None)
    values: dict[str, Any] = {"method": "POST", "uri": URI, "now": NOW, "seen": ReplayWindow(65_000)}
    return verify_proof(text, **{**values, "ath": None if with_token is None else ath(with_token), **changes})


def proven(text: str, **changes: Any) -> Proof:
    found = prove(text, **changes)
    assert isinstance(found, Proof), found
    return found


def median_micros(work: Any, times: int = 2_000) -> float:
    """Processor time of this thread, so that others on the machine count as little as can be."""
    taken = []
    for _ in range(times):
        started = time.thread_time_ns()
        work()
        taken.append(time.thread_time_ns() - started)
    return sorted(taken)[times // 2] / 1000
