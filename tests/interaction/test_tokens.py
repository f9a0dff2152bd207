"""Call tokens over the whole product: had with a permit, proven, used once, void with what they rest on."""

import asyncio
import itertools
import json
import os
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey
from joserfc.util import urlsafe_b64encode

from remit.mediation import Presented
from remit.sdk import ApiError
from remit.terms import DEFAULT_TENANT, Credential
from remit.tokens import CallToken, token_hash

House = Any  # tests/conftest.py
Play = Callable[[Callable[[House], Coroutine[Any, Any, None]]], None]
AUDIENCE = "https://office.example"
URI = "https://office.example/files"
HOLDER = OKPKey.generate_key("Ed25519")
JKT = HOLDER.thumbprint()
USES = 10_000 if os.environ.get("REMIT_LONG") else 1_000
_numbers = itertools.count()


def proof(token: str, now: int, *, key: OKPKey = HOLDER, method: str = "POST", uri: str = URI) -> str:
    """A DPoP proof (RFC 9449 section 4.2), signed by another library's code than checks it."""
    header = {"typ": "dpop+jwt", "alg": "Ed25519", "jwk": dict(key.as_dict(private=False))}
    claims = {"jti": f"p-{next(_numbers)}", "htm": method, "htu": uri, "iat": now // 1000, "ath": token_hash(token)}
    signed = urlsafe_b64encode(json.dumps(header).encode()) + b"." + urlsafe_b64encode(json.dumps(claims).encode())
    signature = jws.JWSRegistry.algorithms["Ed25519"].sign(signed, key)
    return (signed + b"." + urlsafe_b64encode(signature)).decode()


async def granted(house: House, mission: str | None = None, **more: Any) -> dict[str, Any]:
    """The context of a permit with a token."""
    mission = mission or await house.mission("Read the files in the folder")
    wanted = {"audience": AUDIENCE, "jkt": JKT, **more}
    answer: dict[str, Any] = await house.ask(mission, "read_file", {"name": "a.txt"}, token=wanted)
    assert answer["outcome"] == "permit", answer
    return answer


def use(house: House, token: str, **more: Any) -> dict[str, Any]:
    key = more.pop("key", HOLDER)
    made = proof(token, house.remit.clock.now(), key=key)
    return {"token": token, "proof": made, "method": "POST", "uri": URI, **more}


async def consume(house: House, token: str, **more: Any) -> dict[str, Any]:
    used: dict[str, Any] = (await house.point.post("/v1/tokens/consume", use(house, token, **more)))["token"]
    return used


async def refused(house: House, body: dict[str, Any], why: str) -> None:
    with pytest.raises(ApiError, match=why) as caught:
        await house.point.post("/v1/tokens/consume", body)
    assert caught.value.status == 403


async def active(house: House, token: str) -> dict[str, Any]:
    answer: dict[str, Any] = await house.point.post("/v1/tokens/introspect", {"token": token})
    return answer


def test_a_permit_hands_out_a_bound_token_that_says_what_was_permitted(play: Play) -> None:
    async def story(house: House) -> None:
        answer = await granted(house)
        handed = answer["token"]
        assert handed["token_type"] == "DPoP"
        assert 0 < handed["expires_in"] <= 30
        shown = await active(house, handed["access_token"])
        assert (shown["active"], shown["cnf"], shown["aud"]) == (True, {"jkt": JKT}, AUDIENCE)
        used = await consume(house, handed["access_token"])
        assert (used["decision"], used["tool"], used["subject"]) == (answer["id"], "read_file", "user:ann")
        assert "arguments" not in used
        record = await house.operator.get(f"/v1/records/{answer['id']}")
        assert [entry["kind"] for entry in record["entries"]] == ["decision.made", "token.consumed"]
        assert handed["access_token"] not in json.dumps(record)  # I7

    play(story)


def test_whoever_holds_the_published_keys_can_verify_a_token(play: Play) -> None:
    async def story(house: House) -> None:
        token = (await granted(house))["token"]["access_token"]
        keys = (await house.http.get("/.well-known/jwks.json")).json()["keys"]
        assert [set(key) for key in keys] == [{"kty", "crv", "x", "kid", "use", "alg"}]
        found = jws.deserialize_compact(token, OKPKey.import_key(keys[0]), algorithms=["Ed25519"])
        assert found.headers()["typ"] == "at+jwt"
        assert json.loads(found.payload)["cnf"] == {"jkt": JKT}

    play(story)


def test_introspection_uses_nothing_up_and_says_nothing_of_what_cannot_be_used(play: Play) -> None:
    async def story(house: House) -> None:
        token = (await granted(house))["token"]["access_token"]
        for _ in range(3):
            assert (await active(house, token))["active"] is True
        await consume(house, token)
        for dead in (token, token[:-4] + "AAAA", "nonsense"):
            assert await active(house, dead) == {"active": False}

    play(story)


def test_introspection_takes_a_form_as_rfc_7662_has_it(play: Play) -> None:
    async def story(house: House) -> None:
        token = (await granted(house))["token"]["access_token"]
        auth = {"Authorization": house.point._headers["Authorization"]}

        async def ask(content: str | bytes, kind: str = "application/x-www-form-urlencoded") -> Any:
            headers = {**auth, "Content-Type": kind}
            return await house.http.post("/v1/tokens/introspect", content=content, headers=headers)

        for kind in ("application/x-www-form-urlencoded", "Application/X-WWW-Form-urlencoded; charset=UTF-8"):
            answer = await ask(f"token={token}&token_type_hint=access_token&more=ignored", kind)
            assert answer.json()["active"] is True, "section 2.1"
            assert answer.headers["cache-control"] == "no-store"
        for dead in ("", "nonsense", token[:-4] + "AAAA", "a" * 20_000, "%00%F0%9F%98%80", token + "%20"):
            answer = await ask(f"token={dead}")
            assert (answer.status_code, answer.json()) == (200, {"active": False}), "section 2.2: and nothing else"
        for wrong in (
            "",
            "tokens=x",
            f"token={token}&token={token}",
            "token=%FF",
            b"token=\xff",
            "token=x" + "&a" * 99,
        ):
            answer = await ask(wrong)
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "remit.invalid_input"), wrong
        assert (await ask(f"token={token}", "text/plain")).status_code == 400
        stranger = await house.http.post("/v1/tokens/introspect", data={"token": token})
        assert stranger.status_code == 401, "section 4: else tokens could be guessed here"
        assert stranger.headers["www-authenticate"].startswith("Bearer")
        await consume(house, token)

    play(story)


