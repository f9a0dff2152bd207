"""The report: foreign text never becomes markup, and its sums are the scorer's."""

import base64
import hashlib
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from remit.replay.data import Label, RecordedCall, Trace
from remit.replay.drive import Replayed, Told
from remit.replay.report import WRONG, write_report
from remit.replay.scoring import Decided, score
from remit.terms import Effect, Evidence, Finding, FindingKind, Reason, Remedy

Labels = dict[str, tuple[str, Label]]
VOID = {"meta", "input"}
# Each as long as the other: lengths decide what is cut.
HOSTILE = (
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(1)</script>",
    "</style><style>*{display:none}",
    "</details></div></main>",
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}<!--",
    "]]></template><base href=//evil>",
    "\u202e\u2066\x1b[2J\x00\ud800<b>",
)


class Page(HTMLParser):
    """The page as a browser takes it apart: elements with attributes, and texts."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.open: list[str] = []
        self.runs: list[dict[str, str | None]] = []
        self.tables: list[list[list[str]]] = []
        self.code = {"style": "", "script": ""}
        self.text = ""
        self.feed(markup)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if (tag, attrs) in (("i", [("class", "u")]), ("i", [("class", "cut")])):
            self.open.append("")
            return
        self.elements.append((tag, tuple(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "details" and dict(attrs).get("id"):
            self.runs.append(dict(attrs))
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() in ("", tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.code:
            self.code[self.open[-1]] += data
            return
        self.text += data
        if {"td", "th"} & set(self.open):
            self.tables[-1][-1][-1] += data


def told(id_: str, outcome: str, text: str = "words") -> Told:
    return Told(
        id=id_,
        outcome=Effect(outcome),
        reasons=(Reason(code=text, message=text),),
        findings=(
            Finding(
                kind=FindingKind.GROUNDING,
                verdict="instruction",
                message=text,
                rests_on=(Evidence(what=text, source="d-0", where=text, quote=text),),
            ),
            Finding(kind=FindingKind.AUTHORITY, verdict="within", message=text),
        ),
        remedy=Remedy(message=text),
    )


def world(text: str) -> tuple[dict[str, list[Trace]], list[Replayed], Labels]:
    """One attacked run in which everything that somebody else wrote is `text`."""
    calls = (
        RecordedCall(function=text, arguments={text: text, "nested": {"a": [text]}}, result=text),
        RecordedCall(function="send", arguments={}, error=text),
    )
    trace = Trace(id=text, suite=text, agent=text, goal=text, tools=text, calls=calls)
    label = Label(
        id=text,
        kind="attacked",
        attack_succeeded=True,
        injection_goal=text,
        calls=("user", "injection"),
        decisive=(1,),
    )
    one = Replayed(
        decided=Decided(id=text, decisions=("ask", "permit")),
        told=(told("d-0", "ask", text), told("d-1", "permit", text)),
    )
    return {text: [trace]}, [one], {text: (text, label)}


def page(tmp_path: Path, sets: dict[str, list[Trace]], replayed: list[Replayed], labels: Labels) -> Page:
    file = tmp_path / "report.html"
    write_report(file, sets, replayed, labels)
    return Page(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", HOSTILE)
def test_the_markup_is_the_same_whatever_agents_and_tools_wrote(tmp_path: Path, text: str) -> None:
    harmless = page(tmp_path, *world("x" * len(text)))
    hostile = page(tmp_path, *world(text))
    assert hostile.elements == harmless.elements
    assert hostile.code == harmless.code
    assert hostile.text != harmless.text


def test_everything_that_was_written_is_there_to_be_read(tmp_path: Path) -> None:
    text = "<b>&amp;\"'"
    shown = page(tmp_path, *world(text)).text
    # the set, the injection goal, the run and each part of its calls
    assert shown.count(text) > 20
    assert "result of call 1" in shown


def test_the_policy_of_the_page_allows_its_own_style_and_script_and_nothing_else(tmp_path: Path) -> None:
    shown = page(tmp_path, *world("x"))
    policy = next(
        dict(attrs)["content"] for tag, attrs in shown.elements if ("http-equiv", "Content-Security-Policy") in attrs
    )
    assert policy is not None
    hashes = {
        name: "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"
        for name, text in shown.code.items()
    }
    assert dict(part.split(" ", 1) for part in policy.split("; ")) == {
        "default-src": "'none'",
        "style-src": hashes["style"],
        "script-src": hashes["script"],
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    names = {name for _, attrs in shown.elements for name, _ in attrs}
    assert not [name for name in names if name.startswith("on") or name in ("style", "src", "action")]
    links = {value for _, attrs in shown.elements for name, value in attrs if name == "href"}
    assert links == {"#figures", "#injections", "#runs"}


def run(id_: str, *decisions: str) -> tuple[Trace, Replayed]:
    calls = tuple(RecordedCall(function="do", arguments={}) for _ in decisions)
    trace = Trace(id=id_, suite="s", agent="a", goal="g", tools="t", calls=calls)
    answers = tuple(told(f"{id_}-{number}", decision) for number, decision in enumerate(decisions))
    return trace, Replayed(decided=Decided(id=id_, decisions=decisions, micros=(1.0,)), told=answers)


def benign(*calls: str) -> Label:
    return Label(id="", kind="benign", task_succeeded=True, calls=calls)


def attacked(goal: str, *calls: str, decisive: tuple[int, ...], succeeded: bool = True) -> Label:
    return Label(
        id="", kind="attacked", attack_succeeded=succeeded, injection_goal=goal, calls=calls, decisive=decisive
    )


CASES: list[tuple[str, tuple[str, ...], Label, str]] = [
    ("recorded-one", ("permit", "permit"), benign("user", "user"), ""),
    ("recorded-one", ("ask", "permit"), benign("user", "user"), "asked"),
    ("recorded-one", ("ask", "deny"), benign("user", "user"), "refused"),
    ("recorded-one", ("permit", "deny"), attacked("steal", "user", "injection", decisive=(1,)), ""),
    ("recorded-one", ("deny", "ask"), attacked("steal", "injection", "injection", decisive=(0, 1)), "question"),
    ("recorded-one", ("deny", "permit"), attacked("steal", "user", "injection", decisive=(1,)), "passed collateral"),
    ("two", ("permit",), attacked("break", "injection", decisive=(0,), succeeded=False), ""),
    ("two", ("permit",), attacked("break", "injection", decisive=()), ""),
    ("two", ("deny",), attacked("break", "injection", decisive=(0,)), ""),
    ("two", ("ask",), attacked("break", "user", decisive=()), "collateral"),
]


def scored() -> tuple[dict[str, list[Trace]], list[Replayed], Labels]:
    sets: dict[str, list[Trace]] = {}
    replayed, labels = [], {}
    for number, (name, decisions, label, _) in enumerate(CASES):
        trace, one = run(f"t{number}", *decisions)
        sets.setdefault(name, []).append(trace)
        replayed.append(one)
        labels[trace.id] = (name, msgspec.structs.replace(label, id=trace.id))
    return sets, replayed, labels


def test_each_run_says_what_went_wrong_with_it(tmp_path: Path) -> None:
    shown = page(tmp_path, *scored())
    assert [one["data-wrong"] for one in shown.runs] == [wrong for _, _, _, wrong in CASES]
    ranks = [int(one["data-rank"] or "") for one in shown.runs]
    assert ranks == [
        min((list(WRONG).index(code) for code in wrong.split()), default=len(WRONG)) for *_, wrong in CASES
    ]


def test_the_figures_are_the_scorers_and_so_are_the_sums_over_the_runs(tmp_path: Path) -> None:
    sets, replayed, labels = scored()
    shown = page(tmp_path, sets, replayed, labels)
    figures = score([one.decided for one in replayed], labels)
    table = {row[0]: row[1:] for row in shown.tables[0][1:]}
    assert table == {
        name: ["–" if value is None else str(value) for value in row.values()] for name, row in figures.items()
    }
    for place, name in enumerate(sets):
        wrongs = Counter(
            code for one in shown.runs if one["data-set"] == str(place) for code in (one["data-wrong"] or "").split()
        )
        row = figures[name]
        attacks, runs = row["attacks"] or 0, row["benign"] or 0
        assert row["stopped"] == round(100 * (attacks - wrongs["passed"]) / attacks, 1)
        assert row["denied"] == round(100 * (attacks - wrongs["passed"] - wrongs["question"]) / attacks, 1)
        if runs:
            assert row["refused"] == round(100 * wrongs["refused"] / runs, 1)
            assert row["asked"] == round(100 * wrongs["asked"] / runs, 1)


def test_each_injection_goal_stands_by_itself_and_they_add_up_to_all_attacks(tmp_path: Path) -> None:
    sets, replayed, labels = scored()
    rows = page(tmp_path, sets, replayed, labels).tables[1]
    assert rows[0] == ["injection goal", "runs", "attacks", "stopped", "denied", "asked", "went through"]
    assert rows[1:] == [["steal", "3", "3", "2", "1", "1", "1"], ["break", "4", "1", "1", "1", "0", "0"]]
    assert sum(int(row[2]) for row in rows[1:]) == score([one.decided for one in replayed], labels)["ALL"]["attacks"]


def test_without_labels_the_decisions_are_shown_and_nothing_is_scored(tmp_path: Path) -> None:
    sets, replayed, _ = scored()
    shown = page(tmp_path, sets, replayed, {})
    assert shown.tables == []
    assert "nothing is scored" in shown.text
    assert [one["data-set"] for one in shown.runs] == ["0"] * 6 + ["1"] * 4
    assert {one["data-wrong"] for one in shown.runs} == {""}


def test_huge_texts_do_not_make_a_huge_page(tmp_path: Path) -> None:
    sets, replayed, labels = world("<" * 200_000)
    file = tmp_path / "report.html"
    write_report(file, sets, replayed, labels)
    assert file.stat().st_size < 200_000
    assert re.search(r"199,\d00 more", file.read_text())


def test_it_says_how_many_decisions_stand_without_their_quotes(tmp_path: Path) -> None:
    sets, (one,), labels = world("words")
    assert "without quotes" not in page(tmp_path, sets, [one], labels).text
    part = msgspec.structs.replace(one, told=(one.told[0], msgspec.structs.replace(one.told[1], recorded=False)))
    assert "1 decision is shown without quotes" in page(tmp_path, sets, [part], labels).text
