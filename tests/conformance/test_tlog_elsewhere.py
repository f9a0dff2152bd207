"""Other projects read our log: Tessera's fsck over HTTP, and the witness of torchwood cosigns it.

They are Go programs, built once from the Go module proxy and kept in GOPATH/bin; without a Go toolchain or the proxy
these tests are skipped and say so.
"""

import asyncio
import contextlib
import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.conftest import House
from tests.interaction.cli_process import remit_here, remit_up

from remit.audit import Witness as Key
from remit.audit import cosigned_at
from remit.terms import DEFAULT_TENANT, EntryDraft, Write

FSCK = "github.com/transparency-dev/tessera/cmd/fsck@v1.0.4"
LITEWITNESS = "filippo.io/torchwood/cmd/litewitness@v0.9.0"
BUILDING = 240  # seconds
ENTRIES = 5000
Open = Callable[[], AbstractAsyncContextManager[House]]


def built(module: str) -> str:
    """The program of a Go module, from an earlier build if there is one."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("there is no Go toolchain")
    path, _, version = module.partition("@")
    root = subprocess.run([go, "env", "GOPATH"], capture_output=True, text=True, check=True).stdout.strip()
    folder = Path(root) / "bin" / f"remit-tests-{version}"
    program = folder / path.rpartition("/")[2]
    if not program.exists():
        env = {**os.environ, "GOBIN": str(folder)}
        try:
            made = subprocess.run([go, "install", module], env=env, capture_output=True, text=True, timeout=BUILDING)
        except subprocess.TimeoutExpired:
            pytest.skip(f"{module} was not built within {BUILDING} seconds")
        if made.returncode:
            pytest.skip(f"{module} cannot be built: {made.stderr.strip()[-300:]}")
    return str(program)


async def fill(opened: Open, count: int) -> None:
    """Committed entries by the store, in groups."""
    async with opened() as house:
        store, now = house.remit.store, house.remit.clock.now()

        def write(number: int) -> Write:
            facts = {"effect": "deny", "number": number, "pad": "x" * (number % 50)}
            return Write(
                entry=EntryDraft(
                    tenant=DEFAULT_TENANT,
                    kind="decision.made",
                    id=f"d_{number}",
                    time=now,
                    actor="point:t",
                    facts=facts,
                )
            )

        for start in range(0, count, 500):
            await asyncio.gather(*(store.commit(write(number)) for number in range(start, start + 500)))


@pytest.fixture
def grown(opened: Open, directory: Path, template: Any) -> tuple[Path, str, Path]:
    """A directory with some thousand entries, an operator's key, and the log's key in a file."""
    asyncio.run(fill(opened, ENTRIES))
    key = directory.parent / "log.key"
    key.write_text(remit_here("audit", "key", str(directory)))
    return directory, template[1].admin_key, key


def fsck(program: str, url: str, key: Path, token: str = "") -> str:
    """What it says: its exit code is 0 in either case."""
    command = [program, "--storage_url", f"{url}/log/default/", "--public_key", str(key), "--ui=false", "--N=4"]
    if token:
        command += ["--bearer_token", token]
    return subprocess.run(command, capture_output=True, text=True, timeout=120).stderr


def test_tessera_fsck_accepts_the_log_over_http_and_finds_a_flipped_byte(grown: tuple[Path, str, Path]) -> None:
    program = built(FSCK)
    directory, admin, key = grown
    with remit_up(directory) as server:
        told = fsck(program, server.url, key, admin)
        assert "Successfully fsck'd log" in told
        assert int(told.split("log with size ")[1].split()[0]) >= ENTRIES
        assert "401" in fsck(program, server.url, key), "without a key nothing is served"
        bundle = directory / "log/default/tile/entries/003"
        data = bytearray(bundle.read_bytes())
        data[1000] ^= 1
        bundle.write_bytes(data)
        told = fsck(program, server.url, key, admin)
        assert "fsck failed" in told
        assert "Successfully" not in told


@contextlib.contextmanager
def litewitness(folder: Path, log: str) -> Iterator[tuple[str, str]]:
    """The witness of another project: its address and its key."""
    program = built(LITEWITNESS)
    if shutil.which("ssh-agent") is None:
        pytest.skip("there is no ssh-agent, which keeps litewitness's key")
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    short = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip())
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(short / "agent")], **quiet)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")], check=True, **quiet)
    try:
        wait_until((short / "agent").exists)
        env = {**os.environ, "SSH_AUTH_SOCK": str(short / "agent")}
        subprocess.run(["ssh-add", str(folder / "key")], check=True, env=env, **quiet)
        told = subprocess.run(["ssh-keygen", "-lf", str(folder / "key.pub")], capture_output=True, text=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{probe.getsockname()[1]}"
        command = [program, "-name", "witness.test/lite", "-db", str(folder / "db"), "-listen", address]
        command += ["-ssh-agent", str(short / "agent"), "-key", told.stdout.split()[1]]
        with (folder / "log").open("w") as output:
            witness = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            wait_until(lambda: "listening" in (folder / "log").read_text())
            with contextlib.closing(sqlite3.connect(folder / "db")) as db, db:  # what its witnessctl does
                origin, empty = log.split("+")[0], "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
                db.execute("INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)", (origin, empty))
                db.execute("INSERT INTO key (origin, key) VALUES (?, ?)", (origin, log))
            said = (folder / "log").read_text()
            yield f"http://{address}", said.split("vkey=")[1].split()[0].strip('"')
        finally:
            witness.kill()
            witness.wait()
    finally:
        agent.kill()
        agent.wait()
        shutil.rmtree(short)


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)  # another program: there is no event to wait for


def test_a_witness_of_another_project_cosigns_our_checkpoints(grown: tuple[Path, str, Path], tmp_path: Path) -> None:
    directory, admin, key = grown
    folder = tmp_path / "lite"
    folder.mkdir()
    headers = {"authorization": f"Bearer {admin}"}
    with litewitness(folder, key.read_text().strip()) as (url, vkey):
        with (directory / "remit.toml").open("a") as toml:
            toml.write(f'[log]\nwitnesses = [{{ url = "{url}", key = "{vkey}" }}]\n')
        with remit_up(directory) as server:

            def cosigned() -> int:
                note = httpx2.get(f"{server.url}/log/default/checkpoint.cosigned", headers=headers)
                if note.status_code != 200 or cosigned_at(note.content, Key.parse(vkey)) is None:
                    return 0
                return int(note.text.split("\n")[1])

            wait_until(lambda: cosigned() >= ENTRIES)
            before = cosigned()
            body = {"id": "vera", "roles": ["viewer"]}
            httpx2.post(f"{server.url}/v1/operators", json=body, headers=headers).raise_for_status()
            wait_until(lambda: cosigned() > before)
    remit_here("audit", "verify", str(directory), "--key", str(key), "--witness", vkey)
