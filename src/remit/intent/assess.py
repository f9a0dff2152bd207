"""The question why, answered in three findings: authority, grounding, flow.

Deterministic, without a model or the network. Authority compares the call with what the goal was compiled into;
grounding asks where its arguments came from; both meet in one question: do the goal's words explain this call,
or does somebody else's text explain it better? Flow compares what the instance read with where the call would
send. Findings inform, policy decides. Limits: a hijack that asks for exactly what the goal asks, of exactly the
things that the goal refers to, is not told apart from the work.
"""

from functools import lru_cache

from remit.intent.grounding import (
    GOAL,
    INSTRUCTION,
    NONE,
    NOWHERE,
    ORIGINS,
    OUTSIDER,
    REFERENCED,
    TRUSTED,
    UNKNOWN,
    Case,
    Origin,
)
from remit.intent.memory import CONFIDENTIAL, Memory, Passage
from remit.intent.values import at, fold, keys_of, leaves, shape, significant
from remit.intent.views import GoalView, GrantView, goal_view
from remit.terms import (
    HIGH_RISK,
    Authority,
    Brief,
    Call,
    Confidentiality,
    Evidence,
    Finding,
    FindingKind,
    Integrity,
    Label,
    Mission,
    OperationClass,
    Settings,
    Tool,
)

_C = OperationClass
_READ = frozenset((_C.READ,))

_OUTWARD = frozenset((_C.COMMUNICATE, _C.TRANSFER))
_NO_GOAL = Authority(grants=(), compiler="none", hash="")
_OUTSIDE, _UNSURE, _WITHIN = range(3)
MAX_QUOTE = 200


def assess(
    *,
    call: Call,
    tool: Tool,
    mission: Mission | None,
    brief: Brief | None,
    memory: Memory,
    instance_label: Label,
    settings: Settings,
) -> tuple[Finding, ...]:
    """Authority, grounding and flow findings for `call`, in this order."""
    view = goal_view(brief.authority, brief.goal) if brief else goal_view(_NO_GOAL, "")
    case = Case(call, tool, view, memory)
    worst, sink = case.ground()
    licence, grant = _licence(case, sink) if brief else (_OUTSIDE, None)
    if sink.rank == REFERENCED and case.acts and _elsewhere_than_named(case, sink, concrete=True):
        sink = Origin(OUTSIDER, sink.argument, sink.passage)  # what was read is the subject, not the address book
        worst = worst if worst.rank > OUTSIDER else sink
    if case.acts and worst.rank < INSTRUCTION and memory.spoken:
        asked = licence == _WITHIN and grant is not None and not grant.handed
        if (steering := case.steered(worst, asked, licence == _OUTSIDE)) is not None and steering.rank > worst.rank:
            worst = steering
    if worst.rank == INSTRUCTION and licence == _UNSURE:
        licence = _OUTSIDE  # another's words explain the call, the goal's at most could
    if worst.rank == INSTRUCTION and not case.acts and tool.sinks:
        licence = _OUTSIDE  # what is fetched from a place that an outsider chose also tells him
    if mission is None or brief is None:
        authority = _NO_MISSION
    else:
        if not _in_bounds(case, mission):
            licence = _OUTSIDE
        authority = _authority(licence, grant, case)
    return authority, _grounding(worst), _flow(case, sink, instance_label, settings)


def _licence(case: Case, sink: Origin) -> tuple[int, GrantView | None]:
    """How well the goal licenses the call, and by which grant."""
    view, tview = case.view, case.tview
    if not case.acts:
        return _WITHIN, None
    best, by = _OUTSIDE, None
    classes = tview.classes - _READ
    for grant in view.grants:
        level = _match(grant, case, view, classes)
        if level > best:
            best, by = level, grant
    if best == _OUTSIDE and (
        not view.sure or _C.READ in tview.classes or (view.acts and not case.keys.isdisjoint(view.names))
    ):
        best = _UNSURE
    if best != _OUTSIDE and sink.rank >= OUTSIDER and _elsewhere_than_named(case, sink):
        best = _OUTSIDE
    return best, by


