"""ARAP against a real server: a scripted client gets one permit out of one approval, however many race for it."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from tests.interaction.api_server import Running, remit_up
from tests.interaction.cli_process import remit

OPERATORS = 24
NEEDED = 3
THREE = f"""
@id("large-needs-three")
@reason("a large transfer needs three people")
@ask("operators")
@approvals("{NEEDED}")
forbid (principal, action in Action::"class:transfer", resource)
when {{ context has amount && context.amount.greaterThan(decimal("2000.0")) }}
unless {{ context has approval && context.approval.groups.contains("operators") }};
"""


class House:
    def __init__(self, running: Running) -> None:
        self.running = running
        self.voters: list[str] = []
        with self.client(running.admin) as admin:
            for path, made in (
                ("/v1/agents", {"id": "clerk", "owner": "ann"}),
                ("/v1/tools", {"server": "bank", "format": "schema", "document": PAY}),
            ):
                assert admin.post(path, json=made).is_success
            for number in range(OPERATORS):
                body: dict[str, Any] = {"id": f"o{number}", "roles": ["approver"], "groups": ["operators"]}
                self.voters.append(admin.post("/v1/operators", json=body).json()["key"])
            (running.log.parent / "remit" / "policies" / "three.cedar").write_text(THREE, encoding="utf-8")
            assert admin.post("/v1/policies/reload").is_success

    def client(self, key: str) -> httpx2.Client:
        return httpx2.Client(base_url=self.running.url, headers={"authorization": f"Bearer {key}"}, timeout=60)

    def call(self, amount: int, recipient: str = "ACME") -> dict[str, Any]:
        opening = {
            "agent": "clerk",
            "purpose": "pay-bills",
            "goal": f"Pay {amount}.00 to {recipient}",
            "subject": "user:greta",
        }
        with self.client(self.running.admin) as admin:
            mission = admin.post("/v1/missions", json=opening).json()["mission"]["id"]
        return {
            "subject": {"type": "agent", "id": "clerk"},
            "action": {"name": "pay"},
            "resource": {"type": "tool", "id": "bank/pay"},
            "context": {"mission": mission, "arguments": {"to": recipient, "amount": amount}},
        }


PAY = {
    "name": "pay",
    "description": "Pay money to a recipient",
    "schema": {
        "type": "object",
        "properties": {"to": {"type": "string"}, "amount": {"type": "number"}},
        "required": ["to", "amount"],
    },
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with remit_up(tmp_path_factory.mktemp("arap")) as running:
        yield House(running)
    assert "Traceback" not in running.log.read_text()


def denial_of(context: dict[str, Any]) -> dict[str, Any]:
    offer = context["access_request"]
    return {
        "evaluation_id": context["evaluation_id"],
        "expires_at": offer["expires_at"],
        "binding_token": offer["binding_token"],
    }


def test_a_client_that_knows_only_the_standard_gets_one_permit_and_people_see_what_they_allow(house: House) -> None:
    running, body = house.running, house.call(4500, "ACME\x1b[2J")
    with house.client(running.point) as point:
        metadata = point.get("/.well-known/authzen-configuration").json()
        evaluate = metadata["access_evaluation_endpoint"]
        denied = point.post(evaluate, json=body).json()
        assert denied["decision"] is False
        context = denied["context"]
        sent = {**body, "denial": denial_of(context)}
        accepted = point.post(metadata["access_request_endpoint"], json=sent, headers={"idempotency-key": "one"})
        assert accepted.status_code == 202
        task = accepted.json()["task"]

        id = context["access_request"]["id"]
        told = remit("approvals", "show", id, "--url", running.url, "--key", house.voters[0]).stdout
        assert f"{NEEDED} of {NEEDED}" in told
        assert "ACME\\u{1b}[2J" in told
        assert "\x1b" not in told
        for number, key in enumerate(house.voters[:NEEDED]):
            assert point.get(task["status_endpoint"]).json()["task"]["status"] == "pending"
            said = remit("approvals", "approve", id, "--url", running.url, "--key", key).stdout
            assert "approved so far by" in said
            assert f"o{number}" in said
        again = remit("approvals", "approve", id, "--url", running.url, "--key", house.voters[0], code=2)
        assert "approved already" in again.stderr

        done = point.get(task["status_endpoint"]).json()
        assert done["task"]["status"] == "approved"
        body["context"]["approval"] = done["result"]["approval"]
        assert [point.post(evaluate, json=body).json()["decision"] for _ in range(3)] == [True, False, False]


def test_two_hundred_votes_and_uses_at_once_make_one_permit_on_enough_votes(house: House) -> None:
    body = house.call(3000)
    with house.client(house.running.point) as point:
        context = point.post("/access/v1/evaluation", json=body).json()["context"]
    id = context["access_request"]["id"]
    use = {**body, "context": {**body["context"], "call_id": context["call_id"], "approval": id}}

    async def race() -> tuple[list[Any], list[Any]]:
        limits = httpx2.Limits(max_connections=50)
        async with httpx2.AsyncClient(base_url=house.running.url, limits=limits, timeout=120) as http:

            async def vote(number: int) -> Any:
                headers = {"authorization": f"Bearer {house.voters[number % OPERATORS]}"}
                return await http.post(f"/v1/approvals/{id}/answer", json={"state": "approved"}, headers=headers)

            async def permit(_: int) -> Any:
                headers = {"authorization": f"Bearer {house.running.point}"}
                return (await http.post("/access/v1/evaluation", json=use, headers=headers)).json()

            both = [one for number in range(100) for one in (vote(number), permit(number))]
            answers = await asyncio.gather(*both)
            after = await asyncio.gather(*(permit(number) for number in range(100)))
            return answers[::2], [*answers[1::2], *after]

    votes, uses = asyncio.run(race())
    assert Counter(vote.status_code for vote in votes) == {200: NEEDED, 409: len(votes) - NEEDED}
    assert sum(use["decision"] for use in uses) == 1
    with house.client(house.running.admin) as admin:
        record = admin.get(f"/v1/approvals/{id}").json()["approval"]
        assert record["state"] == "consumed"
        assert len(set(record["votes"])) == NEEDED
        story = admin.get(f"/v1/records/{id}").json()["entries"]
    assert [entry["kind"] for entry in story] == ["approval.voted"] * (NEEDED - 1) + ["approval.approved"]
