"""A real `remit up` in a process of its own."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.conformance.authzen.world import POLICIES, TYPES

from remit.assembly import init


class Running(NamedTuple):
    """Where it answers, the first keys, and what it logs."""

    url: str
    admin: str
    point: str
    log: Path


@contextlib.contextmanager
def remit_up(where: Path) -> Iterator[Running]:
    """A new directory with the certification fixture's policies beside the default ones, served on a free port."""
    directory, log = where / "remit", where / "log"
    made = init(directory)
    (directory / "policies" / "types.cedarschema").write_text(TYPES, encoding="utf-8")
    (directory / "policies" / "records.cedar").write_text(POLICIES, encoding="utf-8")
    command = [sys.executable, "-c", "from remit.cli import main; main()", "up", str(directory), "--port", "0"]
    with (
        log.open("w") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "ready at" in line, log.read_text()
        try:
            yield Running(line.split()[-1], made.admin_key, made.point_key, log)
        finally:
            process.terminate()
            process.wait(timeout=30)
