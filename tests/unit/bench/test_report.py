"""Figures as people and programs read them."""

import io
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from remit.bench import report
from remit.bench.figures import Figures, PeerFigures, median
from remit.bench.measure import QUICK, fitted, shares
from remit.bench.plot import Series, line_plot
from remit.bench.sampled import ELSEWHERE, STEPS, Profile, Sampler, step_of
from remit.bench.sweeps import SWEEPS, Point, Swept
from remit.terms import InvalidInput

FIGURES = Figures(
    decisions_per_s=9000.0,
    bare_per_s=18000.0,
    batched_per_s=12000.0,
    profile_b_per_s=3000.0,
    peers={
        "cerbos": PeerFigures(decisions_per_s=1500.0),
        "opa": PeerFigures(decisions_per_s=None, reason="not installed: there is no `go` on this machine"),
    },
    steps_us={"7 policy": 8.0, "9 commit": 12.5},
    functions={"remit.policy:evaluate": 20.0},
)


def test_the_json_has_the_members_that_are_promised() -> None:
    told = json.loads(msgspec.json.encode(FIGURES))
    assert told.keys() >= {
        "decisions_per_s",
        "bare_per_s",
        "p50_ms",
        "p99_ms",
        "batched_per_s",
        "profile_b_per_s",
        "peers",
    }
    assert told["peers"]["cerbos"] == {"decisions_per_s": 1500.0}
    assert told["peers"]["opa"] == {
        "decisions_per_s": None,
        "reason": "not installed: there is no `go` on this machine",
    }


def test_the_table_names_rates_ratios_and_who_is_absent_and_why() -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    for table in report.tables(FIGURES):
        console.print(table)
    text = console.export_text()
    for expected in ("9,000", "0.50", "6.0 times as fast", "absent", "there is no `go`", "20.5"):
        assert expected in text
    assert "6.0 times" in report.markdown(FIGURES)


SWEPT = Swept(
    name="entries",
    points=tuple(
        Point(size=size, per_s=per_s, cpu_us=40.0, p50_ms=1.0, p99_ms=2.0, memory_mb=150.0, start_s=1.0)
        for size, per_s in ((0, 10_000.0), (10_000, 9900.0), (1_000_000, 9500.0))
    ),
)


def test_a_sweep_is_written_between_its_marks_with_its_plot_beside(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text("before\n<!-- bench:entries -->\nold\n<!-- /bench:entries -->\nafter\n", encoding="utf-8")
    for _ in range(2):
        report.write(document, "entries", report.swept_markdown(document, SWEPT))
    text = document.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert text.count("| 1,000,000 | 9,500 |") == 1
    assert "0.95 of the first" in text
    assert (tmp_path / "plots" / "entries.svg").exists()


def test_a_document_without_the_marks_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "other.md"
    document.write_text("nothing here", encoding="utf-8")
    with pytest.raises(InvalidInput, match="bench:agents"):
        report.write(document, "agents", "text")
    assert document.read_text(encoding="utf-8") == "nothing here"


def test_a_plot_is_xml_whose_points_keep_their_order() -> None:
    points = tuple((float(size), 100.0 + size / 1e5) for size in SWEEPS["entries"])
    root = ElementTree.fromstring(line_plot(Series(name="entries & more", points=points), y="decisions/s"))
    line = next(element for element in root.iter() if element.tag.endswith("polyline"))
    places = [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]
    assert len(places) == len(points)
    across, up = [x for x, _ in places], [y for _, y in places]
    assert across == sorted(set(across)), "larger sizes stand further right"
    assert up == sorted(up, reverse=True), "higher rates stand higher"
    assert all(0 <= x <= 640 and 0 <= y <= 300 for x, y in places)


@pytest.mark.parametrize("points", [((1.0, 0.0),), ((0.0, 5.0), (0.0, 5.0)), ((1e6, 1e9), (1e7, 1e-9))])
def test_odd_figures_can_be_plotted(points: tuple[tuple[float, float], ...]) -> None:
    assert ElementTree.fromstring(line_plot(Series(name="x", points=points), y="y")) is not None


def test_on_a_slow_machine_quick_runs_get_shorter_but_never_nothing() -> None:
    fast, slow, late = (fitted(QUICK, 6, spent) for spent in (1.0, 30.0, 500.0))
    assert fast == QUICK
    assert QUICK.within is not None
    assert 30.0 + 6 * (slow.seconds + slow.warm_up) + slow.open_seconds + slow.warm_up <= QUICK.within + 0.01
    assert late.seconds == pytest.approx(QUICK.seconds * 0.4)


def test_the_median_of_nothing_is_nothing() -> None:
    assert (median([3.0, 1.0, 2.0]), median([])) == (2.0, 0.0)


# The profiler.
def test_a_sample_counts_for_the_innermost_step_that_it_lies_in() -> None:
    assert step_of("remit.mediation.find") == "2 find"
    assert step_of("remit.mediation.path") == "the path's own steps"
    assert step_of("remit.intent.grounding") == "4-5 why and flow"
    assert step_of("remit.terms.canonical") is None, "shared code counts for whoever called it"
    assert step_of("remit.policymaker") is None


def test_every_room_on_the_path_has_a_step() -> None:
    source = Path(__file__).parents[3] / "src" / "remit"
    rooms = {place.name for place in source.iterdir() if (place / "__init__.py").exists()}
    steps = {prefix.split(".")[1] for prefix, _ in STEPS}
    elsewhere = {"administration", "agents", "missions", "bench", "cli", "connectors", "demo", "discovery", "gateway"}
    assert rooms - steps <= elsewhere | {"replay", "sdk", "terms"}
    assert steps <= rooms


def test_samples_are_taken_of_where_the_thread_is() -> None:
    sampler = Sampler()
    frame = __import__("sys")._getframe()
    sampler.sample(0, frame)
    code = compile("sampler.sample(0, __import__('sys')._getframe())", "x", "exec")
    exec(code, {"__name__": "remit.policy.policies", "sampler": sampler})
    profile = sampler.profile()
    assert profile.steps == {ELSEWHERE: 1, "7 policy": 1}
    assert profile.functions == {"remit.policy.policies:<module>": 1}
    sampler.clear()
    assert sampler.profile().steps == {}


def test_shares_of_the_profile_add_up_to_the_time_that_was_measured() -> None:
    profile = Profile(
        steps={"7 policy": 30, "9 commit": 60, ELSEWHERE: 10},
        functions={"remit.policy:evaluate": 25},
        threads={"MainThread": 3.0, "remit-writer": 0.9, "native": 0.1},
    )
    steps, functions = shares(profile, 40.0)
    assert steps == {
        "7 policy": 9.0,
        "9 commit": 18.0,
        ELSEWHERE: 3.0,
        "thread native": 1.0,
        "thread remit-writer": 9.0,
    }
    assert functions == {"remit.policy:evaluate": 25.0}
    assert shares(Profile(steps={}, functions={}, threads={}), 40.0) == ({}, {})
