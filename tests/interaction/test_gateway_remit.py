"""The gateway of a whole Remit: default policies, store and log, in front of the demo's tool server."""

import asyncio
import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import mcp_types as types
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from remit.assembly import init, open_remit
from remit.assembly.http import bound, http_server
from remit.terms import ApprovalState, Credential, MissionState, Role

SECRET = "Bearer office-credential-77c1"
GOAL = "Read invoice-BW-2231.txt and pay 1480.00 EUR to GB29NWBK60161331926819 with reference BW-2231"
HONEST = {"recipient": "GB29NWBK60161331926819", "amount": 1480.0, "currency": "EUR", "reference": "BW-2231"}
INJECTED = {**HONEST, "recipient": "LT121000011101001000"}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "credential").write_text(SECRET)
    command = [sys.executable, "-m", "remit.demo.tools", "--db", str(tmp_path / "office.db")]
    command += ["--credential-file", str(tmp_path / "credential")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def told(result: types.CallToolResult) -> Any:
    return (result.meta or {}).get("remit/decision")


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_honest_work_passes_an_injected_payment_does_not_and_approval_lets_a_large_one_through(
    mode: str, office: str, tmp_path: Path
) -> None:
    made = init(tmp_path / "remit", port=0)
    with (tmp_path / "remit" / "remit.toml").open("a") as file:
        file.write(f'\n[upstreams.office]\nurl = "{office}"\ncredential_file = "{tmp_path}/credential"\n')

    def arrived() -> list[str]:
        with contextlib.closing(sqlite3.connect(tmp_path / "office.db")) as db:
            rows = db.execute("SELECT tool, arguments FROM call ORDER BY id")
            return [str(json.loads(arguments).get("recipient", tool)) for tool, arguments in rows]

    async def story() -> None:
        async with open_remit(tmp_path / "remit") as remit:
            admin = remit.authenticator.authenticate(Credential(scheme="bearer", value=made.admin_key))
            _, key = await remit.administration.agents.register(
                admin, "clerk", name="Clerk", owner="greta", category="office"
            )
            _, hers = await remit.administration.access.add_operator(
                admin, "olga", roles=(Role.APPROVER,), groups=("operators",)
            )
            olga = remit.authenticator.authenticate(Credential(scheme="bearer", value=hers))
            mission, _ = await remit.administration.missions.open(
                admin, agent="clerk", purpose="pay-bills", goal=GOAL, subject="user:greta"
            )
            with contextlib.closing(bound("127.0.0.1", 0)) as listener:
                port = listener.getsockname()[1]
                server = http_server(remit.app)
                task = await server.begin(listener)
                headers = {"authorization": f"Bearer {key}", "remit-mission": mission.id}
                async with (
                    httpx2.AsyncClient(headers=headers, trust_env=False, transport=_patient()) as http,
                    Client(
                        streamable_http_client(f"http://127.0.0.1:{port}/mcp/office", http_client=http),
                        mode=mode,
                        cache=None,
                    ) as client,
                ):
                    assert len((await client.list_tools()).tools) == 9
                    read = await client.call_tool("read_file", {"name": "invoice-BW-2231.txt"})
                    assert not read.is_error, read
                    assert not (await client.call_tool("read_mail", {"id": 3})).is_error
                    stopped = await client.call_tool("make_payment", INJECTED)
                    assert told(stopped)["outcome"] in ("deny", "ask")
                    asked = await client.call_tool("make_payment", HONEST)
                    assert told(asked)["outcome"] == "ask", asked
                    request = told(asked)["access_request"]["id"]
                    assert arrived() == ["read_file", "read_mail"]
                    await remit.administration.requests.answer(olga, request, ApprovalState.APPROVED)
                    paid = await client.call_tool("make_payment", HONEST)
                    assert not paid.is_error, paid
                    await remit.administration.missions.change(admin, mission.id, MissionState.REVOKED, "over")
                    late = await client.call_tool("read_file", {"name": "stock.csv"})
                    assert told(late)["outcome"] == "deny"
                server.stop()
                await asyncio.wait_for(task, 10)

    asyncio.run(story())
    assert arrived() == ["read_file", "read_mail", HONEST["recipient"]]


def _patient() -> httpx2.AsyncHTTPTransport:
    return httpx2.AsyncHTTPTransport(retries=5)
