"""A command on a directory that no server holds does its own work and nothing besides."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.interaction.cli_process import PATIENCE, environment, remit, remit_up

from remit.assembly import InitResult, init


@pytest.fixture
def made(tmp_path: Path) -> InitResult:
    return init(tmp_path / "remit.d")


@pytest.fixture
def upstream(made: InitResult) -> Iterator[socket.socket]:
    """Where the upstream of remit.toml listens. Nobody answers there; who connects is seen."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with (Path(made.directory) / "remit.toml").open("a") as file:
            file.write(f'\n[upstreams.office]\nurl = "http://127.0.0.1:{listener.getsockname()[1]}/mcp"\n')
        yield listener


def loaded(code: str) -> set[str]:
    """The packages in memory after `code`, in a process of its own."""
    ended = "\nimport sys\nprint(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code + ended], env=environment(), capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def test_a_command_connects_no_upstream_and_a_server_does(made: InitResult, upstream: socket.socket) -> None:
    remit("agents", "list", "--dir", made.directory)
    upstream.setblocking(False)
    with pytest.raises(BlockingIOError):
        upstream.accept()
    upstream.settimeout(PATIENCE)
    with remit_up(Path(made.directory)) as server:
        with contextlib.closing(upstream.accept()[0]) as connection:
            assert connection.recv(5) == b"POST "
        assert server.stop() == 0


def test_a_command_works_although_an_upstream_cannot(made: InitResult) -> None:
    with (Path(made.directory) / "remit.toml").open("a") as file:
        file.write('\n[upstreams.office]\nurl = "http://127.0.0.1/mcp"\ncredential_file = "/nonexistent"\n')
    remit("agents", "list", "--dir", made.directory)
    assert "credential_file" in remit("up", made.directory, "--port", "0", code=2).stderr


def test_mcp_is_loaded_only_where_there_are_upstreams(made: InitResult, upstream: socket.socket) -> None:
    backend = (
        "from pathlib import Path\nfrom remit.cli.backend import connect\n"
        f"with connect(Path({made.directory!r}), None, None) as remit: remit.call('GET', '/v1/agents')"
    )
    opened = (
        "import asyncio\nfrom pathlib import Path\nfrom remit.assembly import open_remit\n"
        "async def main():\n"
        f"    async with open_remit(Path({made.directory!r}), gateway=%s): pass\n"
        "asyncio.run(main())"
    )
    assert {"mcp", "mcp_types"} & loaded(backend) == set()
    assert {"mcp", "mcp_types"} & loaded(opened % False) == set()
    assert loaded(opened % True) > {"mcp", "mcp_types"}
    toml = Path(made.directory) / "remit.toml"
    toml.write_text(toml.read_text().partition("\n[upstreams.office]\n")[0])
    assert {"mcp", "mcp_types"} & loaded(opened % True) == set()
