"""Call tokens: one form, one key, one audience, one epoch, seconds to live."""

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from joserfc import jws
from joserfc.jwk import OKPKey
from joserfc.util import json_b64encode, urlsafe_b64encode
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
    check,
    record,
    refusal,
    sign,
    token,
    verified,
)

from remit.keys import MAX_LIFETIME, OVERLAP, TokenKeys
from remit.terms import Call, CallId, InvalidInput, Mission, Unavailable
from remit.tokens import CallToken, Minted, TokenRecord, mint

KEY = KEYS.keys[0]
HEADER = {"alg": "Ed25519", "kid": KEY.kid, "typ": "at+jwt"}


ALONE = msgspec.structs.replace(CALL, mission=None)
ALONE_RECORD = record(call=ALONE, subject="agent:helper", holder_jkt=None)
ODD = msgspec.structs.replace(CALL, tool='send"\\\n\u202e\x1b[31m')


def payload(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(jws.extract_compact(text.encode()).payload)
    return found


def signed(claims: object, header: object = HEADER, key: OKPKey = KEY.private) -> str:
    """A token with these claims, truly signed by our key: what only a fault of ours could make."""
    return sign(msgspec.json.encode(header), msgspec.json.encode(claims), key)


def test_a_minted_token_says_what_its_record_and_call_say() -> None:
    of = record()
    found = verified(token(of))
    assert found == CallToken(
        tenant=CALL.tenant,
        id="t_1",
        issuer=ISSUER,
        audience=AUDIENCE,
        subject="user:greta",
        agent=CALL.agent,
        instance=CALL.instance,
        server=CALL.server,
        tool="send",
        digest=CALL.digest,
        definition_hash=CALL.definition_hash,
        call_id=CALL.call_id,
        decision="d_1",
        mission=MISSION.id,
        authority_hash=MISSION.authority_hash,
        jkt=HOLDER.thumbprint(),
        epoch=EPOCH,
        issued=of.issued,
        expires=of.expires,
        hash=found.hash,
        kid=KEY.kid,
    )


def test_the_same_record_gives_the_same_token() -> None:
    assert token() == token()


def test_an_agent_that_acts_for_itself_has_no_actor_and_a_call_without_mission_no_mission() -> None:
    text, _ = mint(ALONE_RECORD, ALONE, None, KEY, ISSUER)
    assert payload(text).keys().isdisjoint({"act", "mission", "cnf"})
    found = verified(text)
    assert (found.subject, found.mission, found.jkt) == ("agent:helper", None, None)


def test_a_token_is_not_minted_for_another_call_or_mission_than_its_record() -> None:
    other = msgspec.structs.replace(CALL, digest="00" * 32)
    with pytest.raises(InvalidInput, match="record"):
        mint(record(), other, MISSION, KEY, ISSUER)
    with pytest.raises(InvalidInput, match="mission"):
        mint(record(), CALL, None, KEY, ISSUER)
    with pytest.raises(InvalidInput, match="record"):
        mint(record(), msgspec.structs.replace(CALL, mission=None), None, KEY, ISSUER)


@pytest.mark.parametrize("call_id", ["\ud800", "x" * 9000])
def test_text_that_no_token_can_carry_is_refused(call_id: str) -> None:
    call = msgspec.structs.replace(CALL, call_id=CallId(call_id))
    with pytest.raises(InvalidInput):
        mint(record(call=call), call, MISSION, KEY, ISSUER)


def test_names_that_need_escapes_come_back_as_they_were() -> None:
    assert verified(mint(record(call=ODD), ODD, MISSION, KEY, ISSUER)[0]).tool == ODD.tool


@pytest.mark.parametrize("lifetime", [0, 999, MAX_LIFETIME + 1, -1])
def test_a_token_lives_a_second_at_least_and_two_minutes_at_most(lifetime: int) -> None:
    with pytest.raises(InvalidInput, match="lifetime"):
        record(lifetime=lifetime)


@pytest.mark.parametrize("lifetime", [1_000, 30_000, MAX_LIFETIME])
def test_no_token_lives_longer_than_asked_and_all_hold_when_released(lifetime: int) -> None:
    of = record(lifetime=lifetime)
    assert NOW < of.expires <= NOW + lifetime
    assert isinstance(check(token(of)), CallToken)


def test_a_token_expires_at_exp_exactly() -> None:
    text, of = token(), record()
    assert of.expires == (SECOND + 30) * 1000
    assert isinstance(check(text, now=of.expires - 1), CallToken)
    assert check(text, now=of.expires) == "the token has expired; ask for a new one"


def test_a_token_from_the_future_is_refused_beyond_the_skew() -> None:
    text, issued = token(), record().issued
    assert isinstance(check(text, now=issued - 5_000), CallToken)
    assert "future" in refusal(check(text, now=issued - 5_001, keys=KEYS))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"issuer": ISSUER + "/"}, "issuer"),
        ({"audience": AUDIENCE + "/"}, "audience"),
        ({"audience": ""}, "audience"),
        ({"epoch": EPOCH + 1}, "epoch"),
        ({"epoch": EPOCH - 1}, "epoch"),
        ({"keys": TokenKeys()}, "unknown"),
        ({"keys": TokenKeys().rotated(NOW)}, "unknown"),
    ],
)
def test_a_token_holds_for_its_issuer_audience_epoch_and_key_only(change: dict[str, Any], why: str) -> None:
    assert why in refusal(check(token(), **change))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [path, *(leaf for name, item in value.items() for leaf in leaves(item, (*path, name)))]
    if isinstance(value, list):
        return [path, *(leaf for at, item in enumerate(value) for leaf in leaves(item, (*path, at)))]
    return [path]