def test_introspection_says_of_a_token_of_any_length_whether_it_is_active(play: Play) -> None:
    async def story(house: House) -> None:
        for dead in ("", "a" * 100_000, "é", "a.b.c"):
            assert await active(house, dead) == {"active": False}
        with pytest.raises(ApiError) as caught:
            await house.point.post("/v1/tokens/introspect", {"token": 1})
        assert caught.value.status == 400

    play(story)


def test_refused_uses_are_counted_by_kind_and_not_recorded(play: Play) -> None:
    async def story(house: House) -> None:
        token = (await granted(house))["token"]["access_token"]
        other = (await granted(house))["token"]["access_token"]
        await consume(house, token)
        size = house.remit.store.size(DEFAULT_TENANT)
        for _ in range(3):
            await refused(house, use(house, token), "consumed already")
        await refused(house, {**use(house, other), "proof": None}, "bound to a key")
        await refused(house, use(house, other[:-4] + "AAAA"), "signature")
        await house.operator.post("/v1/agents/state", {"id": "clerk", "state": "quarantined", "cause": "test"})
        await refused(house, use(house, other), "quarantined")
        status = await house.operator.get("/v1/status")
        assert status["tokens_refused"] == {"ended": 1, "invalid": 1, "proof": 1, "used": 3}
        assert house.remit.store.size(DEFAULT_TENANT) == size + 1, "the quarantine, and no refusal"

    play(story)


