"""The benchmark end to end, in the small: a real `remit up` and the bare server, driven for moments."""

import json
from pathlib import Path

import msgspec
import pytest

from remit.bench.figures import Figures
from remit.bench.house import house
from remit.bench.measure import Plan, measure
from remit.bench.processes import Cores
from remit.bench.sweeps import sweep

SMALL = Plan(
    runs=1,
    seconds=0.4,
    warm_up=0.2,
    open_seconds=0.4,
    connections=8,
    agents=5,
    policies=20,
    overload=False,
    libraries=False,
    install=False,
)


def test_everything_is_measured_and_absent_peers_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    said: list[str] = []
    figures = measure(SMALL, tmp_path, Cores.here(), said.append)
    told = json.loads(msgspec.json.encode(figures))
    for name in ("decisions_per_s", "bare_per_s", "batched_per_s", "profile_b_per_s", "p50_ms", "p99_ms", "cpu_us"):
        assert told[name] > 0, name
    assert told["peers"]["cerbos"]["decisions_per_s"] is None
    assert "not installed" in told["peers"]["opa"]["reason"]
    assert figures.outcomes["permit"] > figures.outcomes["deny"] + figures.outcomes["ask"]
    assert "9 commit" in figures.steps_us  # the largest; a short run may miss the small ones
    assert len(figures.steps_us) > 3
    assert sum(figures.steps_us.values()) == pytest.approx(figures.cpu_us, rel=0.05)
    assert figures.start_s > 0
    assert "run 1 of 1: decisions" in said
    assert msgspec.json.decode(msgspec.json.encode(figures), type=Figures) == figures


def test_a_directory_with_a_past_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remit.bench.sweeps.SWEEPS", {"entries": (300, 10**9)})
    monkeypatch.setattr("remit.bench.sweeps._SECONDS", 0.3)
    monkeypatch.setattr("remit.bench.sweeps._RUNS", 1)
    swept = sweep("entries", tmp_path / "entries", Cores.here(), upto=300, say=lambda _: None)
    assert [point.size for point in swept.points] == [300]
    assert all(point.per_s > 0 for point in swept.points)


def test_seeded_missions_and_entries_are_as_good_as_real_ones(tmp_path: Path) -> None:
    """Copies are permitted like the missions that they copy, and the log over them verifies."""
    import subprocess

    from remit.bench.processes import module

    with house(tmp_path, Cores.here(), agents=9, policy_count=10, entries=50, remembered=1) as home:
        run, seen = home.decisions(4, 0.5, 0.0)
        assert set(run.statuses) == {b"200"}
        assert seen.permit > 5 * (seen.deny + seen.ask)
        place = home.made.directory
        assert len(home.made.identities) == 9
    key = subprocess.run(
        [*module("remit.cli"), "audit", "key", str(place)], capture_output=True, text=True, check=True
    ).stdout.strip()
    done = subprocess.run(
        [*module("remit.cli"), "audit", "verify", str(place), "--key", key], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
