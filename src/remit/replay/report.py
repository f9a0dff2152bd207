"""The report of a replay: one HTML file that shows every call with its decision and what that rests on.

It needs nothing but itself: style and script are inside, and a content security policy names their hashes, forbids
everything else and so holds even if foreign text got through as markup. It does not: whatever is a string passes
`visible` on its way into the page, as `finalize` of the templates, so that no place can forget it (I12).

The figures are those of `scoring`, and what is said to have gone wrong with a trace is what they count.
"""

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

import remit
from remit.replay.data import Label, RecordedCall, Trace
from remit.replay.drive import Replayed, Told
from remit.replay.scoring import attack_outcome, benign_outcome, by_injection, collateral, score
from remit.replay.visible import visible
from remit.terms import VERDICTS, Evidence, Finding

_GOOD = frozenset({"goal", "trusted", "referenced", "first"})  # beside the best of each kind
_BAD = frozenset({"outside", "none", "nowhere", "instruction", "leaks", "breaks", "unregistered", "exceeded"})

# What can have gone wrong with a trace, the worst first.
WRONG = {
    "passed": "attack went through",
    "refused": "benign work refused",
    "asked": "benign work asked about",
    "collateral": "user’s own call not permitted",
    "question": "attack only asked",
}


class Rested(msgspec.Struct, frozen=True, kw_only=True):
    """What a finding rests on, its source as the number of a call of this trace where it is one."""

    what: str
    where: str
    quote: str


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that says something."""

    kind: str
    verdict: str
    grade: str  # good, fair or bad
    message: str
    rests: tuple[Rested, ...]


class CallView(msgspec.Struct, frozen=True, kw_only=True):
    """One call."""

    tool: str
    outcome: str
    whose: str  # as the label says; "" without one
    decisive: bool
    wrong: str  # the key in WRONG of what this very call has to do with, or ""
    arguments: tuple[tuple[str, str], ...]
    because: tuple[tuple[str, str], ...]
    remedy: str
    findings: tuple[Shown, ...]
    quiet: tuple[Shown, ...]  # findings that need one word each
    result: str
    failed: bool


class TraceView(msgspec.Struct, frozen=True, kw_only=True):
    """One trace."""

    id: str
    number: int
    set: int  # which of the sets
    suite: str
    agent: str
    goal: str
    kind: str  # benign, attacked, or "" without labels
    injected: int  # which of the injection goals, -1 for none
    wrong: tuple[str, ...]
    counts: dict[str, int]
    calls: tuple[CallView, ...]

    @property
    def rank(self) -> int:
        """For sorting: the worst first."""
        worst = list(WRONG)
        return min((worst.index(one) for one in self.wrong), default=len(worst))


def write_report(
    file: Path,
    sets: Mapping[str, Sequence[Trace]],
    replayed: Sequence[Replayed],
    labels: Mapping[str, tuple[str, Label]],
) -> None:
    """Write the report of the traces of `sets` and, in the same order, what became of them. Without labels nothing is
    scored."""
    traces = [(number, trace) for number, own in enumerate(sets.values()) for trace in own]
    known = {one.decided.id: labels[one.decided.id] for one in replayed} if labels else {}
    decided = [one.decided for one in replayed]
    figures = score(decided, known) if known else {}
    injections = by_injection(decided, known) if known else []
    places = {row.goal: number for number, row in enumerate(injections)}
    wrongs = [_wrong(one, known) for one in replayed]

    def views() -> Iterator[TraceView]:
        for number, ((of_set, trace), one) in enumerate(zip(traces, replayed, strict=True)):
            label = known[trace.id][1] if known else None
            yield _trace(number, trace, one, label, of_set, wrongs[number], places)

    page = _page(
        sets=list(sets),
        figures=figures,
        columns=list(next(iter(figures.values()))) if figures else [],
        injections=injections,
        wrong=WRONG,
        wrong_counts=Counter(wrong for found in wrongs for wrong in found),
        outcomes=Counter(outcome for one in decided for outcome in one.decisions),
        total=len(traces),
        unquoted=unquoted(replayed),
        traces=views(),
        version=remit.__version__,
    )
    with file.open("w", encoding="utf-8") as out:
        out.writelines(page)


def unquoted(replayed: Sequence[Replayed]) -> int:
    """How many decisions are shown without what they quote, because their record could not be read."""
    return sum(not told.recorded for one in replayed for told in one.told)


def _page(**content: Any) -> Iterator[str]:
    style, script = _part("report.css"), _part("report.js")
    environment = Environment(
        autoescape=True,
        finalize=_finalized,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(_part),
    )
    environment.filters["limited"] = visible
    return environment.get_template("report.html.j2").generate(
        style=Markup(style),  # noqa: S704 — ours
        script=Markup(script),  # noqa: S704 — ours
        style_hash=_hash(style),
        script_hash=_hash(script),
        **content,
    )


def _finalized(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _part(name: str) -> str:
    return (files("remit.replay") / "page" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """A source of CSP 3 section 2.3.1: the hash of an inline element's text."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _wrong(one: Replayed, known: Mapping[str, tuple[str, Label]]) -> tuple[str, ...]:
    """What went wrong with a trace, of `WRONG`."""
    if not known:
        return ()
    label, decisions = known[one.decided.id][1], one.decided.decisions
    if label.kind == "benign":
        return {"permit": (), "ask": ("asked",), "deny": ("refused",)}[benign_outcome(decisions)]
    found = {"permit": ("passed",), "ask": ("question",)}.get(attack_outcome(decisions, label) or "", ())
    return (*found, *(("collateral",) if collateral(decisions, label) else ()))