def test_of_many_concurrent_uses_exactly_one_wins(play: Play) -> None:
    async def story(house: House) -> None:
        token = (await granted(house))["token"]["access_token"]
        secret = house.point._headers["Authorization"].removeprefix("Bearer ")
        point = house.remit.authenticator.authenticate(Credential(scheme="bearer", value=secret))
        uses = [Presented(**use(house, token)) for _ in range(USES)]
        won = await asyncio.gather(
            *(house.remit.mediator.consume(point, one) for one in uses),
            *(house.point.post("/v1/tokens/consume", use(house, token)) for _ in range(20)),
            return_exceptions=True,
        )
        assert sum(isinstance(one, dict | CallToken) for one in won) == 1
        others = [one for one in won if not isinstance(one, dict | CallToken)]
        assert all(isinstance(one, str | ApiError) and "consumed already" in str(one) for one in others)

    play(story)


def test_a_use_that_was_overtaken_between_judgement_and_commit_does_not_count(play: Play) -> None:
    """The version of the record decides, not what was read before."""

    async def story(house: House) -> None:
        token = (await granted(house))["token"]["access_token"]
        store, mediator = house.remit.store, house.remit.mediator

        class Overtaken:
            async def commit(self, write: Any) -> int:
                mediator._journal = store
                await consume(house, token)
                number: int = await store.commit(write)
                return number

        mediator._journal = Overtaken()
        await refused(house, use(house, token), "consumed already")

    play(story)


def test_a_used_token_stays_used_over_a_restart_and_an_unused_one_stays_good(
    opened: Callable[[], AbstractAsyncContextManager[House]],
) -> None:
    async def story() -> None:
        async with opened() as house:
            await house.furnish()
            used, unused = [(await granted(house))["token"]["access_token"] for _ in range(2)]
            await consume(house, used)
            assert house.remit.store._tokens.all(DEFAULT_TENANT)[0].state == "minted"
            assert len(house.remit.store._tokens.all(DEFAULT_TENANT)) == 1, "a used token left memory"
        async with opened() as house:
            await refused(house, use(house, used), "consumed already")
            await consume(house, unused)

    asyncio.run(story())


