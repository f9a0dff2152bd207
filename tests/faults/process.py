"""A real `remit up` to hurt: recorded, slowed down, mutated, killed."""

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.recording import CALLS

REMIT = Path(sys.executable).with_name("remit")
MUTANT = Path(__file__).with_name("mutant.py")
PATIENCE = 60  # seconds: machines that test are busy
NO_STRACE = "this test records a server's system calls: install strace (`apt-get install strace`), and allow ptrace"


def strace_works() -> bool:
    """Installed, and allowed to trace a child."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True).returncode == 0


needs_strace = pytest.mark.skipif(not strace_works(), reason=NO_STRACE)


class Server:
    """A `remit up` that is ready. `recorded` writes its system calls; `inject` is strace's fault injection."""

    def __init__(
        self,
        directory: Path,
        *,
        recorded: Path | None = None,
        inject: str | None = None,
        mutation: str | None = None,
        log: Path | None = None,
        **environment: str,
    ) -> None:
        self.directory = directory
        self.log = log or directory.parent / f"{directory.name}.server.log"
        command = [sys.executable, str(MUTANT), mutation] if mutation else [str(REMIT)]
        tracer: list[str] = []
        if recorded is not None or inject is not None:
            traced = CALLS if recorded is not None or inject is None else inject.partition(":")[0]
            tracer = ["strace", "-f", "--seccomp-bpf", "-e", f"trace={traced}", "-e", "signal=none"]
            tracer += ["-o", os.devnull if recorded is None else str(recorded)]
            tracer += [] if recorded is None else ["-y", "-xx", "-s", "4000000"]
            tracer += [] if inject is None else ["-e", f"inject={inject}"]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("REMIT_")}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        kept["PYTHONPYCACHEPREFIX"] = str(Path("/tmp") / f"remit-test-bytecode-{os.getuid()}")
        with self.log.open("a") as errors:
            self.process = subprocess.Popen(
                [*tracer, *command, "up", str(directory), "--port", "0"],
                env={**kept, **environment},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        match = re.fullmatch(r"remit is ready at (http://\S+)\n", line)
        if match is None:
            self.process.wait(PATIENCE)
            raise AssertionError(f"the server did not start: {line!r}\n{self.log.read_text()[-4000:]}")
        self.url = match[1]
        self.port = int(self.url.rpartition(":")[2])
        self.pid = int(json.loads((directory / "remit.lock").read_bytes())["pid"])  # under strace not the child's

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL, and wait until nothing of it is left."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def stop(self) -> int:
        os.kill(self.pid, signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def limit_files(self, size: int) -> None:
        """No file of the process may grow beyond `size` bytes from now on: writes fail like on a full disk."""
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@contextlib.contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Killed at the end if it still runs."""
    try:
        yield server
    finally:
        if server.running:
            server.kill()
        assert server.process.stdout is not None
        server.process.stdout.close()


def refused(directory: Path, *before: str) -> str:
    """What a `remit up` that must not start says; `before` is what runs it."""
    command = [*before, str(REMIT), "up", str(directory), "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stderr, done.stderr
    return done.stderr