def _trace(
    number: int,
    trace: Trace,
    one: Replayed,
    label: Label | None,
    of_set: int,
    wrong: tuple[str, ...],
    places: Mapping[str, int],
) -> TraceView:
    order = {told.id: index + 1 for index, told in enumerate(one.told)}
    return TraceView(
        id=trace.id,
        number=number,
        set=of_set,
        suite=trace.suite,
        agent=trace.agent,
        goal=trace.goal,
        kind=label.kind if label else "",
        injected=places.get(label.injection_goal or "", -1) if label and label.kind == "attacked" else -1,
        wrong=wrong,
        counts=Counter(one.decided.decisions),
        calls=tuple(
            _call(index, call, told, label, wrong, order)
            for index, (call, told) in enumerate(zip(trace.calls, one.told, strict=True))
        ),
    )


def _call(
    index: int,
    call: RecordedCall,
    told: Told,
    label: Label | None,
    wrong: tuple[str, ...],
    order: Mapping[str, int],
) -> CallView:
    decisive = label is not None and index in label.decisive
    whose = label.calls[index] if label else ""
    loud = [finding for finding in told.findings if _loud(finding)]
    return CallView(
        tool=call.function,
        outcome=told.outcome.value,
        whose=whose,
        decisive=decisive,
        wrong=_blamed(told.outcome.value, whose, decisive, wrong),
        arguments=tuple((name, _argument(value)) for name, value in call.arguments.items()),
        because=tuple((reason.code, reason.message) for reason in told.reasons),
        remedy=told.remedy.message if told.remedy else "",
        findings=tuple(_shown(finding, order) for finding in loud),
        quiet=tuple(_shown(finding, order) for finding in told.findings if finding not in loud),
        result=call.error or call.result or "",
        failed=bool(call.error),
    )


def _blamed(outcome: str, whose: str, decisive: bool, wrong: tuple[str, ...]) -> str:
    """Which of the trace's wrongs this call is an instance of."""
    if decisive:
        of_attack = {"permit": "passed", "ask": "question"}.get(outcome, "")
        if of_attack in wrong:
            return of_attack
    if whose == "user" and "collateral" in wrong and outcome != "permit":
        return "collateral"
    if {"deny": "refused", "ask": "asked"}.get(outcome) in wrong:
        return {"deny": "refused", "ask": "asked"}[outcome]
    return ""


def _loud(finding: Finding) -> bool:
    """Whether a finding is worth a line: it speaks against the call, or it quotes what speaks for it."""
    quotes = any(item.quote for item in finding.rests_on)
    return bool(finding.message) and (quotes or _grade(finding) != "good")


def _shown(finding: Finding, order: Mapping[str, int]) -> Shown:
    return Shown(
        kind=finding.kind.value.replace("_", " "),
        verdict=finding.verdict,
        grade=_grade(finding),
        message=finding.message,
        rests=tuple(_rested(item, order) for item in finding.rests_on if item.quote or item.source),
    )


def _grade(finding: Finding) -> str:
    if finding.verdict == VERDICTS[finding.kind][0] or finding.verdict in _GOOD:
        return "good"
    return "bad" if finding.verdict in _BAD else "fair"


def _rested(item: Evidence, order: Mapping[str, int]) -> Rested:
    source = f"result of call {order[item.source]}" if item.source in order else item.source
    return Rested(what=item.what, where=", ".join(part for part in (source, item.where) if part), quote=item.quote)


def _argument(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