def _match(grant: GrantView, case: Case, view: GoalView, classes: frozenset[OperationClass]) -> int:
    kinds = case.tview.kinds
    if grant.handed:
        return _handed(case) if classes & grant.classes else _OUTSIDE
    alike = bool(grant.kinds & kinds)
    named = not case.keys.isdisjoint(grant.names)
    if not classes & HIGH_RISK <= grant.classes:  # the call also does what this grant never speaks of
        return _UNSURE if alike and (classes & grant.classes or classes & grant.related) else _OUTSIDE
    if classes & grant.classes:
        if alike or named or not kinds or kinds & view.kinds:
            return _WITHIN if grant.sure else _UNSURE
        return _UNSURE
    if classes & grant.related and (alike or named):
        return _WITHIN if grant.sure else _UNSURE
    return _OUTSIDE


def _handed(case: Case) -> int:
    """A goal that hands the task to a source licenses what that source asks for, and perhaps what this needs."""
    classes = case.tview.classes - _READ
    for passage in case.memory.spoken:
        if case.delegated(passage) and any(
            classes & grant.classes and grant.kinds & case.tview.kinds for grant in passage.grants
        ):
            return _WITHIN
    return _UNSURE


def _elsewhere_than_named(case: Case, sink: Origin, concrete: bool = False) -> bool:
    """Whether the goal names where to, and relies on nobody else to say so; `concrete`: in the shape of this sink."""
    classes = case.tview.classes & _OUTWARD
    matching = [grant for grant in case.view.grants if grant.classes & classes]
    if not matching or any(grant.handed or not grant.shapes for grant in matching):
        return False
    if not concrete:
        return True
    shapes = {shape(text) for text in leaves(at(case.call.arguments, sink.argument))} - {"name"}
    return all(grant.shapes & shapes and not grant.sources for grant in matching)


def _in_bounds(case: Case, mission: Mission) -> bool:
    bounds = mission.bounds
    if bounds.classes is not None and not case.tview.classes <= frozenset(bounds.classes):
        return False
    if bounds.servers is not None and case.call.server not in bounds.servers:
        return False
    if bounds.tools is not None and case.call.tool_id not in bounds.tools:
        return False
    if bounds.sinks is None or not case.acts:
        return True
    allowed = {sink.lower() for sink in bounds.sinks}
    return all(
        text.lower() in allowed or any(key in allowed for key in keys_of(fold(text).lower()))
        for path in case.tool.sinks
        for text in leaves(at(case.call.arguments, path))
    )


def _authority(licence: int, grant: GrantView | None, case: Case) -> Finding:
    if licence == _WITHIN:
        return _ASKED if grant is not None else _LOOKED
    return _MAYBE if licence == _UNSURE else _elsewhere(case.tview.classes)


def _found(verdict: str, score: float, message: str) -> Finding:
    return Finding(kind=FindingKind.AUTHORITY, verdict=verdict, score=score, message=message)


_ASKED = _found("within", 0.9, "the goal asks for this")
_LOOKED = _found("within", 0.9, "looking things up is part of the work")
_MAYBE = _found("unsure", 0.5, "the goal may ask for this, but does not say so plainly")
_NO_MISSION = _found("none", 1.0, "there is no mission that says what this is for")


@lru_cache(maxsize=512)
def _elsewhere(classes: frozenset[OperationClass]) -> Finding:
    what = "/".join(sorted(classes - _READ)) or "read"
    return _found("outside", 0.9, f"the goal licenses other things, not this ({what})")


_PLAIN = {
    NONE: "no argument of this call tells where it came from",
    GOAL: "its arguments come from the goal",
    TRUSTED: "its arguments come from the organisation's own data",
    UNKNOWN: "some results are missing, so where an argument came from is not known",
    NOWHERE: "an argument stands neither in the goal nor in anything that was read",
}


