"""One process owns a directory, and a killed one leaves nothing behind that holds its port, its lock or its threads."""

import os
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from tests.faults.process import PATIENCE, REMIT, Server, refused, serving

from remit.storage import holder


def test_a_second_process_on_a_directory_is_refused_and_told_who_holds_it(directory: Path) -> None:
    with serving(Server(directory)) as server:
        said = " ".join(refused(directory).split())
        assert str(server.pid) in said
        assert server.url in said
        assert httpx2.get(f"{server.url}/health").status_code == 200


def test_of_many_that_start_at_once_one_serves(directory: Path) -> None:
    ready: list[subprocess.Popen[str]] = []
    many = [
        subprocess.Popen(
            [str(REMIT), "up", str(directory), "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(4)
    ]
    try:
        with ThreadPoolExecutor(len(many)) as readers:
            lines = list(readers.map(lambda one: one.stdout.readline() if one.stdout else "", many))
        ready = [one for one, line in zip(many, lines, strict=True) if line.startswith("remit is ready at ")]
        assert len(ready) == 1
        assert all(one.wait(PATIENCE) != 0 for one in many if one is not ready[0])
    finally:
        for one in many:
            if one.poll() is None:
                one.kill()
            one.wait(PATIENCE)
            assert one.stdout is not None
            one.stdout.close()


def _children(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(path.parent.name))
    return found


def test_a_killed_server_leaves_no_process_no_listener_and_no_lock(directory: Path) -> None:
    with serving(Server(directory)) as server:
        assert _children(server.pid) == [], "a child would outlive SIGKILL of its parent"
        with httpx2.Client(base_url=server.url) as http:
            assert http.get("/health").status_code == 200
            server.kill()
            with pytest.raises(httpx2.HTTPError):
                http.get("/health")
        assert holder(directory) is None
        with socket.socket() as listener:  # a lone listener: an orphan that shares the port would make this fail
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", server.port))
        with serving(Server(directory)) as again:
            assert httpx2.get(f"{again.url}/health").status_code == 200
            assert again.stop() == 0


def test_killing_what_started_the_server_leaves_a_server_that_still_holds_its_directory(directory: Path) -> None:
    """A supervisor that dies orphans the server: it must go on alone or not at all, never beside a second one."""
    script = f"{REMIT} up {directory} --port 0 & echo $!; wait"
    shell = subprocess.Popen(
        ["sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )
    assert shell.stdout is not None
    pid = int(shell.stdout.readline())
    try:
        url = shell.stdout.readline().split()[-1]
        shell.kill()
        shell.wait(PATIENCE)
        assert httpx2.get(f"{url}/health").status_code == 200
        assert str(pid) in refused(directory)
    finally:
        os.kill(pid, signal.SIGKILL)
        shell.stdout.close()
