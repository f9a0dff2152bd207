"""A real MCP client calls a real MCP server through the gateway, over sockets, in both protocol versions."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.shared.exceptions import MCPError
from tests.interaction.gateway_mcp import (
    MODES,
    PAYMENT,
    SECRET,
    House,
    Office,
    agent,
    body,
    gateway,
    head,
    said,
    text,
    told,
)

from remit.terms import (
    Effect,
    OutcomeStatus,
    Unavailable,
)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    tmp = tmp_path_factory.mktemp("office")
    (tmp / "credential").write_text(f"Bearer {SECRET}")
    command = [sys.executable, "-m", "remit.demo.tools", "--port", "0", "--db", str(tmp / "db")]
    command += ["--credential-file", str(tmp / "credential")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:"), line
        yield Office(line.split()[-1], tmp / "db")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.parametrize("mode", MODES)
def test_a_permitted_call_arrives_once_and_its_result_comes_back_identical(
    mode: str, office: Office, tmp_path: Path
) -> None:
    async def story() -> None:
        house = House()
        async with gateway(house, tmp_path, {"office": office.url}) as url, agent(f"{url}/office", mode) as client:
            before = len(office.arrived())
            through = await client.call_tool("read_mail", {"id": 3})
            assert office.arrived()[before:] == [("read_mail", {"id": 3})]
        async with agent(office.url, mode, key=SECRET) as direct:
            assert through.model_dump() == (await direct.call_tool("read_mail", {"id": 3})).model_dump()
        (outcome,) = house.outcomes
        assert (outcome.decision, outcome.status) == ("d1", OutcomeStatus.SUCCEEDED)
        assert "settle BW-2231" in (outcome.content or "")

    asyncio.run(story())


@pytest.mark.parametrize("mode", MODES)
def test_tools_are_listed_as_the_upstream_lists_them(mode: str, office: Office, tmp_path: Path) -> None:
    async def story() -> None:
        house = House()
        async with gateway(house, tmp_path, {"office": office.url}) as url, agent(f"{url}/office", mode) as client:
            through = (await client.list_tools()).tools
        async with agent(office.url, mode, key=SECRET) as direct:
            there = (await direct.list_tools()).tools
        assert [tool.model_dump() for tool in through] == [
            tool.model_dump() for tool in sorted(there, key=lambda tool: tool.name)
        ]

    asyncio.run(story())


@pytest.mark.parametrize("mode", MODES)
def test_a_denied_call_never_arrives_and_the_model_is_told_why(mode: str, office: Office, tmp_path: Path) -> None:
    async def story() -> None:
        house = House()
        house.rules["make_payment"] = Effect.DENY
        async with gateway(house, tmp_path, {"office": office.url}) as url, agent(f"{url}/office", mode) as client:
            before = office.arrived()
            hidden = await client.call_tool("make_payment", PAYMENT)
            house.disclose = True
            disclosed = await client.call_tool("make_payment", PAYMENT)
            assert office.arrived() == before
        assert hidden.is_error
        assert told(hidden)["outcome"] == "deny"
        assert told(hidden)["reasons"][0]["code"] == "no-money-to-strangers"
        assert "remedy" not in told(hidden)
        assert "IBAN of the invoice" not in text(hidden)
        assert "argument recipient (line 3)" in text(hidden)
        assert "rate is fine" not in text(hidden)
        assert "pay LT12" not in hidden.model_dump_json()
        assert told(disclosed)["remedy"] == {"message": "pay the IBAN of the invoice"}
        assert hidden.structured_content is None  # the tool declares an output schema, which clients check against
        assert house.outcomes == []

    asyncio.run(story())


@pytest.mark.parametrize("mode", MODES)
def test_a_client_that_calls_again_after_approval_is_let_through_once(
    mode: str, office: Office, tmp_path: Path
) -> None:
    async def story() -> None:
        house = House()
        house.rules["make_payment"] = Effect.ASK
        async with gateway(house, tmp_path, {"office": office.url}) as url, agent(f"{url}/office", mode) as client:
            before = office.payments()
            first = await client.call_tool("make_payment", PAYMENT)
            again = await client.call_tool("make_payment", PAYMENT)
            assert told(first)["access_request"] == {"id": "a1", "state": "pending"}
            assert told(again) == told(first)
            assert len(house.requests) == 1  # no second request to the same person
            assert office.payments() == before
            house.approve("a1")
            other = await client.call_tool("make_payment", {**PAYMENT, "amount": 1480.5})
            assert told(other)["access_request"]["id"] == "a2"
            assert office.payments() == before
            done = await client.call_tool("make_payment", PAYMENT)
            assert not done.is_error
            assert office.payments() == before + 1
            later = await client.call_tool("make_payment", PAYMENT)
            assert told(later)["access_request"]["id"] == "a4"
            assert office.payments() == before + 1
        assert "waiting for approval a1; call again with the same arguments after approval" in text(first)
        assert house.requests[2].call_id == house.requests[0].call_id
        assert house.requests[3].call_id != house.requests[0].call_id

    asyncio.run(story())


@pytest.mark.parametrize("mode", MODES)
def test_mission_and_instance_come_from_headers_or_meta_and_must_agree(
    mode: str, office: Office, tmp_path: Path
) -> None:
    async def story() -> None:
        house = House()
        async with (
            gateway(house, tmp_path, {"office": office.url}) as url,
            agent(f"{url}/office", mode, **{"remit-mission": "m-1", "remit-instance": "i-1"}) as client,
        ):
            await client.call_tool("get_balance", {})
            with pytest.raises(MCPError, match="to agree"):
                await client.call_tool("get_balance", {}, meta=said("m-2"))
            async with agent(f"{url}/office", mode) as client:
                meta: Any = {"remit/mission": "m-3", "remit/instance": "i-3", "remit/call_id": "c-3"}
                await client.call_tool("get_balance", {}, meta=meta)
                await client.call_tool("get_balance", {})
                for hostile in (["x"], "a b", "\x1b[2J", ""):
                    with pytest.raises(MCPError, match="letters, digits"):
                        await client.call_tool("get_balance", {}, meta=said(hostile))
        named = [(request.mission, request.instance) for request in house.requests]
        assert named[:2] == [("m-1", "i-1"), ("m-3", "i-3")]
        assert house.requests[1].call_id == "c-3"
        mission, instance = named[2]
        assert mission is None
        assert instance is None  # the path knows the mission's
        request = house.requests[0]
        assert (request.subject_type, request.subject_id, request.action) == ("agent", "clerk", "get_balance")
        assert (request.resource_type, request.resource_id) == ("tool", "office/get_balance")

    asyncio.run(story())


CALL = body({"name": "get_balance", "arguments": {"n": 1}})


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (CALL.replace(b'"n": 1', b'"n": 1, "n": 2'), 400, -32700),
        (CALL.replace(b'"arguments"', b'"name": "make_payment", "arguments"'), 400, -32700),
        (CALL.replace(b'"n": 1', b'"n": 9007199254740993'), 400, -32700),
        (CALL.replace(b'"n": 1', b'"n": "\\ud800"'), 400, -32700),
        (CALL.replace(b'"n": 1', b'"n": ' + b"[" * 5000 + b"]" * 5000), 400, -32700),
        (CALL.replace(b'"n": 1', b'"n": NaN'), 400, -32700),
        (b"\xff\xfe", 400, -32700),
        (b"", 400, -32700),
        (b"[" + CALL + b"]", 400, -32600),
        (CALL.replace(b'"n": 1', b'"n": "' + b"x" * 4_200_000 + b'"'), 413, -32600),
    ],
    ids=["twice", "two-names", "big", "surrogate", "deep", "nan", "utf16", "empty", "batch", "huge"],
)
def test_a_body_without_one_meaning_is_refused_before_anything_is_judged(
    content: bytes, status: int, code: int, office: Office, tmp_path: Path
) -> None:
    async def story() -> None:
        house = House()
        async with gateway(house, tmp_path, {"office": office.url}) as url, httpx2.AsyncClient(trust_env=False) as http:
            before = office.arrived()
            answer = await http.post(f"{url}/office", content=content, headers=head())
            assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
            assert (house.requests, office.arrived()) == ([], before)

    asyncio.run(story())


def test_who_may_come_in_and_what_they_may_ask(office: Office, tmp_path: Path) -> None:
    async def story() -> None:
        house = House()
        async with gateway(house, tmp_path, {"office": office.url}) as url, httpx2.AsyncClient(trust_env=False) as http:

            async def post(content: bytes, headers: dict[str, str], server: str = "office") -> httpx2.Response:
                return await http.post(f"{url}/{server}", content=content, headers=headers)

            for key, challenge in ((None, "Bearer"), ("Bearer key-op", 'Bearer error="invalid_token"')):
                headers = {**head(), "authorization": key} if key else {k: v for k, v in head().items() if k[0] != "a"}
                answer = await post(body({}, "tools/list"), headers)
                assert (answer.status_code, answer.headers["www-authenticate"]) == (401, challenge)
            assert (await post(CALL, {**head(), "authorization": "Basic a2V5LWE="})).status_code == 401
            assert (await post(CALL, head(), "nowhere")).status_code == 404
            assert (await post(CALL, head(), "office/x")).status_code == 404
            assert (await post(CALL, {**head(), "host": "evil.example"})).status_code == 421
            assert (await post(CALL, {**head(), "origin": "https://evil.example"})).status_code == 403
            mismatch = await post(CALL, head(name="make_payment"))
            assert (mismatch.status_code, mismatch.json()["error"]["code"]) == (400, -32020)
            for method in ("resources/read", "prompts/get", "completion/complete", "subscriptions/listen", "made/up"):
                params = {"uri": "file:///x", "name": "x", "notifications": {}}
                params |= {"ref": {"type": "ref/prompt", "name": "x"}, "argument": {"name": "x", "value": ""}}
                answer = await post(
                    body(params, method), head(name="file:///x" if "read" in method else "x", method=method)
                )
                assert answer.json()["error"]["code"] == -32601, method
            async with agent(f"{url}/office", "legacy") as client:
                capabilities = client.server_capabilities.model_dump(exclude_none=True)
                assert set(capabilities) == {"tools"}
        assert house.requests == []

    asyncio.run(story())


def test_a_session_answers_only_the_agent_that_opened_it(office: Office, tmp_path: Path) -> None:
    async def story() -> None:
        house = House()
        start = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": {"name": "t", "version": "1"},
            },
        }
        headers = {k: v for k, v in head().items() if not k.startswith("mcp-")}
        async with gateway(house, tmp_path, {"office": office.url}) as url, httpx2.AsyncClient(trust_env=False) as http:
            opened = await http.post(f"{url}/office", json=start, headers=headers)
            session = {"mcp-session-id": opened.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
            stolen = {**headers, **session, "authorization": "Bearer key-b"}
            listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
            assert (await http.post(f"{url}/office", json=listing, headers=stolen)).status_code == 404
            assert (await http.post(f"{url}/office", json=listing, headers=headers | session)).status_code == 200

    asyncio.run(story())


def test_an_error_in_the_path_is_told_and_nothing_is_called(office: Office, tmp_path: Path) -> None:
    async def story() -> None:
        house = House()
        async with gateway(house, tmp_path, {"office": office.url}) as url:
            for mode in MODES:
                async with agent(f"{url}/office", mode) as client:
                    before = office.arrived()
                    house.broken = RuntimeError("internal detail")
                    with pytest.raises(MCPError, match="could not be judged") as caught:
                        await client.call_tool("get_balance", {})
                    assert "internal detail" not in str(caught.value.error)
                    house.broken = Unavailable("the store is locked")
                    with pytest.raises(MCPError, match="the store is locked"):
                        await client.call_tool("get_balance", {})
                    assert office.arrived() == before

    asyncio.run(story())


def test_a_result_that_cannot_be_recorded_is_withheld(office: Office, tmp_path: Path) -> None:
    async def story() -> None:
        house = House()
        house.unable_to_record = Unavailable("the disk is full")
        async with gateway(house, tmp_path, {"office": office.url}) as url, agent(f"{url}/office") as client:
            result = await client.call_tool("read_file", {"name": "payroll-july.csv"})
        assert result.is_error
        assert "withheld" in text(result)
        assert "4310" not in result.model_dump_json()

    asyncio.run(story())
