"""Peers over HTTP: general decision points with an equivalent of our hundred policies, ten of which apply.

They are asked the same question with the facts already found: they look nothing up, compute no findings, authenticate
nobody and record nothing, which Remit does in the same time. Their answers are checked before they are timed.

Installed into a cache outside of any checkout, by the ordinary clients (`npm`, `go`, `pip`), in fixed versions. What
cannot be installed is named with the reason.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from remit.bench import rules
from remit.bench.figures import PeerFigures
from remit.bench.load import Address, Load, Script, body_of
from remit.bench.processes import Server, free_port, pinned, running
from remit.terms import Unavailable

CERBOS = "@cerbos/cerbos-linux-x64@0.55.0"
OPA = "github.com/open-policy-agent/opa@v1.22.2"
PYTHON = ("pycasbin==2.8.0", "agent-governance-toolkit-core==5.0.0", "tenuo==0.3.3")
_LONG = 1200.0  # seconds that an installation may take
_CHECKED = 40  # answers that are compared before anything is timed


def cache() -> Path:
    """Where peers are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "remit-bench"


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """A decision point that can be driven over HTTP."""

    name: str
    program: Callable[[Path], Path]  # where it lies in the cache
    install: Callable[[Path], list[str]]
    start: Callable[[Path, Path, int], AbstractContextManager[Server]]  # program, directory, core
    ask: Callable[[rules.Case], bytes]  # the whole request
    permit: bytes  # what an answer holds only when the call is permitted


def present(peer: Peer, *, install: bool, timeout: float = _LONG) -> str | None:
    """None when the peer can be started, else why not."""
    program = peer.program(cache())
    if program.exists():
        return None
    command = peer.install(cache())
    tool = shutil.which(command[0])
    if not install:
        return "not installed: `remit bench --install` installs it"
    if tool is None:
        return f"not installed: there is no `{command[0]}` on this machine"
    return _installed([tool, *command[1:]], program, timeout)


def _installed(command: Sequence[str], program: Path, timeout: float) -> str | None:
    environment = {**os.environ, "GOBIN": str(cache() / "opa"), "CGO_ENABLED": "0"}
    cache().mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            list(command), env=environment, cwd=cache(), capture_output=True, text=True, timeout=timeout, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"its installation failed: {type(error).__name__}"
    if done.returncode != 0 or not program.exists():
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        return f"its installation failed: {last[:200]}"
    return None


def python(*, install: bool) -> Path | str:
    """An interpreter that has the peers in process, or why there is none."""
    place = cache() / "python"
    program, complete, wanted = place / "bin" / "python", place / "complete", "\n".join(PYTHON)
    if complete.exists() and complete.read_text(encoding="utf-8") == wanted:
        return program
    if not install:
        return "not installed: `remit bench --install` installs it"
    failed = _installed([sys.executable, "-m", "venv", str(place)], program, _LONG)
    if failed is None:
        failed = _installed([str(program), "-m", "pip", "install", "--quiet", *PYTHON], program, _LONG)
    if failed is not None:
        return failed
    complete.write_text(wanted, encoding="utf-8")
    return program


def script(peer: Peer, cases: Iterator[rules.Case]) -> Script:
    """One question after another."""
    while True:
        yield peer.ask(next(cases))


def check(address: Address, peer: Peer) -> None:
    """A benchmark of wrong answers says nothing: compare some, both permitted and not."""
    wrong = []

    def compared() -> Script:
        for case in rules.cases(_CHECKED):
            answer = yield peer.ask(case)
            if (peer.permit in body_of(answer)) is not case.permitted:
                wrong.append((case, answer))

    Load(address, [compared()]).closed(30)
    if wrong:
        raise Unavailable(f"{peer.name} answers otherwise than expected: {wrong[0][1][:300]!r} to {wrong[0][0]}")