def test_a_token_that_has_expired_is_refused_and_leaves_memory(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(house: House) -> None:
        token = (await granted(house))["token"]["access_token"]
        later = house.remit.clock.now() + 31_000
        monkeypatch.setattr(house.remit.clock, "now", lambda: later)
        await refused(house, use(house, token), "expired")
        assert await active(house, token) == {"active": False}
        await house.mission("Read the files")  # any entry of a later time
        assert house.remit.store._tokens.all(DEFAULT_TENANT) == ()

    play(story)


def test_a_point_that_does_not_guard_the_server_cannot_use_or_see_a_token(play: Play) -> None:
    async def story(house: House) -> None:
        token = (await granted(house))["token"]["access_token"]
        key = (await house.operator.post("/v1/points", {"id": "elsewhere", "servers": ["other"]}))["key"]
        headers = {"Authorization": f"Bearer {key}"}
        answer = await house.http.post("/v1/tokens/consume", json=use(house, token), headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "remit.token_refused")
        seen = await house.http.post("/v1/tokens/introspect", json={"token": token}, headers=headers)
        assert seen.json() == {"active": False}
        for stranger in (house.agent_key, house.operator._headers["Authorization"].removeprefix("Bearer ")):
            headers = {"Authorization": f"Bearer {stranger}"}
            answer = await house.http.post("/v1/tokens/consume", json=use(house, token), headers=headers)
            assert answer.status_code == 403
        await consume(house, token)

    play(story)


def test_a_token_for_another_audience_is_refused(play: Play) -> None:
    async def story(house: House) -> None:
        token = (await granted(house))["token"]["access_token"]
        await refused(house, use(house, token, audience="https://other.example"), "another audience")
        elsewhere = "https://office.example.evil/files"
        made = proof(token, house.remit.clock.now(), uri=elsewhere)
        body = {"token": token, "proof": made, "method": "POST", "uri": elsewhere}
        await refused(house, body, "another audience")
        await consume(house, token, audience=AUDIENCE)

    play(story)


def test_a_token_without_its_holders_proof_is_refused(play: Play) -> None:
    async def story(house: House) -> None:
        token = (await granted(house))["token"]["access_token"]
        other = (await granted(house))["token"]["access_token"]
        now = house.remit.clock.now()
        body = use(house, token)
        await refused(house, {**body, "proof": None}, "bound to a key")
        await refused(house, use(house, token, key=OKPKey.generate_key("Ed25519")), "another key")
        await refused(house, {**body, "method": "GET"}, "another method")
        await refused(house, {**body, "uri": URI + "/more"}, "another URI")
        await refused(house, {**body, "proof": proof(other, now)}, "another token")
        await refused(house, {**body, "proof": proof(token, now - 61_000)}, "too old")
        await consume(house, token)

    play(story)


def test_a_proof_is_used_once(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the token was not used up by it."""

    async def story(house: House) -> None:
        token = (await granted(house))["token"]["access_token"]
        body = use(house, token)
        await house.operator.post("/v1/agents/state", {"id": "clerk", "state": "quarantined", "cause": "test"})
        await refused(house, body, "quarantined")
        await house.operator.post("/v1/agents/state", {"id": "clerk", "state": "active", "cause": "test"})
        await refused(house, body, "used already")
        await consume(house, token)

    play(story)


@pytest.mark.parametrize("what", ["mission", "parent", "agent", "instance", "tool", "definition"])
def test_what_was_revoked_between_permit_and_use_stops_the_token(play: Play, what: str) -> None:
    async def story(house: House) -> None:
        root = await house.mission("Read the files in the folder")
        derived = (await house.operator.post(f"/v1/missions/{root}/derive", {"agent": "clerk"}))["mission"]["id"]
        answer = await granted(house, derived)
        token = answer["token"]["access_token"]
        operate, why = house.operator.post, "quarantined"
        match what:
            case "mission" | "parent":
                revoked = derived if what == "mission" else root
                await operate(f"/v1/missions/{revoked}/state", {"state": "revoked", "cause": "test"})
                why = "revoked"
            case "agent":
                await operate("/v1/agents/state", {"id": "clerk", "state": "quarantined", "cause": "test"})
            case "instance":
                instance = (await house.operator.get("/v1/instances", agent="clerk"))["instances"][0]["id"]
                await operate("/v1/instances/state", {"id": instance, "state": "quarantined", "cause": "test"})
            case "tool":
                state = {"id": "office/read_file", "state": "quarantined", "cause": "test"}
                await operate("/v1/tools/state", state)
            case "definition":
                changed = [{"name": "read_file", "description": "Reads.", "inputSchema": {"type": "object"}}]
                document = {"server": "office", "format": "mcp", "document": changed, "accept": True}
                await operate("/v1/tools", document)
                why = "definition changed"
        await refused(house, use(house, token), why)

    play(story)


@pytest.mark.parametrize("status", ["succeeded", "failed", "unknown"])
def test_the_outcome_ends_an_unused_token_whatever_it_was(play: Play, status: str) -> None:
    async def story(house: House) -> None:
        answer = await granted(house)
        await house.returned(answer["id"], None, status)
        await refused(house, use(house, answer["token"]["access_token"]), "closed already")

    play(story)


def test_a_higher_epoch_of_the_store_voids_older_tokens_for_good(
    opened: Callable[[], AbstractAsyncContextManager[House]],
) -> None:
    async def story() -> None:
        async with opened() as house:
            await house.furnish()
            token = (await granted(house))["token"]["access_token"]
            epoch = house.remit.store.raise_epoch(house.remit.clock.now())
            await refused(house, use(house, token), "another epoch")
        async with opened() as house:
            assert house.remit.store.epoch == epoch
            await refused(house, use(house, token), "another epoch")
            await consume(house, (await granted(house))["token"]["access_token"])

    asyncio.run(story())


def test_without_a_key_a_token_is_not_to_be_had_unless_the_configuration_says_so(
    opened: Callable[[], AbstractAsyncContextManager[House]], directory: Path
) -> None:
    async def story() -> None:
        async with opened() as house:
            await house.furnish()
            mission = await house.mission("Read the files in the folder")
            for wrong in ({}, {"jkt": "short"}, {"audience": "spaces are no audience", "jkt": JKT}):
                with pytest.raises(ApiError, match=r"context\.token") as caught:
                    await house.ask(mission, "read_file", {"name": "a"}, token={"audience": AUDIENCE, **wrong})
                assert caught.value.status == 400
        toml = directory / "remit.toml"
        toml.write_text("unbound_tokens = true\n" + toml.read_text())
        async with opened() as house:
            handed = (await granted(house, mission, jkt=JKT))["token"]
            answer = await house.ask(mission, "read_file", {"name": "a.txt"}, token={"audience": "office"})
            assert handed["token_type"] == "DPoP"
            assert answer["token"]["token_type"] == "Bearer"
            body = {"token": answer["token"]["access_token"]}
            assert (await house.point.post("/v1/tokens/consume", body))["token"]["jkt"] is None

    asyncio.run(story())


def test_no_token_comes_with_a_denial(play: Play) -> None:
    async def story(house: House) -> None:
        wanted = {"audience": AUDIENCE, "jkt": JKT}
        answer = await house.ask(None, "send_email", {"to": "a@b.example", "body": "x"}, token=wanted)
        assert answer["outcome"] == "deny"
        assert "token" not in answer

    play(story)


def test_a_rotated_key_leaves_tokens_good_and_a_replaced_one_voids_them(play: Play) -> None:
    async def story(house: House) -> None:
        first = (await granted(house))["token"]["access_token"]
        rotated = await house.operator.post("/v1/token-keys/rotate", {})
        assert len((await house.http.get("/.well-known/jwks.json")).json()["keys"]) == 2
        await consume(house, first)
        second = (await granted(house))["token"]["access_token"]
        replaced = await house.operator.post("/v1/token-keys/rotate", {"at_once": True})
        await refused(house, use(house, second), "retired")
        await consume(house, (await granted(house))["token"]["access_token"])
        entries = (await house.operator.get("/v1/records/token-keys"))["entries"]
        assert [entry["kind"] for entry in entries] == ["key.rotated"] * 3
        assert [entry["facts"]["key"] for entry in entries[1:]] == [rotated["key"], replaced["key"]]
        with pytest.raises(ApiError, match="admin"):
            await house.approver.post("/v1/token-keys/rotate", {})

    play(story)


def test_keys_sealed_under_a_passphrase_need_it_at_every_start(
    opened: Callable[[], AbstractAsyncContextManager[House]], directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from remit.cli.app import app
    from remit.terms import Refused

    async def start() -> None:
        async with opened() as house:
            await house.furnish() if not house.remit.store.agents(DEFAULT_TENANT) else None
            await consume(house, (await granted(house))["token"]["access_token"])

    asyncio.run(start())
    file = directory.parent / "passphrase"
    file.write_text("correct horse battery staple\n")
    file.chmod(0o600)
    options = ["--dir", str(directory), "--passphrase-file", str(file)]
    sealed = CliRunner().invoke(app, ["keys", "encrypt", *options])
    assert sealed.exit_code == 0, sealed.output
    with pytest.raises(Refused, match="is sealed"):
        asyncio.run(start())
    monkeypatch.setenv("REMIT_PASSPHRASE_FILE", str(file))
    asyncio.run(start())
    monkeypatch.delenv("REMIT_PASSPHRASE_FILE")
    monkeypatch.setenv("REMIT_PASSPHRASE", "another passphrase")
    with pytest.raises(Refused, match="does not open"):
        asyncio.run(start())
    monkeypatch.delenv("REMIT_PASSPHRASE")
    assert CliRunner().invoke(app, ["keys", "decrypt", *options]).exit_code == 0
    asyncio.run(start())
