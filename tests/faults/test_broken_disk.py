"""Disks that are full, slow or read-only: nothing is released that is not kept (I1, I2), and service comes back."""

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from tests.faults.house import Keys, Office, together, visiting
from tests.faults.process import Server, needs_strace, refused, serving
from tests.faults.promises import Promises, Rows, broken

Story = Callable[[Office], Coroutine[Any, Any, None]]


def play(server: Server, keys: Keys, story: Story) -> Office:
    async def whole() -> Office:
        async with visiting(server.url, keys) as office:
            await story(office)
            return office

    return asyncio.run(whole())


def kept(directory: Path, office: Office, work: Path) -> Rows:
    """Every promise holds; what is on record."""
    promises = Promises()
    for context in office.released:
        promises.told({"context": context})
    assert broken(directory, promises, work) == []
    return Rows(directory)


def test_a_full_disk_permits_nothing_says_so_and_heals_when_there_is_room(
    directory: Path, keys: Keys, tmp_path: Path
) -> None:
    def codes(answer: dict[str, Any]) -> set[str]:
        return {reason["code"] for reason in answer["reasons"]}

    async def story(office: Office) -> None:
        mission = await office.mission("Read the files in the folder")

        async def ask(many: int) -> list[dict[str, Any]]:
            calls = (office.ask(mission, "read_file", {"name": f"{number}.txt"}) for number in range(many))
            return await together(*calls)

        assert all(answer["outcome"] == "permit" for answer in await ask(20))
        server.limit_files((directory / "remit.db-wal").stat().st_size + 10_000)
        answers = await ask(60)
        assert {answer["outcome"] for answer in answers} <= {"permit", "deny"}
        denied = [answer for answer in answers if answer["outcome"] == "deny"]
        assert denied, "the disk was not full"
        assert all("remit.unavailable" in codes(answer) for answer in denied)
        assert (await office.operator.get("/v1/status"))["healthy"] is False
        server.limit_files(2**40)
        while (await office.ask(mission, "read_file", {"name": "again.txt"}))["outcome"] != "permit":
            pass  # the first may be the one that makes the store read its state again
        assert all(answer["outcome"] == "permit" for answer in await ask(20))
        assert (await office.operator.get("/v1/status"))["healthy"] is True

    with serving(Server(directory)) as server:
        office = play(server, keys, story)
        server.kill()
    kept(directory, office, tmp_path)


@needs_strace
def test_a_slow_disk_delays_answers_and_shares_its_syncs_and_never_answers_before_them(
    directory: Path, keys: Keys, tmp_path: Path
) -> None:
    delay = 0.15
    spent = []

    async def story(office: Office) -> None:
        mission = await office.mission("Read the files in the folder")
        started = time.monotonic()
        await office.ask(mission, "read_file", {"name": "first.txt"})
        spent.append(time.monotonic() - started)
        started = time.monotonic()
        calls = (office.ask(mission, "read_file", {"name": f"{number}.txt"}) for number in range(60))
        assert all(answer["outcome"] == "permit" for answer in await together(*calls))
        spent.append(time.monotonic() - started)

    with serving(Server(directory, inject=f"fdatasync:delay_enter={int(delay * 1e6)}")) as server:
        office = play(server, keys, story)
        server.kill()
    assert spent[0] >= delay, "an answer left before the sync that it stands on"
    assert spent[1] < 60 * delay / 2, "sixty calls that waited together did not share their syncs"
    kept(directory, office, tmp_path)


def test_a_directory_that_cannot_be_written_is_refused_with_what_to_do(directory: Path) -> None:
    """Root writes whatever the permissions say, unless it gives up the capability to."""
    without: tuple[str, ...] = ()
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("as root this test needs `setpriv` (util-linux), to give up what ignores permissions")
        dropped = "-dac_override,-dac_read_search,-fowner"
        without = ("setpriv", "--inh-caps", dropped, "--bounding-set", dropped)
    for path in (*directory.rglob("*"), directory):
        path.chmod(0o500 if path.is_dir() else 0o400)
    said = refused(directory, *without)
    for path in (directory, *directory.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert "permissions" in said
    assert str(directory) in said


@needs_strace
def test_a_file_system_that_is_mounted_read_only_is_refused_with_what_to_do(directory: Path) -> None:
    """Its error is injected where the store is opened: mounting needs privileges that tests should not have."""
    tracer = ("strace", "-f", "-o", os.devnull, "-P", str(directory / "remit.db"), "-e", "trace=openat")
    assert "read-only" in refused(directory, *tracer, "-e", "inject=openat:error=EROFS")
