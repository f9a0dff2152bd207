"""I1 and I3 under crashes: kill -9 and loss of power, at random moments of a real server under load."""

import os
import random
from pathlib import Path

import pytest
from tests.faults.crashing import Crashing
from tests.faults.house import Keys
from tests.faults.process import needs_strace

CRASHES = int(os.environ.get("REMIT_FAULTS", "20"))
DISKS = ("prompt-disk", "slow-disk")  # both ways to commit, and one copies SQLite's log before a round ends
SEED = int(os.environ.get("REMIT_FAULTS_SEED", random.SystemRandom().randrange(2**32)))

pytestmark = needs_strace


def test_nothing_that_was_released_is_lost_used_twice_or_overspent_by_any_crash(directory: Path, keys: Keys) -> None:
    crashing = Crashing(directory, keys, seed=SEED, images=9 if CRASHES < 100 else 19, mutations=DISKS)
    crashing.run(CRASHES)
    print(
        f"{len(crashing.crashes)} crashes, {crashing.released} decisions released, "
        f"{crashing.unsynced} unsynced changes in danger, seed {SEED}"
    )
    assert not crashing.failures, "\n".join([f"seed {SEED}, files in {crashing.work}", *crashing.failures])
    assert crashing.released > 0
    assert crashing.unsynced > 0, "no moment had anything to lose: this proves nothing"


@pytest.mark.parametrize(
    ("mutation", "told"),
    [
        ("synchronous-off", "has no entry"),
        ("release-before-commit", "has no entry"),
        ("approval-not-consumed", "was used"),
    ],
)
def test_without_its_defence_a_crash_is_noticed(directory: Path, keys: Keys, mutation: str, told: str) -> None:
    crashing = Crashing(directory, keys, seed=SEED, images=8, mutations=(mutation,))
    crashing.run(40)
    assert any(told in failure for failure in crashing.failures), (SEED, crashing.failures)


@pytest.mark.parametrize(
    ("inject", "answers"),  # strace counts per thread; a start alone makes fewer calls than the first that fails
    [
        ("fdatasync:error=EIO:when=14+5", (150, 200)),
        ("pwrite64:error=ENOSPC:when=300+31", (150, 200)),
        ("fsync:error=EIO:when=14+3", (600, 700)),  # the log is written about once a second
    ],
    ids=["syncs-of-the-store-fail", "the-disk-is-full-now-and-then", "syncs-of-the-log-fail"],
)
def test_a_disk_that_fails_now_and_then_and_then_loses_power_breaks_no_promise(
    directory: Path, keys: Keys, inject: str, answers: tuple[int, int]
) -> None:
    crashing = Crashing(directory, keys, seed=SEED, images=4, inject=inject, answers=answers)
    crashing.run(5)
    assert not crashing.failures, "\n".join([f"seed {SEED}, files in {crashing.work}", *crashing.failures])
    assert crashing.released > 0
    assert crashing.faults > 0, "nothing failed: this proves nothing"
