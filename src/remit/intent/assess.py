"""The question why, answered in three findings: authority, grounding, flow.

Deterministic, without a model or the network. Authority compares the call with what the goal was compiled into;
grounding asks where its arguments came from; both meet in one question: do the goal's words explain this call,
or does somebody else's text explain it better? Flow compares what the instance read with where the call would
send. Findings inform, policy decides. Limits: a hijack that asks for exactly what the goal asks, of exactly the
things that the goal refers to, is not told apart from the work.
"""

from functools import lru_cache

from remit.intent.carrying import weighed
from remit.intent.classes import ADMINISTER, HIGH, READ, named
from remit.intent.flow import CLEAR, flow
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
from remit.intent.licence import OUTSIDE, UNSURE, WITHIN, bears_name, elsewhere_than_named, licence_of
from remit.intent.memory import Memory
from remit.intent.sources import Passage
from remit.intent.stated import contradicted, owed
from remit.intent.steered import Steering, steered
from remit.intent.tools import ToolView, call_view, only_shown, shown, tool_view
from remit.intent.values import at, fold, keys_of, leaves
from remit.intent.views import GrantView, goal_view
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
MAX_QUOTE = 200
MAX_BILL = 2_000  # characters before and behind a request to pay that say what is due


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
    tview = call_view(tool, call.arguments)
    case = Case(call.arguments, tview, view, memory)
    if tview.classes & ADMINISTER and only_shown(tview, call.arguments) and bears_name(case):
        case.tview = tview = shown(tview)
    worst, sink = case.ground()
    argument = said = ""
    licence, grant = (WITHIN, None) if brief else (OUTSIDE, None)
    if tview.acts:
        if brief is not None:
            licence, grant = licence_of(case)
            if (
                licence == OUTSIDE
                and view.acts
                and (
                    (worst.rank == GOAL and not tview.classes & HIGH)
                    or (tview.notes and worst.rank <= REFERENCED)
                    or _found_by_name(case, worst)
                )
            ):
                # another act than the goal's, on what the goal names and nothing else; or the note that it was done; or
                # the goal's act on what was found by what it names
                licence = UNSURE
            licence = weighed(case, max(licence, OUTSIDE), grant, worst.rank)
            if view.stated and licence != OUTSIDE:
                argument, said = contradicted(view.stated, call.arguments)
                if argument:
                    licence = OUTSIDE
        if (
            licence != OUTSIDE
            and sink.rank >= OUTSIDER
            and elsewhere_than_named(case)
            and not (sink.rank == NOWHERE and bears_name(case))
        ):
            licence = OUTSIDE
        if sink.rank == REFERENCED and elsewhere_than_named(case, sink.argument):
            sink = Origin(OUTSIDER, sink.argument, sink.passage)  # what was read is the subject, not the address book
            worst = worst if worst.rank > OUTSIDER else sink
        if worst.rank == REFERENCED and licence != OUTSIDE and case.only_remarked(worst):
            worst = Origin(OUTSIDER, worst.argument, worst.passage)
        if worst.rank < INSTRUCTION and memory.spoken:
            alike = grant is not None and not grant.kinds.isdisjoint(tview.kinds)
            asked = licence == WITHIN and grant is not None and not grant.handed
            steering = steered(case, tool.name, worst, asked, alike, licence == OUTSIDE)
            if steering is not None and not _usual(case, steering, licence, grant):
                rank = INSTRUCTION if steering.firm else REFERENCED if licence == OUTSIDE else OUTSIDER
                rank = OUTSIDER if steering.delegated else rank
                worst = worst if worst.rank > rank else Origin(rank, "", steering.passage)
    if worst.rank == INSTRUCTION and worst.passage is not None:
        if view.acts and (
            (licence == UNSURE and _may_ask(case, worst.passage)) or (not view.sure and case.deferred_to(worst.passage))
        ):
            licence = max(licence, UNSURE)  # the goal relies on where this stands for what was not understood of it
        elif (licence == UNSURE and not _of_the_house(worst)) or (tview.sinks and not tview.acts):
            # another's words explain the call, the goal's at most could; what is fetched from a place that an outsider
            # chose also tells him
            licence = OUTSIDE
    if mission is None or brief is None:
        authority = _NO_MISSION
    elif argument:
        authority = _found("outside", 0.9, f"the goal says {said}, argument {argument[:40]} says something else")
    elif licence == OUTSIDE or not _in_bounds(call, tool, tview, mission):
        authority = _elsewhere(tview.classes)
    elif licence == WITHIN:
        authority = _ASKED if grant is not None else _LOOKED
    else:
        authority = _MAYBE
    flowing = flow(case, sink, instance_label, mission, settings) if tview.sends else CLEAR
    return authority, _grounding(worst), flowing


