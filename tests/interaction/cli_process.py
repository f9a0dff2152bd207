"""The installed `remit` as a process of its own, and a server that it runs."""

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from remit.cli import main

REMIT = Path(sys.executable).with_name("remit")
PATIENCE = 60  # seconds: machines that test are busy


def environment(**extra: str) -> dict[str, str]:
    """Ours without what would steer `remit`, and with compiled modules kept between processes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REMIT_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, **extra}


def remit(*arguments: str, code: int = 0, cwd: Path | None = None, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run one command and expect its exit code; whatever it is, never a traceback."""
    done = subprocess.run(
        [str(REMIT), *arguments], cwd=cwd, env=environment(**extra), capture_output=True, text=True, timeout=PATIENCE
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done


def remit_here(*arguments: str, code: int = 0, **extra: str) -> str:
    """The same without a process of its own, which costs a second each; returns standard output."""
    out, ended = io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        for name in ("REMIT_DIR", "REMIT_URL", "REMIT_KEY"):
            patch.delenv(name, raising=False)
        for name, value in extra.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["remit", *arguments])
        try:
            main()
        except SystemExit as exit_:
            ended = exit_.code if isinstance(exit_.code, int) else 0
    assert ended == code, (ended, out.getvalue())
    return out.getvalue()


def remit_json(*arguments: str, **extra: str) -> Any:
    return json.loads(remit(*arguments, "--json", code=0, cwd=None, **extra).stdout)


class Server:
    """A `remit up` that is ready."""

    def __init__(self, directory: Path, log: Path) -> None:
        self.directory = directory
        self.log = log
        with log.open("a") as stderr:
            self.process = subprocess.Popen(
                [str(REMIT), "up", str(directory), "--port", "0"],
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        match = re.fullmatch(r"remit is ready at (http://\S+)\n", line)
        assert match is not None, (line, log.read_text())
        self.url = match[1]
        self.port = int(self.url.rpartition(":")[2])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextlib.contextmanager
def remit_up(directory: Path) -> Iterator[Server]:
    """A server over `directory`; killed at the end if nobody stopped it."""
    server = Server(directory, directory.parent / f"{directory.name}.log")
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
        server.process.wait(PATIENCE)
        assert server.process.stdout is not None
        server.process.stdout.close()
