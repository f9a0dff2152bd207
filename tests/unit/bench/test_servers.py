"""Servers of the benchmark: started on their core, described by the kernel, compared with what they must equal."""

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

import remit.assembly.http as http
import remit.bench.bare as bare
import remit.cli.serve as serve
from remit.bench import peers, rules
from remit.bench.clients import Seen
from remit.bench.figures import Figures
from remit.bench.house import right
from remit.bench.load import Load, Script, body_of
from remit.bench.processes import Cores, Machine, module, pinned, running
from remit.terms import Unavailable


def test_the_bare_server_is_the_server_of_remit_up() -> None:
    """Else the limit would be another server's."""
    for name in ("http_server", "new_event_loop"):
        assert vars(bare)[name] is vars(http)[name]
    assert vars(serve)["http_server"] is http.http_server


def test_the_bare_handler_reads_the_request_and_answers_what_it_was_given() -> None:
    sent: list[dict[str, Any]] = []
    parts = iter(
        [
            {"type": "http.request", "body": b'{"a":', "more_body": True},
            {"type": "http.request", "body": b"1}"},
        ]
    )

    async def receive() -> Any:
        return next(parts)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(bare.handler({"decision": True})({"type": "http"}, receive, send))
    assert (sent[0]["status"], sent[1]["body"]) == (200, b'{"decision":true}')
    broken = iter([{"type": "http.request", "body": b"{"}])

    async def half() -> Any:
        return next(broken)

    with pytest.raises(msgspec.DecodeError):
        asyncio.run(bare.handler({})({"type": "http"}, half, send))


def test_the_bare_handler_that_keeps_rows_answers_when_they_are_durable(tmp_path: Path) -> None:
    rows = bare.Rows(tmp_path / "rows.db", 1234)
    seen: list[int] = []

    async def ask() -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": b"{}"}

        async def send(message: Any) -> None:
            with contextlib.closing(sqlite3.connect(tmp_path / "rows.db")) as other:  # sees only what is committed
                seen.append(other.execute("SELECT count(*) FROM row WHERE length(body) = 1234").fetchone()[0])

        app = bare.handler({}, rows.keep)
        await asyncio.gather(*(app({"type": "http"}, receive, send) for _ in range(3)))
        await app({"type": "http"}, receive, send)

    asyncio.run(ask())
    assert seen == [3] * 6 + [4] * 2


def test_a_server_runs_on_its_core_and_is_gone_afterwards(tmp_path: Path) -> None:
    answer = tmp_path / "answer.json"
    answer.write_text('{"decision":true}')
    cores = Cores.here()
    before = os.sched_getaffinity(0)

    def asking() -> Script:
        for _ in range(200):
            yield b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 7\r\n\r\n" + b'{"a":1}'

    with running(module("remit.bench.bare", str(answer)), tmp_path / "log", cores.server, ready=bare.READY) as server:
        assert os.sched_getaffinity(server.process.pid) == {cores.server}
        assert os.sched_getaffinity(0) == before
        run = Load(server.address, [asking()]).closed(30, probe=server.cpu)
        assert run.statuses == {b"200": 200}
        assert run.after >= run.before > 0
        now, most = server.memory()
        assert 5 < now <= most
        assert 0 < server.started_in < 60
    assert server.process.returncode is not None


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such thing as a free port')"]
    with (
        pytest.raises(Unavailable, match="no such thing as a free port"),
        running(command, tmp_path / "log", 0, ready="ready"),
    ):
        pass
    with (
        pytest.raises(Unavailable, match="no such thing as a free port"),
        running(command, tmp_path / "log", 0, port=1),
    ):
        pass


def test_pinning_ends_with_its_block() -> None:
    before = os.sched_getaffinity(0)
    with pinned(min(before)):
        assert os.sched_getaffinity(0) == {min(before)}
    assert os.sched_getaffinity(0) == before


