"""Taking things back: at once, through whatever hangs on them, with the cause, and for good where it is said so."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, get_args

import httpx2
import msgspec
import pytest

from remit.administration import Revocable
from remit.administration.access import unbacked
from remit.administration.revocation import NEEDS
from remit.cli.revoke import Kind
from remit.sdk import ApiError, Client
from remit.terms import DEFAULT_TENANT, Approval, ApprovalState, Conflict, Operator, OperatorId, Role
from remit.terms import Kind as Records

House = Any  # tests/conftest.py
Play = Callable[[Callable[[House], Coroutine[Any, Any, None]]], None]
READ = ("read_file", {"name": "report.txt"})
IBAN = "GB29NWBK60161331926819"
PAY = ("make_payment", {"recipient": IBAN, "amount": 2500})


def codes(answer: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in answer["reasons"]]


async def revoke(house: House, kind: str, id: str, **more: Any) -> dict[str, Any]:
    answer = await house.operator.post("/v1/revoke", {"kind": kind, "id": id, "cause": "test", **more})
    found: dict[str, Any] = answer["revoked"]
    return found


async def refused(awaited: Coroutine[Any, Any, Any]) -> int:
    with pytest.raises(ApiError) as error:
        await awaited
    return error.value.status


async def new_admin(house: House, name: str = "boss") -> Client:
    made = await house.operator.post("/v1/operators", {"id": name, "roles": ["admin"]})
    return Client(house.http, made["key"])


async def reading(house: House, **more: Any) -> tuple[str, str, str]:
    """A mission, one derived from it for another agent, one derived from that; each has just read."""
    mission = await house.mission("Read report.txt and tell me", **more)
    with_helper = await house.operator.post(f"/v1/missions/{mission}/derive", {"agent": "helper"})
    below = await house.operator.post(f"/v1/missions/{with_helper['mission']['id']}/derive", {"agent": "third"})
    chain = (mission, str(with_helper["mission"]["id"]), str(below["mission"]["id"]))
    for each, agent in zip(chain, ("clerk", "helper", "third"), strict=True):
        assert (await house.ask(each, *READ, agent=agent))["outcome"] == "permit"
    return chain


async def helpers(house: House) -> None:
    for agent in ("helper", "third"):
        await house.operator.post("/v1/agents", {"id": agent, "owner": "ann"})


async def approved(house: House) -> tuple[str, str]:
    """A mission and an approval that olga gave for a payment in it."""
    mission = await house.mission(f"Pay 2500 EUR to {IBAN}", purpose="pay-bills")
    asked = await house.ask(mission, *PAY, call_id="c1")
    assert asked["outcome"] == "ask", asked
    approval = str(asked["access_request"]["id"])
    await house.approver.post(f"/v1/approvals/{approval}/answer", {"state": "approved"})
    return mission, approval


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("mission", "remit.mission_inactive"),
        ("agent", "remit.ancestor_inactive"),
        ("tenant", "remit.tenant_stopped"),
        ("tool", "tool-quarantined"),
    ],
)
def test_whatever_hangs_on_a_revoked_thing_is_denied_from_then_on_and_after_a_restart(
    opened: Callable[[], AbstractAsyncContextManager[House]], kind: str, code: str
) -> None:
    async def denied(house: House, chain: tuple[str, str, str]) -> None:
        for mission, agent in zip(chain[1:], ("helper", "third"), strict=True):
            answer = await house.ask(mission, *READ, agent=agent)
            assert answer["outcome"] == "deny"
            assert code in codes(answer), answer

    async def whole() -> None:
        async with opened() as house:
            await house.furnish()
            await helpers(house)
            chain = await reading(house)
            target = {"mission": chain[0], "agent": "clerk", "tenant": "", "tool": "office/read_file"}[kind]
            await revoke(house, kind, target)
            await denied(house, chain)
            assert await refused(revoke(house, kind, target)) == 409
        async with opened() as house:
            await denied(house, chain)

    asyncio.run(whole())


def test_one_revocation_is_one_entry_and_one_record_whatever_hangs_on_it(play: Play) -> None:
    async def story(house: House) -> None:
        await helpers(house)
        chain = await reading(house)
        store, tenant = house.remit.store, house.remit.tenant
        before = store.size(tenant)
        await revoke(house, "mission", chain[0])
        assert store.size(tenant) == before + 1
        states = [store.mission(tenant, mission).state.value for mission in chain]
        assert states == ["revoked", "active", "active"], "those below are judged through it, not touched"

    play(story)


def test_the_cause_is_in_the_record_and_never_in_the_entry(play: Play) -> None:
    cause = "it \x1b[31mpaid\ud7ff Mallory \U0001f4a5 'twice' </script>"

    async def story(house: House) -> None:
        mission = await house.mission("Read report.txt")
        answer = await house.operator.post("/v1/revoke", {"kind": "mission", "id": mission, "cause": cause})
        assert answer["revoked"] == {"kind": "mission", "id": mission, "state": "revoked", "cause": cause}
        shown = await house.operator.get(f"/v1/missions/{mission}")
        assert shown["mission"]["cause"] == cause
        record = await house.operator.get(f"/v1/records/{mission}")
        assert record["entries"][-1]["kind"] == "mission.revoked"
        assert "Mallory" not in str(record["entries"])
        assert await refused(house.operator.post("/v1/revoke", {"kind": "mission", "id": mission, "cause": ""})) == 400
        assert await refused(house.operator.post("/v1/revoke", {"kind": "mission", "id": mission, "cause": " "})) == 400

    play(story)


def test_why_an_operator_a_point_or_a_key_was_ended_is_in_its_record_and_never_in_the_entry(play: Play) -> None:
    cause = "left for Mallory & Co"

    async def story(house: House) -> None:
        store = house.remit.store
        await house.operator.post("/v1/points", {"id": "gate", "servers": ["*"]})
        (key,) = store.keys(DEFAULT_TENANT, "gate")
        await revoke(house, "key", key.id, cause=cause)
        await revoke(house, "point", "gate", cause=cause)
        await revoke(house, "operator", "olga", cause=cause)
        ended = (
            store.key(DEFAULT_TENANT, key.id),
            store.point(DEFAULT_TENANT, "gate"),
            store.operator(DEFAULT_TENANT, OperatorId("olga")),
        )
        assert [one.cause for one in ended] == [cause] * 3
        for id in (key.id, "gate", "olga"):
            assert "Mallory" not in str(await house.operator.get(f"/v1/records/{id}"))

    play(story)


def test_an_agent_ends_for_good_or_is_held(play: Play) -> None:
    async def story(house: House) -> None:
        await helpers(house)
        agent = Client(house.http, house.agent_key)
        mission = await house.mission("Read report.txt")
        assert (await revoke(house, "agent", "clerk", quarantine=True))["state"] == "quarantined"
        answer = await house.ask(mission, *READ)
        assert codes(answer) == ["remit.agent_inactive"]
        await house.operator.post("/v1/agents/state", {"id": "clerk", "state": "active", "cause": "looked"})
        assert (await house.ask(mission, *READ))["outcome"] == "permit"
        assert (await revoke(house, "agent", "clerk"))["state"] == "retired"
        assert (await house.ask(mission, *READ))["outcome"] == "deny"
        assert await refused(agent.get(f"/v1/missions/{mission}")) == 401
        for state in ("active", "restricted", "provisional", "quarantined"):
            body = {"id": "clerk", "state": state, "cause": "again"}
            assert await refused(house.operator.post("/v1/agents/state", body)) == 409
        assert await refused(house.operator.post("/v1/agents", {"id": "clerk", "owner": "eve"})) == 409
        assert await refused(house.operator.post("/v1/keys", {"kind": "agent", "holder": "clerk"})) == 409

    play(story)


def test_one_instance_is_held_or_ended_and_the_others_go_on(play: Play) -> None:
    async def story(house: House) -> None:
        one, other = await house.mission("Read report.txt"), await house.mission("Read report.txt")
        for mission, instance in ((one, "i1"), (other, "i2")):
            assert (await house.ask(mission, *READ, instance=instance))["outcome"] == "permit"
        assert (await revoke(house, "instance", "i1", quarantine=True))["state"] == "quarantined"
        assert codes(await house.ask(one, *READ, instance="i1")) == ["remit.instance_inactive"]
        assert (await house.ask(other, *READ, instance="i2"))["outcome"] == "permit"
        assert (await revoke(house, "instance", "i1"))["state"] == "ended"
        body = {"id": "i1", "state": "active", "cause": "again"}
        assert await refused(house.operator.post("/v1/instances/state", body)) == 409

    play(story)


def test_a_stopped_tenant_permits_and_opens_nothing_until_another_admin_resumes_it(play: Play) -> None:
    async def story(house: House) -> None:
        mission = await house.mission("Read report.txt")
        other = await new_admin(house)
        resume = {"kind": "tenant", "cause": "looked"}
        assert await refused(house.operator.post("/v1/resume", resume)) == 409
        stopped = await house.approver.post("/v1/revoke", {"kind": "tenant", "cause": "an incident"})
        assert stopped["revoked"]["state"] == "stopped"
        assert (await house.operator.get("/v1/status"))["stopped"] is True
        answer = await house.ask(mission, *READ)
        assert (answer["outcome"], codes(answer)) == ("deny", ["remit.tenant_stopped"])
        opening = {"agent": "clerk", "purpose": "assist", "goal": "Read", "subject": "user:ann"}
        for client in (house.operator, house.point, Client(house.http, house.agent_key)):
            assert await refused(client.post("/v1/missions", opening)) == 409
            assert await refused(client.post(f"/v1/missions/{mission}/derive", {"agent": "clerk"})) == 409
        assert await refused(house.approver.post("/v1/resume", resume)) == 403
        await house.operator.post("/v1/resume", resume)
        assert (await house.ask(mission, *READ))["outcome"] == "permit"
        await other.post("/v1/revoke", {"kind": "tenant", "cause": "again"})
        assert await refused(other.post("/v1/resume", resume)) == 403, "who stopped it does not resume it"
        await house.operator.post("/v1/resume", resume)
        assert (await house.operator.get("/v1/status"))["stopped"] is False

    play(story)


@pytest.mark.parametrize("answered", [False, True])
def test_a_cancelled_approval_is_not_used(play: Play, answered: bool) -> None:
    async def story(house: House) -> None:
        if answered:
            mission, approval = await approved(house)
        else:
            mission = await house.mission(f"Pay 2500 EUR to {IBAN}", purpose="pay-bills")
            approval = (await house.ask(mission, *PAY, call_id="c1"))["access_request"]["id"]
        assert (await revoke(house, "approval", approval))["state"] == "cancelled"
        said = {"state": "approved"}
        assert await refused(house.approver.post(f"/v1/approvals/{approval}/answer", said)) == 409
        answer = await house.ask(mission, *PAY, call_id="c1", approval=approval)
        assert answer["outcome"] != "permit"
        assert "remit.approval_void" in codes(answer)

    play(story)


def test_a_used_approval_cannot_be_taken_back_any_more(play: Play) -> None:
    async def story(house: House) -> None:
        mission, approval = await approved(house)
        assert (await house.ask(mission, *PAY, call_id="c1", approval=approval))["outcome"] == "permit"
        assert await refused(revoke(house, "approval", approval)) == 409

    play(story)


def test_a_deactivated_operators_keys_stop_at_once_and_what_it_approved_is_cancelled(play: Play) -> None:
    async def story(house: House) -> None:
        mission, approval = await approved(house)
        used_mission, used = await approved(house)
        assert (await house.ask(used_mission, *PAY, call_id="c1", approval=used))["outcome"] == "permit"
        await revoke(house, "operator", "olga")
        assert await refused(house.approver.get("/v1/status")) == 401
        answer = await house.ask(mission, *PAY, call_id="c1", approval=approval)
        assert answer["outcome"] == "ask"
        shown = (await house.operator.get(f"/v1/approvals/{approval}"))["approval"]
        assert (shown["state"], "olga" in shown["cause"]) == ("cancelled", True)
        assert (await house.operator.get(f"/v1/approvals/{used}"))["approval"]["state"] == "consumed"
        body = {"id": "olga", "roles": ["approver"]}
        assert await refused(house.operator.post("/v1/operators", body)) == 409, "its id never comes back"
        assert await refused(house.operator.post("/v1/keys", {"kind": "operator", "holder": "olga"})) == 409
        assert await refused(house.operator.post("/v1/operators/change", body)) == 409
        entry = (await house.operator.get("/v1/records/olga"))["entries"][-1]
        assert (entry["kind"], entry["facts"]["cancelled"]) == ("operator.deactivated", [approval])

    play(story)


@pytest.mark.parametrize("change", [{"roles": ["viewer"]}, {"groups": ["security"]}, {"groups": []}])
def test_an_operator_that_loses_what_let_it_approve_loses_unused_approvals(play: Play, change: dict[str, Any]) -> None:
    async def story(house: House) -> None:
        mission, approval = await approved(house)
        changed = await house.operator.post("/v1/operators/change", {"id": "olga", **change})
        assert all(changed["operator"][name] == value for name, value in change.items())
        answer = await house.ask(mission, *PAY, call_id="c1", approval=approval)
        assert answer["outcome"] == "ask"
        entry = (await house.operator.get("/v1/records/olga"))["entries"][-1]
        assert entry["kind"] == "operator.changed"
        assert entry["facts"]["from_roles"] == ["approver"]
        assert entry["facts"]["cancelled"] == [approval]

    play(story)


def test_an_operator_that_still_may_keeps_what_it_approved(play: Play) -> None:
    async def story(house: House) -> None:
        mission, approval = await approved(house)
        body = {"id": "olga", "roles": ["approver", "viewer"], "groups": ["operators"]}
        await house.operator.post("/v1/operators/change", body)
        assert (await house.ask(mission, *PAY, call_id="c1", approval=approval))["outcome"] == "permit"

    play(story)


def test_nobody_changes_themselves_and_one_active_admin_always_remains(play: Play) -> None:
    async def story(house: House) -> None:
        demote = {"id": "admin", "roles": ["viewer"]}
        assert await refused(house.operator.post("/v1/operators/change", demote)) == 403
        assert await refused(revoke(house, "operator", "admin")) == 403
        other = await new_admin(house)
        assert await refused(other.post("/v1/operators/change", {"id": "boss", "groups": ["finance"]})) == 403
        await other.post("/v1/operators/change", demote)
        assert await refused(house.operator.post("/v1/agents", {"id": "x", "owner": "e"})) == 403, "counts at once"
        local = house.remit.authenticator.local_operator(house.remit.tenant)  # the machine's owner is one more
        access = house.remit.administration.access
        with pytest.raises(Conflict, match="last active admin"):
            await access.deactivate_operator(local, "boss", "test")
        with pytest.raises(Conflict, match="last active admin"):
            await access.change_operator(local, "boss", roles=(Role.VIEWER,))
        assert (await other.get("/v1/status"))["healthy"]

    play(story)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"id": "olga", "roles": []}, 400),
        ({"id": "olga", "roles": ["king"]}, 400),
        ({"id": "olga", "groups": ["nobody-knows"]}, 400),
        ({"id": "olga"}, 409),
        ({"id": "olga", "roles": ["approver"]}, 409),
        ({"id": "nobody", "roles": ["viewer"]}, 404),
    ],
)
def test_a_change_of_an_operator_that_makes_no_sense_is_refused(play: Play, body: dict[str, Any], status: int) -> None:
    async def story(house: House) -> None:
        assert await refused(house.operator.post("/v1/operators/change", body)) == status

    play(story)


def test_a_deactivated_enforcement_point_neither_asks_nor_attests_nor_comes_back(play: Play) -> None:
    async def story(house: House) -> None:
        made = await house.operator.post("/v1/points", {"id": "gate", "servers": ["*"], "subjects": ["agent"]})
        point = Client(house.http, made["key"])
        mission = await house.mission("Read report.txt")
        answer = await house.ask(mission, *READ)
        await revoke(house, "point", "gate")
        attested = {"decision": answer["id"], "status": "succeeded"}
        assert await refused(point.post("/v1/outcomes", attested)) == 401
        body = {
            "subject": {"type": "agent", "id": "clerk"},
            "action": {"name": "x"},
            "resource": {"type": "t", "id": "x"},
        }
        assert await refused(point.evaluate(body)) == 401
        assert await refused(house.operator.post("/v1/points", {"id": "gate", "servers": ["*"]})) == 409
        assert await refused(house.operator.post("/v1/keys", {"kind": "point", "holder": "gate"})) == 409
        assert await refused(revoke(house, "point", "gate")) == 409

    play(story)


def test_a_revoked_key_stops_and_the_holders_others_go_on(play: Play) -> None:
    async def story(house: House) -> None:
        second = (await house.operator.post("/v1/keys", {"kind": "operator", "holder": "olga"}))["key"]
        gone = await revoke(house, "key", second.split("_")[1])
        assert gone["state"] == "revoked"
        listed = {key["id"]: key["cause"] for key in (await house.operator.get("/v1/keys"))["keys"]}
        assert listed[second.split("_")[1]] == gone["cause"] != ""
        assert await refused(Client(house.http, second).get("/v1/status")) == 401
        assert (await house.approver.get("/v1/status"))["healthy"]
        assert await refused(revoke(house, "key", second.split("_")[1])) == 409
        agent = Client(house.http, house.agent_key)
        own = {
            "subject": {"type": "agent", "id": "clerk"},
            "action": {"name": "x"},
            "resource": {"type": "t", "id": "x"},
        }
        assert (await agent.evaluate(own))[0]["outcome"] == "deny"
        await revoke(house, "key", house.agent_key.split("_")[1])
        assert await refused(agent.evaluate(own)) == 401

    play(story)


@pytest.mark.parametrize("kind", ["operator", "key"])
def test_a_request_begun_before_the_revocation_does_not_act_after_it(play: Play, kind: str) -> None:
    """The key is checked before the body is read; whoever holds the body back must not keep what it could do."""

    async def story(house: House) -> None:
        made = await house.operator.post("/v1/operators", {"id": "boss", "roles": ["admin"]})
        begun, go = asyncio.Event(), asyncio.Event()

        async def body() -> Any:
            begun.set()
            await go.wait()
            yield b'{"id": "smuggled", "owner": "boss"}'

        headers = {"authorization": f"Bearer {made['key']}", "content-type": "application/json"}
        async with httpx2.AsyncClient(transport=_Streaming(house.remit.app), base_url="http://127.0.0.1") as http:
            late = asyncio.create_task(http.post("/v1/agents", content=body(), headers=headers))
            await begun.wait()
            await revoke(house, kind, "boss" if kind == "operator" else made["key"].split("_")[1])
            go.set()
            answer = await late
        assert answer.status_code == 401, answer.text
        assert await refused(house.operator.get("/v1/agents", id="smuggled")) == 404

    play(story)


class _Streaming(httpx2.AsyncBaseTransport):
    """ASGI with a body that is pulled when the application asks for it, after it saw the headers."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        stream = request.stream.__aiter__()  # type: ignore[union-attr]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            try:
                return {"type": "http.request", "body": await anext(stream), "more_body": True}
            except StopAsyncIteration:
                return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": request.url.path,
            "raw_path": request.url.raw_path,
            "query_string": b"",
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        await self._app(scope, receive, send)
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return httpx2.Response(sent[0]["status"], headers=sent[0]["headers"], content=content)