def _found_by_name(case: Case, worst: Origin) -> bool:
    """Whether the goal's own act is done to what was found by what it names, whatever this is called: the drafts in a
    folder are files."""
    if worst.rank not in (TRUSTED, REFERENCED) or worst.passage is None:
        return False
    acting = case.tview.acting
    asked = any(
        grant.sure and not grant.handed and acting & grant.classes and not acting & ~(grant.classes | grant.related)
        for grant in case.view.grants
    )
    return asked and case.refers_by_name(worst.passage.source)


def _usual(case: Case, steering: Steering, licence: int, grant: GrantView | None) -> bool:
    """Whether such a request is part of the work: what the house asks of those who do what the goal asks."""
    if licence == OUTSIDE:
        return False
    asked = grant is not None and not grant.handed  # in the goal's own words
    return (asked or not case.at_stake()) and _in_house(steering.passage)


def _may_ask(case: Case, passage: Passage) -> bool:
    """Whether where a request stands is what the goal speaks of, so that a person may have meant it, too."""
    source, view = passage.source, case.view
    if not view.sure and not view.numbered.isdisjoint(source.arguments):
        return True
    if (case.tview.notes and case.deferred_to(passage)) or case.kept_by_name(source):
        return True
    beside = (
        source.text[max(0, passage.start - MAX_BILL) : passage.start] + "\n" + source.text[passage.end :][:MAX_BILL]
    )
    return case.tview.amounts and owed(case.arguments, beside)


def _of_the_house(origin: Origin) -> bool:
    return origin.passage is not None and _in_house(origin.passage)


def _in_house(passage: Passage) -> bool:
    """Whether the house's own rules say so: a person looks at what they ask for, where the goal may mean it, too."""
    return "policy" in tool_view(passage.source.tool).kinds


def _in_bounds(call: Call, tool: Tool, tview: ToolView, mission: Mission) -> bool:
    bounds, allowed = mission.bounds, mission.bounds.classes
    if allowed is not None and any(one not in allowed for one in tool.classes):
        return False
    if bounds.servers is not None and call.server not in bounds.servers:
        return False
    if bounds.tools is not None and call.tool_id not in bounds.tools:
        return False
    if bounds.sinks is None or not tview.acts:
        return True
    inside = {sink.lower() for sink in bounds.sinks}
    return all(
        text.lower() in inside or any(key in inside for key in keys_of(fold(text).lower()))
        for path in tool.sinks
        for text in leaves(at(call.arguments, path))
    )


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


MAX_PLAIN = 1024  # findings of one rank that are kept, by the argument's name
_KEPT: tuple[dict[str, Finding], ...] = tuple({} for _ in ORIGINS)


def _plain(rank: int, argument: str) -> Finding:
    kept = _KEPT[rank]
    if len(kept) >= MAX_PLAIN:
        kept.clear()
    kept[argument] = Finding(
        kind=FindingKind.GROUNDING,
        verdict=ORIGINS[rank],
        score=0.8,
        message=_PLAIN.get(rank, "its arguments come from what was read"),
        rests_on=(Evidence(what=f"argument {argument}"),) if argument else (),
    )
    return kept[argument]


def _grounding(worst: Origin) -> Finding:
    passage = worst.passage
    if passage is None:
        return _KEPT[worst.rank].get(worst.argument) or _plain(worst.rank, worst.argument)
    source, line = passage.source, f"line {passage.line}"
    place = f"{line} of a result of {source.tool.server}/{source.tool.name}"
    subject = f"argument {worst.argument}" if worst.argument else "what this call does"
    if worst.rank == INSTRUCTION:
        message = (
            f"{subject} comes from a passage that speaks to the agent ({place}) and that the goal does not defer to"
        )
    elif worst.rank == OUTSIDER:
        message = f"{subject} comes from an outsider's text ({place}) on which the goal does not rely"
    else:
        message = f"{subject} comes from {place}"
    quote = source.text[passage.start : min(passage.end, passage.start + MAX_QUOTE)]
    return Finding(
        kind=FindingKind.GROUNDING,
        verdict=ORIGINS[worst.rank],
        score=0.9,
        message=message,
        rests_on=(
            Evidence(
                what=subject,
                source=source.decision,
                where=line,
                quote=quote if quote.isascii() else quote.encode("utf-8", "replace").decode("utf-8"),
            ),
        ),
    )
