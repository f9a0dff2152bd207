"""Commands against a running server: one call is asked for, approved by a person, explained and taken back."""

import json
import re
import select
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
from tests.interaction.cli_process import REMIT, environment, remit, remit_here, remit_json, remit_up

from remit.assembly import init

HOSTILE = "\x1b]0;pwned\x07\u202e[bold]permit[/] \x1b[2J"
TOOLS = [
    {
        "name": "pay",
        "description": "Send money to somebody",
        "inputSchema": {
            "type": "object",
            "properties": {"recipient": {"type": "string"}, "amount": {"type": "number"}},
            "required": ["recipient", "amount"],
        },
    },
    {"name": "note", "description": f"Write a note. {HOSTILE}", "inputSchema": {"type": "object"}},
]


class World(NamedTuple):
    directory: Path
    url: str
    admin: str
    point: str

    def remit(self, *arguments: str, code: int = 0, key: str = "") -> str:
        return remit_here(*arguments, "--dir", str(self.directory), code=code, REMIT_KEY=key or self.admin)

    def json(self, *arguments: str) -> Any:
        return json.loads(self.remit(*arguments, "--json"))

    def decide(self, mission: str, call: str, arguments: dict[str, Any], approval: str | None = None) -> Any:
        context = {"mission": mission, "call_id": call, "arguments": arguments}
        body = {
            "subject": {"type": "agent", "id": "clerk"},
            "action": {"name": "pay"},
            "resource": {"type": "tool", "id": "bank/pay"},
            "context": context if approval is None else {**context, "approval": approval},
        }
        answer = httpx2.post(
            f"{self.url}/access/v1/evaluation", json=body, headers={"authorization": f"Bearer {self.point}"}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = init(tmp_path_factory.mktemp("served") / "remit.d")
    with remit_up(Path(made.directory)) as server:
        yield World(Path(made.directory), server.url, made.admin_key, made.point_key)
        assert server.stop() == 0
        assert "Traceback" not in server.log.read_text()


def test_a_payment_asks_is_approved_by_command_passes_once_and_is_explained(world: World, tmp_path: Path) -> None:
    listed = tmp_path / "tools.json"
    listed.write_text(json.dumps({"tools": TOOLS}))
    world.remit("agents", "register", "clerk", "--owner", "greta")
    registered = world.remit("tools", "register", str(listed), "--server", "bank")
    assert "transfer" in registered
    goal = f"Pay 1480 EUR to GB29NWBK60161331926819 {HOSTILE}"
    opened = world.json("missions", "open", "--agent", "clerk", "--purpose", "pay-bills", "--goal", goal)
    mission = opened["mission"]["id"]
    honest = {"recipient": "GB29NWBK60161331926819", "amount": 1480}

    asked = world.decide(mission, "c1", honest)
    assert asked["context"]["outcome"] == "ask", asked
    (waiting,) = world.json("approvals", "list")["approvals"]
    assert waiting["id"] in world.remit("approvals", "list")
    assert waiting["decision"] in world.remit("approvals", "show", waiting["id"])
    world.remit("approvals", "approve", waiting["id"], code=2)  # who opened the mission does not approve
    assert f"remit approvals approve {waiting['id']}" in world.remit("why", waiting["decision"])
    olga = world.json("operators", "add", "olga", "--role", "approver", "--group", "operators")["key"]
    assert "approved" in world.remit("approvals", "approve", waiting["id"], "--cause", "seen the invoice", key=olga)
    permitted = world.decide(mission, "c1", honest, waiting["id"])
    assert permitted["decision"] is True, permitted

    why = world.remit("why", waiting["decision"])
    assert "amount-asks" in why
    assert "default.cedar:" in why
    assert "GB29NWBK60161331926819" in why
    assert f"request {waiting['id']} is consumed" in why  # a way that is closed is not shown
    for shown in (why, world.remit("missions", "show", mission), world.remit("tools", "inspect", "bank/note")):
        assert not {"\x1b", "\x07", "\u202e"} & set(shown)
    assert "[bold]permit[/]" in world.remit("missions", "show", mission)

    injected = world.decide(mission, "c2", {"recipient": "LT121000011101001000", "amount": 1480})
    assert injected["decision"] is False
    world.remit("missions", "revoke", mission, "--cause", "done")
    revoked = world.decide(mission, "c3", honest)
    assert revoked["decision"] is False
    assert "revoked" in world.remit("missions", "list", "--state", "revoked")
    told = world.remit("why", revoked["context"]["id"])
    assert "deny" in told

    listed_now = world.remit("decisions").splitlines()
    made = [asked, permitted, injected, revoked]
    assert [re.findall(r"d_\w+", line) for line in listed_now[: len(made)]] == [[one["context"]["id"]] for one in made]
    assert waiting["id"] in listed_now[0]
    (newest,) = world.json("decisions", "--effect", "deny", "--last", "1", "--mission", mission)["decisions"]
    assert newest["id"] == revoked["context"]["id"]
    assert "no such decision" in world.remit("decisions", "--agent", "nobody")


def test_decisions_are_watched_as_they_are_made(world: World) -> None:
    arguments = ("decisions", "--follow", "--json", "--last", "0", "--dir", str(world.directory))
    watching = subprocess.Popen(
        [str(REMIT), *arguments], env=environment(REMIT_KEY=world.admin), stdout=subprocess.PIPE, text=True
    )
    try:
        assert watching.stdout is not None
        made: list[str] = []
        while not made or not select.select([watching.stdout], [], [], 0.5)[0]:  # until it looks, and has seen one
            made.append(world.decide("m_nothing", f"w{len(made)}", {})["context"]["id"])
            assert len(made) < 100, "nothing was shown"
        seen = json.loads(watching.stdout.readline())
        assert seen["id"] in made
        assert seen["facts"]["effect"] == "deny"
        watching.send_signal(signal.SIGINT)
        assert watching.wait(10) == 130
    finally:
        watching.kill()
        watching.wait()
        assert watching.stdout is not None
        watching.stdout.close()


def test_what_is_not_there_is_said_with_where_to_look(world: World) -> None:
    for command, wanted in (
        (("why", "d_9"), "`remit decisions`"),
        (("instances", "list", "nobody"), "`remit agents list`"),
        (("missions", "show", "m_9"), "`remit missions list`"),
    ):
        refused = remit(*command, "--dir", str(world.directory), code=2, REMIT_KEY=world.admin)
        assert wanted in refused.stderr


def test_without_a_key_a_command_says_how_to_pass_one(world: World) -> None:
    refused = remit("agents", "list", "--dir", str(world.directory), code=2)
    assert "--key" in refused.stderr
    assert "REMIT_KEY" in refused.stderr
    status = remit("status", "--dir", str(world.directory))
    assert world.url in status.stdout
    assert "ready" in status.stdout


def test_a_wrong_key_and_a_key_that_may_not_are_refused(world: World) -> None:
    wrong = remit("agents", "list", "--dir", str(world.directory), "--key", "remit_0123456789abcdef_x", code=2)
    assert "Bearer" in wrong.stderr or "not valid" in wrong.stderr
    point = remit("agents", "list", "--dir", str(world.directory), code=2, REMIT_KEY=world.point)
    assert "operator" in point.stderr


def test_the_same_commands_work_over_an_address(world: World) -> None:
    value = remit_json("status", "--url", world.url, REMIT_KEY=world.admin)
    assert value["healthy"] is True
    assert value["running"] is True


def test_keys_operators_and_points_are_managed_by_command(world: World) -> None:
    added = world.json("operators", "add", "bob", "--role", "viewer", "--group", "finance")
    point = world.remit("points", "add", "proxy", "--server", "bank")
    assert re.search(r"remit_[0-9a-f]{16}_\S{43}\n", point)  # in one piece, to be copied
    assert "bob" in world.remit("operators", "list")
    assert "proxy" in world.remit("points", "list")
    assert "bot" not in remit("agents", "list", "--dir", str(world.directory), REMIT_KEY=added["key"]).stdout
    key = next(one for one in world.json("keys", "list")["keys"] if one["holder"] == "bob")
    world.remit("keys", "revoke", key["id"])
    remit("agents", "list", "--dir", str(world.directory), code=2, REMIT_KEY=added["key"])


def test_policies_that_cannot_work_are_refused_and_the_active_ones_stay(world: World) -> None:
    before = world.json("policy", "list")["version"]
    broken = world.directory / "policies" / "broken.cedar"
    broken.write_text("permit (principal, action")
    refused = remit("policy", "reload", "--dir", str(world.directory), code=2, REMIT_KEY=world.admin)
    assert "broken.cedar:1" in refused.stderr
    broken.unlink()
    assert world.json("policy", "list")["version"] == before
    assert before in world.remit("policy", "reload")