def test_a_discovered_agent_acts_only_once_somebody_answers_for_it(play: Play) -> None:
    async def story(house: House) -> None:
        await house.ask(None, *READ, agent="stranger")
        for state in ("active", "provisional"):
            body = {"id": "stranger", "state": state, "cause": "why not"}
            assert await refused(house.operator.post("/v1/agents/state", body)) == 409
        await house.operator.post("/v1/agents", {"id": "stranger", "owner": "ann"})
        shown = (await house.operator.get("/v1/agents", id="stranger"))["agents"][0]
        assert (shown["state"], shown["owner"]) == ("active", "ann")

    play(story)


def test_a_restricted_agent_reads_and_asks_for_the_rest(play: Play) -> None:
    async def story(house: House) -> None:
        goal = f"Read report.txt and pay 100 EUR to {IBAN}"
        mission = await house.mission(goal, purpose="pay-bills")
        small = ("make_payment", {"recipient": IBAN, "amount": 100})
        assert (await house.ask(mission, *small))["outcome"] == "permit"
        body = {"id": "clerk", "state": "restricted", "cause": "odd"}
        await house.operator.post("/v1/agents/state", body)
        assert (await house.ask(mission, *READ))["outcome"] == "permit"
        asked = await house.ask(mission, *small)
        assert (asked["outcome"], codes(asked)) == ("ask", ["restricted-agent"])

    play(story)