PLACES = [path for path in leaves(payload(token())) if path]


def altered(path: tuple[Any, ...], change: Callable[[Any], Any]) -> dict[str, Any]:
    claims = payload(token())
    holder: Any = claims
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = change(holder[path[-1]])
    return claims


@pytest.mark.parametrize("path", PLACES, ids=str)
def test_each_altered_claim_breaks_the_signature(path: tuple[Any, ...]) -> None:
    header, _, signature = token().split(".")
    claims = altered(path, lambda value: value + 1 if isinstance(value, int) else "x")
    body = base64.urlsafe_b64encode(msgspec.json.encode(claims)).rstrip(b"=").decode()
    assert check(f"{header}.{body}.{signature}") == "the signature does not verify"


@pytest.mark.parametrize("wrong", [None, True, 1.5, "", [], {}, [{}], -1, "1790000000"])
@pytest.mark.parametrize("path", PLACES, ids=str)
def test_a_claim_of_another_type_or_place_is_refused_even_when_signed(path: tuple[Any, ...], wrong: object) -> None:
    found = check(signed(altered(path, lambda _: wrong)))
    if isinstance(found, CallToken):  # "" is text: it is another id, which no record has
        assert wrong in ("", "1790000000")
        assert found != verified(token())


@pytest.mark.parametrize("path", PLACES, ids=str)
def test_a_missing_claim_is_refused_unless_it_is_optional(path: tuple[Any, ...]) -> None:
    claims = payload(token())
    holder: Any = claims
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    found = check(signed(claims))
    if path in (("act",), ("mission",), ("cnf",)):
        assert isinstance(found, CallToken)
    else:
        assert isinstance(found, str)


def test_a_token_of_ours_for_something_else_or_for_too_long_is_refused() -> None:
    claims = payload(token())
    claims["authorization_details"][0]["type"] = "payment_initiation"
    assert check(signed(claims)) == "the token is not for a call"
    assert "longer" in refusal(check(signed({**payload(token()), "exp": SECOND + 121})))
    assert "claims" in refusal(check(signed({**payload(token()), "aud": [AUDIENCE, "https://evil.example"]})))


BODY = msgspec.json.encode(payload(token()))


@pytest.mark.parametrize(
    "body",
    [
        BODY[:-1] + b',"aud":"https://mail.example"}',
        b'{"iss":"https://evil.example",' + BODY[1:],
        b" " + BODY,
        BODY + b"\n",
        BODY.replace(b'"jti"', b'"\\u006ati"'),
        BODY[:-1] + b',"scope":"admin"}',
        BODY[:-1] + b',"nbf":0}',
        BODY.replace(b'"epoch":3', b'"epoch":3.0'),
        BODY.replace(b'"epoch":3', b'"epoch":30e-1'),
        json.dumps(json.loads(BODY), sort_keys=True).encode(),
        b"[" * 100_0,
        b"null",
        b"",
        b"\xff",
        b'{"iss":"\\ud800"}',
    ],
)
def test_a_payload_in_any_other_form_is_refused_even_when_signed(body: bytes) -> None:
    assert "expected the claims" in refusal(check(sign(msgspec.json.encode(HEADER), body, KEY.private)))


