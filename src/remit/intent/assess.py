"""The question why, answered in three findings: authority, grounding, flow.

Deterministic, without a model or the network. Authority compares the call with what the goal was compiled into;
grounding asks where its arguments came from; both meet in one question: do the goal's words explain this call,
or does somebody else's text explain it better? Flow compares what the instance read with where the call would
send. Findings inform, policy decides. Limits: a hijack that asks for exactly what the goal asks, of exactly the
things that the goal refers to, is not told apart from the work.
"""

from functools import lru_cache

from remit.intent.classes import HIGH, OUTWARD, READ, bits, named
from remit.intent.flow import flow
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
from remit.intent.memory import Memory
from remit.intent.values import at, fold, keys_of, leaves, shape
from remit.intent.views import GoalView, GrantView, goal_view
from remit.terms import (
    Authority,
    Brief,
    Call,
    Evidence,
    Finding,
    FindingKind,
    Label,
    Mission,
    Settings,
    Tool,
)

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
        alike = grant is not None and not grant.kinds.isdisjoint(case.tview.kinds)
        asked = licence == _WITHIN and grant is not None and not grant.handed
        steering = case.steered(worst, asked, alike, licence == _OUTSIDE)
        if steering is not None and steering.rank > worst.rank:
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
    return authority, _grounding(worst), flow(case, sink, instance_label, mission, settings)


def _licence(case: Case, sink: Origin) -> tuple[int, GrantView | None]:
    """How well the goal licenses the call, and by which grant."""
    view, tview = case.view, case.tview
    if not case.acts:
        return _WITHIN, None
    best, by = _OUTSIDE, None
    for grant in view.grants:
        level = _match(grant, case, view)
        if level > best:
            best, by = level, grant
            if best == _WITHIN:
                break
    if best == _OUTSIDE and (
        not view.sure or tview.classes & READ or (view.acts and not case.keys.isdisjoint(view.names))
    ):
        best = _UNSURE
    if best != _OUTSIDE and sink.rank >= OUTSIDER and _elsewhere_than_named(case, sink):
        best = _OUTSIDE
    return best, by


def _match(grant: GrantView, case: Case, view: GoalView) -> int:
    kinds, acting = case.tview.kinds, case.tview.acting
    direct = acting & grant.classes
    if grant.handed:
        return _handed(case) if direct else _OUTSIDE
    if not direct and not acting & grant.related:
        return _OUTSIDE
    alike = not grant.kinds.isdisjoint(kinds)
    if acting & HIGH & ~grant.classes:  # the call also does what this grant never speaks of
        return _UNSURE if alike else _OUTSIDE
    within = alike or not case.keys.isdisjoint(grant.names)
    if direct:
        within = within or not kinds or not kinds.isdisjoint(view.kinds)
        return _WITHIN if within and grant.sure else _UNSURE
    if within:
        return _WITHIN if grant.sure else _UNSURE
    return _OUTSIDE


def _handed(case: Case) -> int:
    """A goal that hands the task to a source licenses what that source asks for, and perhaps what this needs."""
    tview = case.tview
    for passage in case.memory.spoken:
        if case.delegated(passage) and any(
            tview.acting & grant.classes and not grant.kinds.isdisjoint(tview.kinds) for grant in passage.grants
        ):
            return _WITHIN
    return _UNSURE


def _elsewhere_than_named(case: Case, sink: Origin, concrete: bool = False) -> bool:
    """Whether the goal names where to, and relies on nobody else to say so; `concrete`: in the shape of this sink."""
    outward = case.tview.classes & OUTWARD
    matching = [grant for grant in case.view.grants if grant.classes & outward]
    if not matching or any(grant.handed or not grant.shapes for grant in matching):
        return False
    if not concrete:
        return True
    shapes = {shape(text) for text in leaves(at(case.call.arguments, sink.argument))} - {"name"}
    return all(grant.shapes & shapes and not grant.sources for grant in matching)


def _in_bounds(case: Case, mission: Mission) -> bool:
    bounds = mission.bounds
    if bounds.classes is not None and case.tview.classes & ~bits(bounds.classes):
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
def _elsewhere(classes: int) -> Finding:
    what = "/".join(named(classes & ~READ)) or "read"
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