def test_an_enforcement_point_reaches_only_missions_of_those_it_speaks_for(play: Play) -> None:
    async def story(house: House) -> None:
        made = await house.operator.post("/v1/points", {"id": "narrow", "servers": ["*"], "subjects": ["agent"]})
        narrow = Client(house.http, made["key"])
        mission = await house.mission("Read report.txt")
        assert await refused(narrow.get(f"/v1/missions/{mission}")) == 404
        assert await refused(narrow.post(f"/v1/missions/{mission}/derive", {"agent": "clerk"})) == 403
        body = {"state": "completed", "cause": "x"}
        assert await refused(narrow.post(f"/v1/missions/{mission}/state", body)) == 403
        assert (await house.point.get(f"/v1/missions/{mission}"))["mission"]["id"] == mission
        await house.point.post(f"/v1/missions/{mission}/state", body)

    play(story)


def test_nothing_derives_from_a_mission_whose_agent_or_ancestor_was_stopped(play: Play) -> None:
    async def story(house: House) -> None:
        await helpers(house)
        chain = await reading(house)
        await revoke(house, "agent", "helper", quarantine=True)
        third = await house.operator.post("/v1/keys", {"kind": "agent", "holder": "third"})
        client = Client(house.http, third["key"])
        assert await refused(client.post(f"/v1/missions/{chain[2]}/derive", {"agent": "third"})) == 409

    play(story)