def test_what_others_do_on_the_machine_is_told_apart_from_ours() -> None:
    before = Machine(time=10.0, busy=100.0, stalled=1.0)
    after = Machine(time=20.0, busy=115.0, stalled=1.5)
    assert after.others(before, 12.0) == (0.3, 0.05)
    assert after.others(before, 16.0) == (0.0, 0.05), "ticks are coarse: never less than nothing"
    now = Machine.now()
    assert now.busy > 0
    assert now.stalled >= 0


# Peers.
def test_a_peer_that_is_not_there_is_named_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for peer in peers.PEERS:
        assert "--install" in (peers.present(peer, install=False) or "")
    assert "--install" in (peers.in_process("agt", 0, 0.1, install=False).reason or "")
    monkeypatch.setenv("PATH", str(tmp_path))
    for peer in peers.PEERS:
        assert "there is no `" in (peers.present(peer, install=True) or "")


def test_an_installation_that_fails_is_a_reason_and_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tool = tmp_path / "npm"
    tool.write_text("#!/bin/sh\necho 'no network' >&2\nexit 1\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert peers.present(peers.PEERS[0], install=True) == "its installation failed: no network"


def test_a_peer_whose_answers_are_wrong_is_not_timed(tmp_path: Path) -> None:
    """One that permits everything would be the fastest of all."""
    answer = tmp_path / "answer.json"
    answer.write_text('{"result":{"allow":true}}')
    opa = next(peer for peer in peers.PEERS if peer.name == "opa")
    with (
        running(module("remit.bench.bare", str(answer)), tmp_path / "log", 0, ready=bare.READY) as server,
        pytest.raises(Unavailable, match="opa answers otherwise than expected"),
    ):
        peers.check(server.address, opa)


def test_a_library_in_process_is_timed_only_when_its_decisions_are_right(tmp_path: Path) -> None:
    """With a stand-in for the library, so that nothing has to be installed."""
    package = tmp_path / "agentmesh" / "governance"
    package.mkdir(parents=True)
    for place in (package, package.parent):
        (place / "__init__.py").touch()
    (package / "policy.py").write_text(_AGT)
    script = Path(peers.__file__).with_name("in_process.py")
    told = {}
    for wrong in ("", "1"):
        workload = {"facts": [], "table": [], "conditions": [], "cases": rules.rows()}
        done = subprocess.run(
            [sys.executable, str(script), "agt", "0.05"],
            input=msgspec.json.encode(workload).decode(),
            env={**os.environ, "PYTHONPATH": str(tmp_path), "WRONG": wrong},
            capture_output=True,
            text=True,
            check=True,
        )
        told[wrong] = msgspec.json.decode(done.stdout)
    assert told[""]["decisions_per_s"] > 0
    assert "otherwise than expected" in told["1"]["reason"]


_AGT = """
import os
BAD = {"quarantined", "suspended", "no", "missing", "exceeded", "instruction", "outsider", "leaks"}
class Policy:
    def __init__(self, **given): pass
class PolicyEngine:
    def __init__(self, **given): pass
    def load_policy(self, policy): pass
    def evaluate(self, agent, context):
        self.allowed = bool(os.environ["WRONG"]) or not BAD & set(context.values())
        return self
"""


def test_a_run_without_decisions_is_refused() -> None:
    """A benchmark of errors would be the fastest of all."""
    load = Load(("127.0.0.1", 1), [])
    run = load._run
    run.statuses[b"503"] += 1
    with pytest.raises(Unavailable, match="expected decisions"):
        right(run, Seen(permit=1))
    run.statuses.clear()
    run.statuses[b"200"] += 1
    with pytest.raises(Unavailable, match="expected decisions"):
        right(run, Seen(deny=1))
    assert right(run, Seen(permit=1)) is run


def test_the_answer_of_the_bare_server_has_the_size_of_ours() -> None:
    answer = b"HTTP/1.1 200 OK\r\n\r\n" + msgspec.json.encode({"decision": True, "context": {"id": "d"}})
    assert body_of(answer).startswith(b'{"decision"')
    assert Figures(decisions_per_s=1.0, bare_per_s=2.0).peers == {}