HEADERS: list[tuple[object, str]] = [
    ({**HEADER, "alg": "none"}, "Ed25519"),
    ({**HEADER, "alg": "None"}, "Ed25519"),
    ({**HEADER, "alg": "HS256"}, "Ed25519"),
    ({**HEADER, "alg": "EdDSA"}, "Ed25519"),
    ({**HEADER, "alg": ["Ed25519"]}, "Ed25519"),
    ({**HEADER, "typ": "JWT"}, "type"),
    ({**HEADER, "typ": "AT+JWT"}, "type"),
    ({**HEADER, "typ": "dpop+jwt"}, "type"),
    ({"alg": "Ed25519", "kid": KEY.kid}, "type"),
    ({**HEADER, "kid": "unknown"}, "unknown"),
    ({**HEADER, "kid": "../../log.pem"}, "unknown"),
    ({**HEADER, "kid": KEY.kid + "\x00"}, "unknown"),
    ({**HEADER, "kid": "' OR 1=1 --"}, "unknown"),
    ({**HEADER, "kid": None}, "unknown"),
    ({**HEADER, "kid": [KEY.kid]}, "unknown"),
    ({"alg": "Ed25519", "typ": "at+jwt"}, "unknown"),
    ({**HEADER, "jwk": dict(HOLDER.as_dict(private=False))}, "unknown"),
    ({**HEADER, "jku": "https://evil.example/jwks"}, "unknown"),
    ({**HEADER, "x5u": "https://evil.example/"}, "unknown"),
    ({**HEADER, "crit": ["exp"]}, "unknown"),
    ({**HEADER, "b64": False, "crit": ["b64"]}, "unknown"),
    ([HEADER], "type"),
    (None, "type"),
]


@pytest.mark.parametrize(("header", "why"), HEADERS, ids=range(len(HEADERS)))
def test_any_other_header_is_refused_even_when_signed(header: object, why: str) -> None:
    assert why in refusal(check(sign(msgspec.json.encode(header), BODY, KEY.private)))


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"Ed25519","alg":"none","kid":"%s","typ":"at+jwt"}' % KEY.kid.encode(),
        b'{"alg":"none","alg":"Ed25519","kid":"%s","typ":"at+jwt"}' % KEY.kid.encode(),
        b'{"alg":"Ed25519","kid":"%s","typ":"at+jwt"} ' % KEY.kid.encode(),
        b'{"typ":"at+jwt","alg":"Ed25519","kid":"%s"}' % KEY.kid.encode(),
        b"{" * 5000,
        b"\xff",
        b"",
    ],
    ids=range(7),
)
def test_a_header_in_any_other_form_is_refused_even_when_signed(header: bytes) -> None:
    assert isinstance(check(sign(header, BODY, KEY.private)), str)


def test_no_algorithm_but_ours_is_taken_for_a_signature() -> None:
    public = KEY.private.public_key
    pem = KEY.private.as_pem(private=False)
    raw = public.public_bytes_raw()
    assert check(".".join([*token().split(".")[:2], ""])) == "the signature does not verify"
    for secret in (pem, raw, KEY.public_jwk["x"].encode()):
        for alg in ("HS256", "Ed25519"):
            head = json_b64encode({**HEADER, "alg": alg})
            text = head + b"." + urlsafe_b64encode(BODY)
            mac = hmac.digest(secret, text, "sha256")
            assert isinstance(check((text + b"." + urlsafe_b64encode(mac)).decode()), str)
    none = json_b64encode({**HEADER, "alg": "none"}) + b"." + urlsafe_b64encode(BODY) + b"."
    assert isinstance(check(none.decode()), str)
    assert check(signed(payload(token()), key=HOLDER)) == "the signature does not verify"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text + "=",
        lambda text: text + ".",
        lambda text: "." + text,
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: "Bearer " + text,
        lambda text: text.replace(".", ".."),
        lambda text: text.rsplit(".", 1)[0],
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: text.replace("_", "/").replace("-", "+") + "+",
        lambda text: text + "A" * 8192,
        lambda text: "A" * 10_000_000,
        lambda text: "." * 10_000_000,
        lambda text: text[:40] + "é" + text[41:],
        lambda text: text[:40] + "\ud800" + text[41:],
        lambda text: text[:40] + "\x00" + text[41:],
        lambda text: None,
        lambda text: text.encode(),
        lambda text: json.dumps({"payload": "", "signatures": []}),
    ],
)
def test_what_is_no_token_is_refused(spoil: Callable[[str], Any]) -> None:
    assert isinstance(check(spoil(token())), str)


def test_a_signature_with_other_bits_after_its_end_is_another_text_and_refused() -> None:
    text = token()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = letters.index(text[-1])
    for other in range(last, last - last % 16 + 16):  # the four bits that no byte takes
        if other != last:
            assert isinstance(check(text[:-1] + letters[other]), str)


def test_a_rotation_keeps_tokens_that_are_out_and_no_longer() -> None:
    later = NOW + 10_000
    rotated = KEYS.rotated(later)
    old, new = token(record(lifetime=MAX_LIFETIME)), token(record(now=later), keys=rotated, now=later)
    assert verified(old).kid != verified(new, keys=rotated, now=later).kid
    end = record(lifetime=MAX_LIFETIME).expires
    assert isinstance(check(old, keys=rotated, now=end - 1), CallToken)
    assert "expired" in refusal(check(old, keys=rotated, now=end))
    assert "unknown" in refusal(check(new, now=later))  # a reader with the old set does not know the new key


