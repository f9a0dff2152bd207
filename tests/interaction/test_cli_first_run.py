"""A newcomer's first minutes, and how a server starts, stops, dies and comes back."""

import contextlib
import json
import re
import signal
import socket
from pathlib import Path

import httpx2
import pytest
from tests.interaction.cli_process import Server, remit, remit_json, remit_up

from remit.assembly import InitResult, init
from remit.audit import verify
from remit.storage import holder, read_only


@pytest.fixture
def made(tmp_path: Path) -> InitResult:
    return init(tmp_path / "remit.d")


def test_a_newcomer_follows_the_printed_steps_and_gets_a_mission(tmp_path: Path) -> None:
    story = remit("init", cwd=tmp_path).stdout
    key = re.findall(r"export REMIT_KEY=(remit_\S+)", story)[0]
    assert (tmp_path / "remit.d" / "remit.toml").is_file()
    secret = key.split("_", 2)[2].encode()
    assert not [path for path in (tmp_path / "remit.d").rglob("*") if path.is_file() and secret in path.read_bytes()]
    with remit_up(tmp_path / "remit.d") as server:
        assert "ready" in remit("status", cwd=tmp_path, REMIT_KEY=key).stdout
        register, open_mission = re.findall(r"^  remit ((?:agents|missions) .*)$", story, re.MULTILINE)
        assert "remit_" in remit(*register.split(), cwd=tmp_path, REMIT_KEY=key).stdout
        words = [word.strip('"') for word in re.findall(r'"[^"]+"|\S+', open_mission)]
        shown = remit(*words, cwd=tmp_path, REMIT_KEY=key).stdout
        assert "Summarise my inbox" in shown
        assert server.stop() == 0
    again = remit("init", cwd=tmp_path, code=2)
    assert "exists already" in again.stderr
    assert key not in again.stdout + again.stderr


def test_one_server_holds_a_directory_and_sigterm_leaves_nothing_of_it_behind(made: InitResult) -> None:
    directory = Path(made.directory)
    with remit_up(directory) as server:
        held = holder(directory)
        assert held is not None
        assert (held.pid, held.address) == (server.process.pid, server.url)
        refused = remit("up", str(directory), "--port", "0", code=3)
        assert f"process {server.process.pid} at {server.url}" in refused.stderr
        assert httpx2.get(f"{server.url}/health").status_code == 200
        assert server.stop(signal.SIGTERM) == 0
    assert holder(directory) is None
    assert not list(directory.glob("*-wal"))
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", server.port), timeout=30)
    events = [json.loads(line)["event"] for line in server.log.read_text().splitlines()]
    assert events[-2:] == ["stopping", "stopped"]
    with contextlib.closing(read_only(directory / "remit.db")) as rows:
        report = verify(directory, remit("audit", "key", str(directory)).stdout, rows=rows)
    assert report.ok
    assert report.pending == 0  # the last checkpoint covers every entry


def test_a_killed_server_comes_back_with_all_it_had_acknowledged(made: InitResult) -> None:
    directory = Path(made.directory)
    with remit_up(directory) as server:
        remit("agents", "register", "bot", "--owner", "greta", "--dir", str(directory), REMIT_KEY=made.admin_key)
        server.stop(signal.SIGKILL)
    with remit_up(directory) as server:
        shown = remit_json("agents", "show", "bot", "--dir", str(directory), REMIT_KEY=made.admin_key)
        assert shown["agent"]["state"] == "active"
        assert server.stop(signal.SIGINT) == 0


def test_a_decision_in_flight_is_answered_before_the_server_ends(made: InitResult) -> None:
    request = {
        "subject": {"type": "agent", "id": "bot"},
        "action": {"name": "send"},
        "resource": {"type": "tool", "id": "mail/send"},
    }
    body = json.dumps(request).encode()
    with remit_up(Path(made.directory)) as server, httpx2.Client(base_url=server.url) as idle:
        assert idle.get("/health").status_code == 200  # its connection stays open, and must not hold the server up
        with _begun(server, made.point_key, body[:10], len(body)) as connection:
            server.process.send_signal(signal.SIGTERM)
            _wait_until_refused(server.port)
            connection.sendall(body[10:])
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200"), answer
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["decision"] is False
        assert server.process.wait(30) == 0


def test_a_second_signal_does_not_wait_for_a_client_that_never_finishes(made: InitResult) -> None:
    with remit_up(Path(made.directory)) as server, _begun(server, made.point_key, b"{", 100):
        server.process.send_signal(signal.SIGTERM)
        _wait_until_refused(server.port)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(10) == 0  # well below the time that a first signal grants
        assert "calls.cut_off" in server.log.read_text()


def _begun(server: Server, key: str, part: bytes, length: int) -> socket.socket:
    """A connection with a decision request whose body has not all come."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    lines = (
        "POST /access/v1/evaluation HTTP/1.1",
        "host: remit",
        "connection: close",
        "content-type: application/json",
        f"content-length: {length}",
        f"authorization: Bearer {key}",
        "expect: 100-continue",  # the server answers this when the application has begun to read
        "",
        "",
    )
    connection.sendall("\r\n".join(lines).encode())
    assert b"100" in connection.recv(100)
    connection.sendall(part)
    return connection


def _wait_until_refused(port: int) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            socket.create_connection(("127.0.0.1", port), timeout=30).close()