VOTER = Operator(tenant=DEFAULT_TENANT, id=OperatorId("olga"), roles=(Role.APPROVER,), groups=("finance",), active=True)
GIVEN = Approval(
    tenant=DEFAULT_TENANT,
    id="a1",
    decision="d",
    mission="m",
    agent="clerk",
    instance="i",
    tool="bank/pay",
    call_id="c",
    digest="x",
    policy="p",
    evidence="e",
    groups=("finance", "operators"),
    votes=("olga",),
    state=ApprovalState.APPROVED,
    by="olga",
    opened=1,
    expires=2,
)


@pytest.mark.parametrize(
    ("operator", "approval", "falls"),
    [
        ({}, {}, False),
        ({"active": False}, {}, True),
        ({"roles": (Role.ADMIN,)}, {}, True),
        ({"groups": ("operators",)}, {}, False),
        ({"groups": ("security",)}, {}, True),
        ({"active": False}, {"by": "greta", "votes": ("greta", "olga")}, True),
        ({"active": False}, {"by": "greta", "votes": ("greta",)}, False),
        ({"active": False}, {"state": ApprovalState.PENDING, "by": "", "votes": ("olga",)}, True),
        ({"active": False}, {"state": ApprovalState.PENDING, "by": "", "votes": ()}, False),
    ],
)
def test_an_approval_falls_with_any_vote_that_could_not_be_given_any_more(
    operator: dict[str, Any], approval: dict[str, Any], falls: bool
) -> None:
    changed, given = msgspec.structs.replace(VOTER, **operator), msgspec.structs.replace(GIVEN, **approval)
    assert unbacked([given], changed) == ([given] if falls else [])


def test_every_kind_of_thing_has_a_way_back_and_the_command_knows_all_of_them() -> None:
    assert set(NEEDS) == set(Revocable)
    assert list(get_args(Kind)) == [kind.value for kind in Revocable]
    left = {kind.value for kind in Records} - {kind.value for kind in Revocable}
    # what is left only counts or describes: stopping what it belongs to stops it
    assert left == {"ledger", "reservation", "usage", "mode"}
