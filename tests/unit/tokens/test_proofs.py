"""DPoP proofs: possession, now, of the right key, for this request and token, once."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode
from tests.unit.tokens.makers import (
    HOLDER,
    HOLDER_EC,
    NOW,
    SECOND,
    URI,
    ath,
    claims,
    proof,
    prove,
    proven,
    refusal,
    sign,
    token,
)

from remit.tokens import Proof, ReplayWindow

KEYS = pytest.mark.parametrize("key", [HOLDER, HOLDER_EC], ids=["Ed25519", "ES256"])


@KEYS
def test_a_proof_names_its_key_and_request(key: OKPKey | ECKey) -> None:
    found = proven(proof(claims(ath=ath("t")), key), token="t", holder=key.thumbprint())
    assert found == Proof(jkt=key.thumbprint(), jti="p-1", method="POST", uri=URI, issued=SECOND * 1000, ath=ath("t"))


def test_the_older_name_of_ed25519_is_the_same_and_stands_for_no_other_curve() -> None:
    assert proven(proof(header={"alg": "EdDSA"})).jkt == HOLDER.thumbprint()
    other = OKPKey.generate_key("Ed448")
    for alg in ("EdDSA", "Ed25519", "Ed448"):
        text = proof(header={"alg": alg, "jwk": dict(other.as_dict(private=False))})
        assert isinstance(prove(text), str)


@KEYS
def test_a_proof_counts_once(key: OKPKey | ECKey) -> None:
    window = ReplayWindow(65_000)
    text = proof(key=key)
    assert isinstance(prove(text, seen=window), Proof)
    assert prove(text, seen=window) == "the proof was used already; make one for each request"
    assert isinstance(prove(proof(claims(jti="p-2"), key), seen=window), Proof)


def test_another_signature_over_the_same_proof_does_not_make_it_new() -> None:
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    window = ReplayWindow(65_000)
    text = proof(key=HOLDER_EC)
    signed, signature = text.rsplit(".", 1)
    raw = urlsafe_b64decode(signature.encode())
    mirrored = raw[:32] + (order - int.from_bytes(raw[32:])).to_bytes(32)  # ECDSA: (r, n-s) verifies too
    assert isinstance(prove(text, seen=window), Proof)
    assert "already" in refusal(prove(f"{signed}.{urlsafe_b64encode(mirrored).decode()}", seen=window))


def test_one_name_under_two_keys_is_two_proofs() -> None:
    window = ReplayWindow(65_000)
    assert isinstance(prove(proof(key=HOLDER), seen=window), Proof)
    assert isinstance(prove(proof(key=HOLDER_EC), seen=window), Proof)


def test_a_proof_that_does_not_hold_is_not_remembered() -> None:
    window = ReplayWindow(65_000)
    text = proof()
    for wrong in ({"method": "GET"}, {"uri": URI + "x"}, {"token": "t"}, {"nonces": ("n",)}, {"holder": "other"}):
        assert isinstance(prove(text, seen=window, **wrong), str)
    assert isinstance(prove(text[:-4] + "AAAA", seen=window), str)
    assert len(window) == 0
    assert isinstance(prove(text, seen=window), Proof)


def test_a_full_window_refuses_and_recovers() -> None:
    window = ReplayWindow(65_000, capacity=3)
    for at in range(3):
        assert isinstance(prove(proof(claims(jti=str(at))), seen=window), Proof)
    assert "too many" in refusal(prove(proof(claims(jti="3")), seen=window))
    assert "already" in refusal(prove(proof(claims(jti="0")), seen=window))
    later = NOW + 65_000
    assert isinstance(prove(proof(claims(jti="3", iat=later // 1000)), seen=window, now=later), Proof)
    assert len(window) == 1


def test_a_proof_is_remembered_as_long_as_it_counts() -> None:
    window = ReplayWindow(65_000)
    text = proof(claims(iat=SECOND + 5))
    assert isinstance(prove(text, seen=window), Proof)
    last = (SECOND + 5) * 1000 + 60_000 - 1
    assert "already" in refusal(prove(text, seen=window, now=last))
    assert "old" in refusal(prove(text, seen=window, now=last + 1))


@pytest.mark.parametrize(
    ("iat", "why"),
    [
        (SECOND, None),
        (SECOND + 5, None),
        (NOW / 1000 + 5, None),
        (NOW / 1000 + 5.002, "future"),
        (SECOND + 6, "future"),
        (SECOND - 59, None),
        (NOW / 1000 - 60, "old"),
        (SECOND - 60, "old"),
        (0, "old"),
        (-1, "old"),
        (2**53 - 1, "future"),
        (2**53, "read"),
        (True, "iat"),
        ("1790000000", "iat"),
        (None, "iat"),
    ],
)
def test_a_proof_counts_for_a_minute_from_iat(iat: object, why: str | None) -> None:
    found = prove(proof(claims(iat=iat)))
    assert isinstance(found, Proof) if why is None else why in refusal(found)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (claims(htm="post"), "method"),
        (claims(htm="GET"), "method"),
        (claims(htm=None), "htm"),
        (claims(htm=["POST"]), "htm"),
        (claims(htu=None), "htu"),
        (claims(htu="https://mail.example/mcp/"), "URI"),
        (claims(htu="https://evil.example/mcp"), "URI"),
        (claims(htu="http://mail.example/mcp"), "URI"),
        (claims(htu="https://mail.example:8443/mcp"), "URI"),
        (claims(htu="https://mail.example@evil.example/mcp"), "URI"),
        (claims(htu=""), "URI"),
        (claims(jti=None), "jti"),
        (claims(jti=""), "jti"),
        (claims(jti=7), "jti"),
        (claims(jti="x" * 257), "jti"),
        (claims(ath="t"), "token"),
        (claims(ath=7), "token"),
        (claims(ath=ath("other")), "token"),
        (claims(), "token"),
        (b'{"jti":"a","jti":"b","htm":"POST","htu":"%s","iat":%d}' % (URI.encode(), SECOND), "twice"),
        (b"[]", "claims"),
        (b"null", "claims"),
        (b"", "read"),
        (b"\xff", "read"),
        (b"[" * 3000, "read"),
        (b'{"jti":"\\ud800"}', "read"),
        (b'{"iat":NaN}', "read"),
    ],
)
def test_a_proof_for_something_else_is_refused(body: Mapping[str, Any] | bytes, why: str) -> None:
    assert why in refusal(prove(proof(body), token="t"))


@pytest.mark.parametrize(
    "htu", [URI + "?a=b", URI + "#c", "HTTPS://MAIL.EXAMPLE:443/mcp", "https://mail.example/x/../%6Dcp"]
)
def test_another_spelling_of_the_uri_holds(htu: str) -> None:
    assert isinstance(prove(proof(claims(htu=htu)), uri=URI + "?q"), Proof)


def test_a_nonce_that_was_handed_out_is_needed_where_one_is_asked_for() -> None:
    for right in ("new", "old"):
        assert isinstance(prove(proof(claims(nonce=right)), nonces=("new", "old")), Proof)
    for wrong in (None, "", "older", 7):
        assert refusal(prove(proof(claims(nonce=wrong)), nonces=("new", "old"))).startswith("use_dpop_nonce")


EC = dict(HOLDER_EC.as_dict(private=False))
OKP = dict(HOLDER.as_dict(private=False))
RSA = dict(RSAKey.generate_key(2048).as_dict(private=False))


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"typ": "JWT"}, "type"),
        ({"typ": "DPOP+JWT"}, "type"),
        ({"typ": "at+jwt"}, "type"),
        ({"typ": None}, "type"),
        ({"alg": "none"}, "signed with"),
        ({"alg": "HS256"}, "signed with"),
        ({"alg": "RS256", "jwk": RSA}, "signed with"),
        ({"alg": "ES256K"}, "signed with"),
        ({"alg": ["Ed25519"]}, "signed with"),
        ({"alg": None}, "signed with"),
        ({"alg": "ES256"}, "of type EC"),
        ({"jwk": EC}, "of type OKP"),
        ({"jwk": None}, "public key"),
        ({"jwk": "key"}, "public key"),
        ({"jwk": []}, "public key"),
        ({"jwk": dict(HOLDER.as_dict(private=True))}, "nothing private"),
        ({"jwk": {**OKP, "d": ""}}, "nothing private"),
        ({"jwk": {**OKP, "k": "x"}}, "nothing private"),
        ({"jwk": {**OKP, "x5u": "https://evil.example/"}}, "nothing private"),
        ({"jwk": dict(OctKey.generate_key(256).as_dict(private=True))}, "nothing private"),
        ({"jwk": {**OKP, "alg": "ES256"}}, "for this algorithm"),
        ({"jwk": {**OKP, "use": "enc"}}, "for signatures"),
        ({"jwk": {**OKP, "x": OKP["x"] + "="}}, "32 bytes"),  # type: ignore[operator]
        ({"jwk": {**OKP, "x": "AAAA"}}, "32 bytes"),
        ({"jwk": {**OKP, "x": ""}}, "32 bytes"),
        ({"jwk": {**OKP, "x": 7}}, "32 bytes"),
        ({"jwk": {"kty": "OKP", "crv": "Ed25519"}}, "32 bytes"),
        ({"alg": "ES256", "jwk": {**EC, "y": EC["x"]}}, "on the curve"),
        ({"alg": "ES256", "jwk": {**EC, "x": "A" * 43, "y": "A" * 43}}, "on the curve"),
        ({"alg": "ES256", "jwk": {name: EC[name] for name in ("kty", "crv", "x")}}, "32 bytes"),
        ({"alg": "ES256", "jwk": {**EC, "x": "AA" + str(EC["x"])}}, "32 bytes"),
        ({"alg": "ES256", "jwk": {**EC, "crv": "P-384"}}, "of type EC"),
        ({"crit": ["b64"], "b64": False}, "critical"),
        ({"b64": False}, "critical"),
        ({"pad": "x" * 2000}, "at most"),
    ],
)
def test_a_proof_with_any_other_header_is_refused(header: Mapping[str, Any], why: str) -> None:
    assert why in refusal(prove(proof(header=header)))


def test_a_header_with_a_member_twice_is_refused() -> None:
    jwk = json.dumps(OKP)
    start = '{"typ":"dpop+jwt",'
    for rest in (
        f'"alg":"none","alg":"Ed25519","jwk":{jwk}}}',
        f'"alg":"Ed25519","jwk":{{}},"jwk":{jwk}}}',
        '"alg":"Ed25519","jwk":' + jwk.replace('"kty"', '"kty": "OKP", "kty"') + "}",
    ):
        text = start + rest
        assert "twice" in refusal(prove(sign(text.encode(), json.dumps(claims()).encode(), HOLDER)))


def test_members_that_browsers_add_to_a_public_key_do_not_change_it() -> None:
    jwk = {**EC, "ext": True, "key_ops": ["verify"], "kid": "mine"}
    assert proven(proof(key=HOLDER_EC, header={"jwk": jwk})).jkt == HOLDER_EC.thumbprint()


@KEYS
def test_a_proof_signed_with_another_key_than_it_shows_is_refused(key: OKPKey | ECKey) -> None:
    other = type(key).generate_key()
    text = proof(key=other, header={"jwk": dict(key.as_dict(private=False))})
    assert prove(text) == "the proof's signature does not verify"


@KEYS
@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 128, 2048])
def test_a_signature_of_any_other_form_is_refused(key: OKPKey | ECKey, size: int) -> None:
    signed = proof(key=key).rsplit(".", 1)[0]
    for byte in (b"\x00", b"\xff"):
        text = f"{signed}.{urlsafe_b64encode(byte * size).decode()}"
        assert prove(text) == "the proof's signature does not verify"


def test_a_token_is_no_proof_and_a_proof_no_token() -> None:
    from tests.unit.tokens.makers import check

    assert "type" in refusal(prove(token()))
    assert "type" in refusal(check(proof()))
