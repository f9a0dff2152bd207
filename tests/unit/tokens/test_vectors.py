"""Published examples, read by our own readers, and our tokens read by another's."""

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey
from tests.unit.tokens.makers import (
    AUDIENCE,
    CALL,
    EPOCH,
    HOLDER,
    ISSUER,
    KEYS,
    MISSION,
    NOW,
    SECOND,
    prove,
    proven,
    token,
)

from remit.tokens import Proof, ReplayWindow, comparable, token_hash, verify_proof
from remit.tokens.framing import ED25519, Compact, take_apart

# RFC 8037 appendix A.1, A.3, A.4
OKP = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
OKP_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
OKP_JWS = (
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)

# RFC 9449 figures 2 and 12, section 6.1
_RFC9449_HEADER = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo"
    "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19"
)
TOKEN_REQUEST = (
    _RFC9449_HEADER + ".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY2"
    "9tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV"
    "37xRZT3Lg"
)
RESOURCE_REQUEST = (
    _RFC9449_HEADER + ".eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm"
    "9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtz"
    "bVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
)
RESOURCE = "https://resource.example.org/protectedresource"
RFC9449_TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
RFC9449_JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


def test_the_thumbprint_of_rfc_8037_is_ours() -> None:
    key = OKPKey.import_key(dict(OKP))
    assert key.thumbprint() == OKP_THUMBPRINT


def test_the_ed25519_signature_of_rfc_8037_verifies_and_its_alteration_does_not() -> None:
    key = OKPKey.import_key(dict(OKP))
    compact = take_apart(OKP_JWS)
    assert isinstance(compact, Compact)
    assert compact.payload == b"Example of Ed25519 signing"
    assert ED25519.verify(compact.signed, compact.signature, key)
    assert not ED25519.verify(compact.signed + b"x", compact.signature, key)


def test_the_hash_of_rfc_9449s_token_is_ours() -> None:
    assert token_hash(RFC9449_TOKEN) == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"


def test_the_proof_of_rfc_9449s_token_request_holds() -> None:
    uri = "https://server.example.com/token"
    found = proven(TOKEN_REQUEST, uri=uri, now=1562262616_000)
    assert (found.jkt, found.jti, found.ath) == (RFC9449_JKT, "-BwC3ESc6acc2lTc", None)


def test_the_proof_of_rfc_9449s_resource_request_holds_for_it_and_for_no_other() -> None:
    right = {"method": "GET", "uri": RESOURCE, "token": RFC9449_TOKEN, "now": 1562262618_000, "holder": RFC9449_JKT}
    assert isinstance(prove(RESOURCE_REQUEST, **right), Proof)
    for wrong in (
        {"method": "POST"},
        {"uri": RESOURCE + "/x"},
        {"token": RFC9449_TOKEN + "x"},
        {"holder": OKP_THUMBPRINT},
        {"now": 1562262618_000 + 60_000},
        {"nonces": ("n",)},
    ):
        assert isinstance(prove(RESOURCE_REQUEST, **{**right, **wrong}), str), wrong


def test_another_implementation_reads_our_token_with_our_published_keys() -> None:
    keys = KeySet.import_key_set(KEYS.jwks(NOW))  # type: ignore[arg-type]
    found = jwt.decode(token(), keys, algorithms=["Ed25519"])
    assert found.header == {"alg": "Ed25519", "kid": KEYS.keys[0].kid, "typ": "at+jwt"}
    assert found.claims == {
        "iss": ISSUER,
        "sub": "user:greta",
        "aud": AUDIENCE,
        "exp": SECOND + 30,
        "iat": SECOND,
        "jti": "t_1",
        "client_id": "helper",
        "act": {"sub": "agent:helper"},
        "authorization_details": [
            {
                "type": "remit_call",
                "server": "mail",
                "tool": "send",
                "digest": CALL.digest,
                "definition_hash": CALL.definition_hash,
                "call_id": "c_1",
                "decision": "d_1",
                "instance": "i_1",
            }
        ],
        "tenant": "default",
        "mission": {"id": "m_1", "issuer": ISSUER, "authority_hash": MISSION.authority_hash},
        "cnf": {"jkt": HOLDER.thumbprint()},
        "epoch": EPOCH,
    }


# RFC 9449 section 4.3: query and fragment do not count; RFC 3986 section 6.2.2 and 6.2.3 for the rest
@pytest.mark.parametrize(
    ("uri", "form"),
    [
        ("https://a.example/b", "https://a.example/b"),
        ("https://a.example/b?c=d#e", "https://a.example/b"),
        ("HTTPS://A.Example:443/b", "https://a.example/b"),
        ("http://a.example:80", "http://a.example/"),
        ("http://a.example:443/", "http://a.example:443/"),
        ("https://a.example:/b", "https://a.example/b"),
        ("https://a.example/%7eb/%2F%c3%a9", "https://a.example/~b/%2F%C3%A9"),
        ("https://a.example/x/../b/./c", "https://a.example/b/c"),
        ("https://a.example/x/%2e%2e/b", "https://a.example/b"),
        ("https://a.example/../..", "https://a.example/"),
        ("https://a.example/b/", "https://a.example/b/"),
        ("https://a.example/b//c", "https://a.example/b//c"),
        ("https://a.example/B", "https://a.example/B"),
        ("http://[::1]:8650/b", "http://[::1]:8650/b"),
        ("http://[::1]/b", "http://[::1]/b"),
    ],
)
def test_a_uri_has_one_form(uri: str, form: str) -> None:
    assert comparable(uri) == form
    assert comparable(form) == form


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/b",
        "//a.example/b",
        "ftp://a.example/b",
        "https:///b",
        "https://user@a.example/b",
        "https://a.example@evil.example/b",
        "https://a.example:x/b",
        "https://a.example:99999/b",
        "https://a.example/b\\c",
        "https://a.example/b c",
        "https://a.example/\nb",
        "\thttps://a.example/b",
        "https://a.example/%",
        "https://a.example/%zz",
        "https://ä.example/b",
        "https://[::1/b",
        "https://a[::1].example/b",
        "https://a.example/" + "b" * 3000,
        "https://a.example/\ud800",
    ],
)
def test_what_has_no_single_reading_is_no_uri(uri: str) -> None:
    assert comparable(uri) is None


def test_a_uri_that_cannot_be_read_never_matches() -> None:
    window = ReplayWindow(65_000)
    found = verify_proof(
        TOKEN_REQUEST,
        method="POST",
        uri="https://u@server.example.com/token",
        ath=None,
        now=1562262616_000,
        seen=window,
    )
    assert found == "the proof is for another URI"
    assert len(window) == 0
