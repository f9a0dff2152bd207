"""Whatever is sent as a token or proof is answered; only what was minted and proven, unaltered, holds."""

import binascii
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode
from tests.unit.tokens.makers import (
    EPOCH,
    HOLDER,
    HOLDER_EC,
    KEYS,
    NOW,
    POINT,
    ath,
    check,
    claims,
    proof,
    prove,
    proven,
    record,
    refusal,
    sign,
    token,
    verified,
)

from remit.terms import InvalidInput
from remit.tokens import CallToken, Proof, TokenRecord, TokenState, close, comparable, consume, void
from remit.tokens.framing import decode_part, encode_part

TOKEN = token()
PROOFS = (proof(key=HOLDER), proof(key=HOLDER_EC))
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
TEXT = st.one_of(
    st.text(),
    st.text(alphabet=LETTERS, max_size=400),
    st.lists(st.text(alphabet=LETTERS[:-1], max_size=80), min_size=3, max_size=3).map(".".join),
    st.text(alphabet=st.characters(exclude_categories=())),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(TEXT)
@example("..")
@example("a.b.c")
@example("\ud800.\ud800.\ud800")
def test_no_text_is_more_than_refused(text: str) -> None:
    assert isinstance(check(text), str)
    assert isinstance(prove(text), str)


@given(st.text(alphabet=LETTERS[:-1] + "+/= \n*", max_size=12) | st.binary(max_size=40).map(encode_part))
def test_base64url_is_read_as_strictly_as_by_another_library(part: str) -> None:
    try:
        found = urlsafe_b64decode(part.encode())
    except binascii.Error:
        with pytest.raises(InvalidInput):
            decode_part(part)
        return
    assert decode_part(part) == found
    assert encode_part(found) == part == urlsafe_b64encode(found).decode()


@given(st.sampled_from((TOKEN, *PROOFS)), st.data())
def test_no_alteration_of_a_token_or_proof_holds(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    cut = data.draw(st.integers(0, 3))
    put = data.draw(st.text(alphabet=LETTERS, max_size=3))
    other = text[:at] + put + text[at + cut :]
    if other != text:
        assert isinstance(check(other), str)
        assert isinstance(prove(other), str)


@given(JSON, JSON)
def test_no_signed_json_is_more_than_refused(header: object, payload: object) -> None:
    text = sign(json.dumps(header).encode(), json.dumps(payload).encode(), HOLDER)
    assert isinstance(check(text), str)
    assert isinstance(prove(text), str)
    ours = {"alg": "Ed25519", "kid": KEYS.keys[0].kid, "typ": "at+jwt"}
    head = json.dumps(ours, separators=(",", ":")).encode()
    assert "claims" in refusal(check(sign(head, json.dumps(payload).encode(), KEYS.keys[0].private)))


@given(st.dictionaries(st.sampled_from(["jti", "htm", "htu", "iat", "ath", "nonce"]), JSON))
def test_no_claims_of_a_proof_are_more_than_refused(changed: dict[str, object]) -> None:
    body = {**claims(ath=ath("t")), **changed}
    found = prove(proof(json.dumps(body).encode()), token="t")
    if isinstance(found, Proof):
        assert (body["htm"], comparable(str(body["htu"])), body["ath"]) == ("POST", comparable(found.uri), ath("t"))


@given(st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "use", "alg", "kid"]), JSON | st.text(LETTERS[:-1])))
def test_no_key_in_a_proof_is_more_than_refused(changed: dict[str, object]) -> None:
    for key in (HOLDER, HOLDER_EC):
        jwk = {**key.as_dict(private=False), **changed}
        found = prove(proof(key=key, header={"jwk": jwk}))
        if isinstance(found, Proof):
            assert found.jkt == key.thumbprint()


@given(st.text(max_size=60) | st.text(alphabet="htps:/.%?#@[]0aF\\ ", max_size=40).map("https://a".__add__))
def test_the_form_of_a_uri_is_its_own_form(uri: str) -> None:
    form = comparable(uri)
    if form is not None:
        assert comparable(form) == form
        assert "?" not in form
        assert "#" not in form
        assert "/../" not in form


STEPS = st.lists(
    st.sampled_from(["consume", "consume as another", "consume later", "new epoch", "close", "void"]), max_size=12
)


@settings(max_examples=200)
@given(STEPS)
def test_no_sequence_of_acts_uses_a_token_twice_or_after_its_end(steps: list[str]) -> None:
    held, now, epoch, uses = record(), NOW, EPOCH, 0
    found = verified(TOKEN)
    right = proven(proof(claims(ath=ath(TOKEN))), token=TOKEN)
    wrong = proven(proof(claims(ath=ath(TOKEN)), HOLDER_EC), token=TOKEN)
    for step in steps:
        before = held
        result: TokenRecord | str
        match step:
            case "close":
                result = close(held)
            case "void":
                result = void(held, "test")
            case _:
                now += 31_000 if step == "consume later" else 0
                epoch += step == "new epoch"
                one = wrong if step == "consume as another" else right
                result = consume(held, found, proof=one, point=POINT, now=now, epoch=epoch)
        if isinstance(result, TokenRecord):
            held = result
            assert held.version == before.version + 1
            if held.state is TokenState.CONSUMED:
                uses += 1
                assert before.state is TokenState.MINTED
                assert now < held.expires
                assert epoch == held.epoch
                assert step != "consume as another"
    assert uses <= 1
    assert isinstance(found, CallToken)
