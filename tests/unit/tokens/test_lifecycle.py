"""A token's life: bound to its record, used once by a point that guards its server, and no more after that."""

from typing import Any

import msgspec
import pytest
from tests.unit.tokens.makers import (
    CALL,
    EPOCH,
    HOLDER,
    HOLDER_EC,
    MISSION,
    NOW,
    POINT,
    ath,
    claims,
    proof,
    proven,
    record,
    refusal,
    token,
    verified,
)

from remit.terms import PointId, TenantId
from remit.tokens import CallToken, Proof, TokenRecord, TokenState, close, consume, void

TOKEN = verified(token())
PROOF = proven(proof(claims(ath=ath(token()))), token=token())


def use(of: TokenRecord | None = None, **changes: Any) -> TokenRecord | str:
    values: dict[str, Any] = {"token": TOKEN, "proof": PROOF, "point": POINT, "now": NOW, "epoch": EPOCH}
    values.update(changes)
    return consume(of or record(), values.pop("token"), **values)


def used(of: TokenRecord | None = None) -> TokenRecord:
    found = use(of)
    assert isinstance(found, TokenRecord), found
    return found


def test_a_token_is_consumed_once_then_closed() -> None:
    once = used()
    assert (once.state, once.by, once.version) == (TokenState.CONSUMED, "gateway", 2)
    assert use(once) == "the token is consumed already; each is for one use"
    closed = close(once)
    assert isinstance(closed, TokenRecord)
    assert (closed.state, closed.version) == (TokenState.CLOSED, 3)
    for after in (use(closed), close(closed), void(closed, "x")):
        assert "closed already" in refusal(after)


def test_an_outcome_closes_a_token_that_was_never_used() -> None:
    closed = close(record())
    assert isinstance(closed, TokenRecord)
    assert "closed already" in refusal(use(closed))


def test_a_token_can_be_taken_back_until_it_is_used() -> None:
    taken = void(record(), "mission revoked")
    assert isinstance(taken, TokenRecord)
    assert (taken.state, taken.cause, taken.version) == (TokenState.VOID, "mission revoked", 2)
    for after in (use(taken), close(taken), void(taken, "again")):
        assert "void already" in refusal(after)
    assert "consumed already" in refusal(void(used(), "too late"))


def test_of_two_uses_of_one_version_the_store_can_keep_one_only() -> None:
    assert used().version == used().version == record().version + 1


def test_a_token_expires_exactly_with_its_record() -> None:
    of = record()
    assert isinstance(use(now=of.expires - 1), TokenRecord)
    assert use(now=of.expires) == "the token has expired; ask for a new one"


def test_a_fail_over_voids_tokens_of_the_epoch_before() -> None:
    assert "epoch" in refusal(use(epoch=EPOCH + 1))


@pytest.mark.parametrize(
    "change",
    [
        {"servers": ("files",)},
        {"servers": ()},
        {"tenant": TenantId("other")},
    ],
)
def test_only_a_point_of_the_tenant_that_guards_the_server_consumes(change: dict[str, Any]) -> None:
    point = msgspec.structs.replace(POINT, point=PointId("p"), **change)
    assert use(point=point) == "enforcement point `p` does not guard the server of this token"


BOUND = (
    "tenant", "id", "decision", "digest", "mission", "agent", "instance", "server", "subject", "audience", "jkt",
    "epoch", "issued", "expires",
)  # fmt: skip


@pytest.mark.parametrize("field", BOUND)
def test_each_field_that_differs_from_the_record_is_refused(field: str) -> None:
    value = getattr(TOKEN, field)
    other = value + 1 if isinstance(value, int) else f"{value}x"
    assert use(token=msgspec.structs.replace(TOKEN, **{field: other})) == "the token is not the one on record"
    if field != "jkt":
        return
    assert use(token=msgspec.structs.replace(TOKEN, jkt=None)) == "the token is not the one on record"


def test_the_record_binds_all_that_a_token_says_of_its_use() -> None:
    free = {
        "issuer",
        "tool",
        "definition_hash",
        "call_id",
        "authority_hash",
        "hash",
        "kid",
    }  # in the digest, or verified
    assert set(BOUND) | free == set(CallToken.__struct_fields__)


def test_a_bound_token_needs_a_proof_with_its_key_for_it() -> None:
    assert "DPoP" in refusal(use(proof=None))
    other = proven(proof(claims(ath=ath(token())), HOLDER_EC), token=token())
    assert "another key" in refusal(use(proof=other))
    assert "another token" in refusal(use(proof=proven(proof())))
    assert "another token" in refusal(use(proof=proven(proof(claims(ath=ath("t"))), token="t")))


def test_a_token_that_is_not_bound_needs_no_proof() -> None:
    of = record(holder_jkt=None)
    text = token(of)
    assert isinstance(use(of, token=verified(text), proof=None), TokenRecord)


def test_a_record_is_of_its_call_and_holds_no_token() -> None:
    of = record()
    assert (of.digest, of.mission, of.agent, of.server) == (CALL.digest, MISSION.id, CALL.agent, CALL.server)
    assert of.jkt == HOLDER.thumbprint()
    assert token().split(".")[2] not in str(of)
    assert isinstance(PROOF, Proof)
