import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from remit.storage import Lock, holder
from remit.terms import Refused, Unavailable

HOLD = """
import sys
from pathlib import Path
from remit.storage import Lock
lock = Lock(Path(sys.argv[1]))
lock.acquire()
lock.announce("http://127.0.0.1:8650")
print("held", flush=True)
sys.stdin.read()
"""


def hold(directory: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_told_who_holds_the_directory_and_what_to_do(tmp_path: Path) -> None:
    process = hold(tmp_path)
    try:
        with pytest.raises(Unavailable) as caught, Lock(tmp_path):
            pass
        assert f"process {process.pid} at http://127.0.0.1:8650" in caught.value.message
        assert "stop it" in caught.value.message
        found = holder(tmp_path)
        assert found is not None
        assert (found.pid, found.address) == (process.pid, "http://127.0.0.1:8650")
    finally:
        process.kill()
        process.communicate()


def test_the_kernel_releases_the_lock_of_a_killed_process(tmp_path: Path) -> None:
    process = hold(tmp_path)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert holder(tmp_path) is None
    with Lock(tmp_path):
        assert holder(tmp_path) is not None


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        with Lock(tmp_path, "http://here"), pytest.raises(Unavailable, match="http://here"):
            Lock(tmp_path).acquire()
    assert holder(tmp_path) is None


def test_no_directory_is_refused_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="remit init"):
        Lock(tmp_path / "none").acquire()
    assert holder(tmp_path / "none") is None


def test_the_lock_file_is_its_owners_alone_and_no_link_is_followed(tmp_path: Path) -> None:
    with Lock(tmp_path):
        assert (tmp_path / "remit.lock").stat().st_mode & 0o777 == 0o600
    (tmp_path / "remit.lock").unlink()
    (tmp_path / "remit.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unavailable, match="expected to write"):
        Lock(tmp_path).acquire()
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"[1]", b'{"pid":"x"}', b'{"pid":7,"address":"\\u001b[31mred"}'])
def test_what_stands_in_the_file_cannot_harm_the_reader(tmp_path: Path, body: bytes) -> None:
    with Lock(tmp_path):
        (tmp_path / "remit.lock").write_bytes(body)
        with pytest.raises(Unavailable) as caught:
            Lock(tmp_path).acquire()
    assert caught.value.message.isprintable()
