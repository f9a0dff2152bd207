"""What is revoked while an MCP request's body is still arriving carries nothing out: the upstream never hears of it."""

import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.interaction.late_body import Late, World, serving

SECRET = "Bearer office-credential-77c1"
HEADERS = {
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "read_file",
}


class Office:
    """A server with the demo's tool server behind its gateway."""

    def __init__(self, world: World, database: Path) -> None:
        self.world = world
        self._database = database

    def arrived(self) -> int:
        """How many calls the upstream has seen."""
        with contextlib.closing(sqlite3.connect(self._database)) as db:
            return int(db.execute("SELECT count(*) FROM call").fetchone()[0])

    def late(self, key: str, mission: str) -> Late:
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        params = {"name": "read_file", "arguments": {"name": "stock.csv"}, "_meta": meta}
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        headers = {**HEADERS, "remit-mission": mission}
        return Late(self.world.port, "/mcp/office", key, json.dumps(call).encode(), headers)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    where = tmp_path_factory.mktemp("late")
    (where / "credential").write_text(SECRET)
    command = [sys.executable, "-m", "remit.demo.tools", "--db", str(where / "office.db")]
    command += ["--credential-file", str(where / "credential")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        config = f'\n[upstreams.office]\nurl = "{url}"\ncredential_file = "{where}/credential"\n'
        try:
            with serving(where, config) as world:
                yield Office(world, where / "office.db")
        finally:
            process.send_signal(signal.SIGTERM)


def test_a_call_whose_body_comes_late_is_carried_out_while_nothing_was_revoked(office: Office) -> None:
    agent, key = office.world.holder("agent")
    before = office.arrived()
    with office.late(key, office.world.mission(agent, "Read stock.csv")) as request:
        assert office.arrived() == before
        status, answer = request.finish()
    assert (status, answer["result"].get("isError", False)) == (200, False), answer
    assert office.arrived() == before + 1


@pytest.mark.parametrize("what", ["key", "agent"])
def test_an_agent_or_key_that_ends_while_the_body_arrives_is_turned_away(office: Office, what: str) -> None:
    agent, key = office.world.holder("agent")
    before = office.arrived()
    with office.late(key, office.world.mission(agent, "Read stock.csv")) as request:
        id = key.split("_")[1] if what == "key" else agent
        office.world.post("/v1/revoke", {"kind": what, "id": id, "cause": "test"})
        written = len(office.world.entries())
        status, answer = request.finish()
    assert (status, "error" in answer) == (401, True)
    assert len(office.world.entries()) == written
    assert office.arrived() == before


@pytest.mark.parametrize("what", ["agent", "mission", "tenant", "tool"])
def test_what_is_stopped_while_the_body_arrives_is_denied_with_the_reason(office: Office, what: str) -> None:
    agent, key = office.world.holder("agent")
    mission = office.world.mission(agent, "Read stock.csv")
    ids = {"agent": agent, "mission": mission, "tenant": "", "tool": "office/read_file"}
    stop = {"kind": what, "id": ids[what], "cause": "test", "quarantine": what == "agent"}
    before = office.arrived()
    try:
        with office.late(key, mission) as request:
            office.world.post("/v1/revoke", stop)
            status, answer = request.finish()
    finally:
        if what == "tenant":
            office.world.post("/v1/resume", {"kind": "tenant", "cause": "test"}, office.world.second)
        if what == "tool":
            office.world.post("/v1/tools/state", {"id": "office/read_file", "state": "active", "cause": "test"})
    assert status == 200
    if what == "tool":  # it is not listed any more either
        assert "error" in answer or answer["result"]["isError"]
    else:
        assert answer["result"]["isError"] is True
        assert answer["result"]["_meta"]["remit/decision"]["outcome"] == "deny"
    assert office.arrived() == before