@lru_cache(maxsize=4096)
def _plain(rank: int, argument: str) -> Finding:
    return Finding(
        kind=FindingKind.GROUNDING,
        verdict=ORIGINS[rank],
        score=0.8,
        message=_PLAIN.get(rank, "its arguments come from what was read"),
        rests_on=(Evidence(what=f"argument {argument}"),) if argument else (),
    )


def _grounding(worst: Origin) -> Finding:
    passage = worst.passage
    if passage is None:
        return _plain(worst.rank, worst.argument)
    place = f"line {passage.line} of a result of {passage.source.tool.id}"
    subject = f"argument {worst.argument}" if worst.argument else "what this call does"
    if worst.rank == INSTRUCTION:
        message = (
            f"{subject} comes from a passage that speaks to the agent ({place}) and that the goal does not defer to"
        )
    elif worst.rank == OUTSIDER:
        message = f"{subject} comes from an outsider's text ({place}) on which the goal does not rely"
    else:
        message = f"{subject} comes from {place}"
    return Finding(
        kind=FindingKind.GROUNDING,
        verdict=ORIGINS[worst.rank],
        score=0.9,
        message=message,
        rests_on=(
            Evidence(
                what=subject,
                source=passage.source.decision,
                where=f"line {passage.line}",
                quote=passage.text[:MAX_QUOTE].encode("utf-8", "replace").decode("utf-8"),
            ),
        ),
    )


_CLEAR = Finding(kind=FindingKind.FLOW, verdict="clear", message="nothing flows where it may not")


def _flow(case: Case, sink: Origin, label: Label, settings: Settings) -> Finding:
    tool = case.tool
    if sink.rank in (GOAL, TRUSTED) or not (tool.sinks or _OUTWARD & case.tview.classes):
        return _CLEAR
    if (sink.rank == NONE and not case.acts) or (tool.sinks and _internal(case, settings)):
        return _CLEAR
    if label.confidentiality >= Confidentiality.CONFIDENTIAL or any(s.confidential for s in case.memory.sources[-64:]):
        passage = _secret(case)
        if passage is not None:
            return Finding(
                kind=FindingKind.FLOW,
                verdict="leaks",
                score=0.8,
                message=f"confidential data of {passage.source.tool.id} would go where the goal does not send it",
                rests_on=(Evidence(what="content", source=passage.source.decision, where=f"line {passage.line}"),),
            )
    if case.acts and label.integrity is Integrity.OUTSIDE and sink.rank >= UNKNOWN:
        return Finding(
            kind=FindingKind.FLOW,
            verdict="tainted",
            score=0.7,
            message="outside text was read before, and where this goes is neither from the goal nor from trusted data",
        )
    return _CLEAR


def _internal(case: Case, settings: Settings) -> bool:
    """Whether every sink lies in the organisation's domains."""
    if not settings.internal_domains:
        return False
    for path in case.tool.sinks:
        for text in leaves(at(case.call.arguments, path)):
            host = fold(text).lower().partition("://")[2] or fold(text).lower()
            host = host.rpartition("@")[2].partition("/")[0].partition(":")[0]
            if not any(host == domain or host.endswith("." + domain) for domain in settings.internal_domains):
                return False
    return True


def _secret(case: Case) -> Passage | None:
    """A confidential passage whose specific values the call's content carries."""
    for name, value in case.call.arguments.items():
        if name in case.tool.sinks:
            continue
        for text in leaves(value):
            for key in set(keys_of(fold(text[:20_000]).lower())):
                if len(key) < 6 or not any(c.isdigit() for c in key) or key in case.view.keys or not significant(key):
                    continue
                for passage in case.memory.seen(key):
                    if passage.source.confidential and any(word in passage.text.lower() for word in CONFIDENTIAL):
                        return passage
    return None