def _post(path: str, body: Any) -> bytes:
    encoded = msgspec.json.encode(body)
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
    return b"%bContent-Length: %d\r\n\r\n%b" % (head.encode(), len(encoded), encoded)


@contextmanager
def _cerbos(program: Path, directory: Path, core: int) -> Iterator[Server]:
    policies = directory / "policies"
    policies.mkdir(parents=True)
    for name, policy in rules.cerbos().items():
        (policies / name).write_text(policy, encoding="utf-8")
    port = free_port()
    config = {
        "server": {"httpListenAddr": f"127.0.0.1:{port}", "grpcListenAddr": f"127.0.0.1:{free_port()}"},
        "storage": {"driver": "disk", "disk": {"directory": str(policies), "watchForChanges": False}},
        "telemetry": {"disabled": True},
        "audit": {"enabled": False},
    }
    file = directory / "cerbos.json"
    file.write_bytes(msgspec.json.encode(config))
    command = [str(program), "server", f"--config={file}", "--log-level=error"]
    with running(command, directory / "log", core, port=port, health="/_cerbos/health") as server:
        yield server


def _ask_cerbos(case: rules.Case) -> bytes:
    resource = {"kind": "tool", "id": case.tool, "attr": case.facts()}
    body = {
        "requestId": case.id,
        "principal": {"id": case.agent, "roles": ["agent"], "attr": {"registered": True}},
        "resources": [{"actions": ["call"], "resource": resource}],
    }
    return _post("/api/check/resources", body)


@contextmanager
def _opa(program: Path, directory: Path, core: int) -> Iterator[Server]:
    directory.mkdir(parents=True)
    policy = directory / "policy.rego"
    policy.write_text(rules.rego(), encoding="utf-8")
    port = free_port()
    options = ("--server", "--disable-telemetry", f"--addr=127.0.0.1:{port}", "--log-level=error")
    command = [str(program), "run", *options, str(policy)]
    with running(command, directory / "log", core, port=port, health="/health") as server:
        yield server


def _ask_opa(case: rules.Case) -> bytes:
    facts = {"id": case.id, "agent": case.agent, "tool": case.tool, **case.facts()}
    return _post("/v1/data/remit/decision", {"input": facts})


PEERS = (
    Peer(
        name="cerbos",
        program=lambda place: place / "cerbos" / "node_modules" / "@cerbos" / "cerbos-linux-x64" / "cerbos-linux-x64",
        install=lambda place: [
            *("npm", "install", "--prefix", str(place / "cerbos")),
            *("--no-audit", "--no-fund", "--ignore-scripts", CERBOS),
        ],
        start=_cerbos,
        ask=_ask_cerbos,
        permit=b'"EFFECT_ALLOW"',
    ),
    Peer(
        name="opa",
        program=lambda place: place / "opa" / "opa",
        install=lambda _place: ["go", "install", OPA],
        start=_opa,
        ask=_ask_opa,
        permit=b'"allow":true',
    ),
)


def in_process(name: str, core: int, seconds: float, *, install: bool) -> PeerFigures:
    """A Python library, timed in a process of its own on `core`."""
    found = python(install=install)
    if isinstance(found, str):
        return PeerFigures(decisions_per_s=None, reason=found)
    workload = {"facts": rules.FACTS, "table": rules.table(), "conditions": rules.conditions(), "cases": rules.rows()}
    script = Path(__file__).with_name("in_process.py")
    with pinned(core):
        done = subprocess.run(
            [str(found), str(script), name, str(seconds)],
            input=msgspec.json.encode(workload).decode(),
            capture_output=True,
            text=True,
            timeout=_LONG,
            check=False,
        )
    if done.returncode != 0:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        return PeerFigures(decisions_per_s=None, reason=f"it failed: {last[:200]}")
    told = msgspec.json.decode(done.stdout)
    return PeerFigures(
        decisions_per_s=told.get("decisions_per_s"), p50_us=told.get("p50_us"), reason=told.get("reason")
    )