def test_a_retired_key_signs_nothing_that_is_accepted() -> None:
    later = NOW + 10_000
    rotated = KEYS.rotated(later)
    end = later + OVERLAP
    forged, _ = mint(record(now=end - 1_000), CALL, MISSION, KEY, ISSUER)  # somebody found the old key
    assert isinstance(check(forged, keys=rotated, now=end - 1), CallToken)
    assert "retired" in refusal(check(forged, keys=rotated, now=end))


def test_a_key_that_is_known_to_others_is_void_at_once() -> None:
    assert "unknown" in refusal(check(token(), keys=KEYS.rotated(NOW, at_once=True)))


def test_without_a_key_nothing_is_minted() -> None:
    with pytest.raises(Unavailable, match="rotate"):
        token(keys=TokenKeys())


def remembered(*records: TokenRecord) -> tuple[str, Minted]:
    """The token of the last of these records, and what knows them all."""
    minted, text = Minted(), ""
    for of in records:
        text, says = mint(of, CALL, MISSION, KEY, ISSUER)
        minted.keep(says)
    return text, minted


@pytest.mark.parametrize(
    ("of", "call", "mission"),
    [
        (record(), CALL, MISSION),
        (record(holder_jkt=None), CALL, MISSION),
        (record(subject="agent:helper"), CALL, MISSION),
        (ALONE_RECORD, ALONE, None),
        (record(call=ODD), ODD, MISSION),
        (record(lifetime=1_000), CALL, MISSION),
    ],
    ids=range(6),
)
def test_what_a_token_says_when_it_is_made_is_what_it_says_when_it_is_verified(
    of: TokenRecord, call: Call, mission: Mission | None
) -> None:
    text, says = mint(of, call, mission, KEY, ISSUER)
    assert says == verified(text)


def test_a_token_of_this_process_is_known_by_its_hash_and_by_nothing_less() -> None:
    text, minted = remembered(record(), record(id="t_2"))
    other, _ = mint(record(id="t_3"), CALL, MISSION, KEY, ISSUER)
    assert check(text, minted=minted) is minted.find(text)
    assert minted.find(other) is None
    assert verified(other, minted=minted) == verified(other)
    for at in (0, 40, len(text) // 2, len(text) - 1):
        altered = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        assert minted.find(altered) is None
        assert isinstance(check(altered, minted=minted), str)


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": ISSUER + "/"},
        {"audience": AUDIENCE + "/"},
        {"epoch": EPOCH + 1},
        {"now": record().expires},
        {"now": record().issued - 5_001},
        {"keys": TokenKeys()},
        {"keys": KEYS.rotated(NOW, at_once=True)},
        {"keys": KEYS.rotated(NOW - 500_000), "now": NOW},
    ],
    ids=range(8),
)
def test_whatever_changes_with_time_stops_a_token_of_this_process_too(change: dict[str, Any]) -> None:
    text, minted = remembered(record())
    assert isinstance(check(text, minted=minted), CallToken)
    assert refusal(check(text, minted=minted, **change)) == refusal(check(text, **change))


def test_a_token_of_this_process_may_not_live_longer_than_any_other() -> None:
    long = msgspec.structs.replace(record(), expires=record().issued + MAX_LIFETIME + 1_000)
    text, minted = remembered(long)
    assert "longer" in refusal(check(text, minted=minted))


def test_memory_of_tokens_is_bounded_and_what_left_it_is_verified_as_any_other() -> None:
    minted = Minted(capacity=3)
    texts = []
    for number in range(5):
        text, says = mint(record(id=f"t_{number}"), CALL, MISSION, KEY, ISSUER)
        minted.keep(says)
        texts.append(text)
    assert [minted.find(text) is not None for text in texts] == [False, False, True, True, True]
    assert all(isinstance(check(text, minted=minted), CallToken) for text in texts)
    minted.forget(verified(texts[4]))
    minted.forget(verified(texts[4]))
    assert minted.find(texts[4]) is None
    late = record(id="t_late", now=NOW + 60_000)
    minted.keep(mint(late, CALL, MISSION, KEY, ISSUER)[1])
    assert len(minted) == 1, "those that expired are gone"


@pytest.mark.parametrize("text", [None, b"x", "", "\ud800", "A" * 10_000_000], ids=range(5))
def test_what_was_never_made_is_not_found_whatever_it_is(text: Any) -> None:
    _, minted = remembered(record())
    assert minted.find(text) is None
    assert isinstance(check(text, minted=minted), str)
