"""The question why, answered in three findings: authority, grounding, flow.

Deterministic, without a model or the network. Authority compares the call with what the goal was compiled into;
grounding asks where its arguments came from; both meet in one question: do the goal's words explain this call,
or does somebody else's text explain it better? Flow compares what the instance read with where the call would
send. Findings inform, policy decides. Limits: a hijack that asks for exactly what the goal asks, of exactly the
things that the goal refers to, is not told apart from the work.
"""

import re
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
from remit.intent.values import (
    at,
    decoded,
    fold,
    grouped,
    keys_of,
    leaves,
    shape,
    significant,
    squeeze,
    without_separators,
)
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
MAX_LEAVING = 20_000  # characters of one argument that are searched for secrets
LEAST_SECRET = 4  # characters; a shorter value tells nothing
NEAR = 80  # characters before a value in which a word says that it is a secret
MAX_KEY = 64  # characters of a value that are looked for
_BETWEEN = r"[\s._-]?"  # what separates the characters of a value that is written in groups
_FIELD = re.compile(r"[\n,;{}]")
MAX_SECRET_SOURCES = 64
_QUERY = re.compile(r"[?&#/][^\s\"'<>]{4,2000}")
_PARTS = re.compile(r"[?&=/#;,]")


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
        alike = grant is not None and bool(grant.kinds & case.tview.kinds)
        asked = licence == _WITHIN and grant is not None and not grant.handed
        if (
            steering := case.steered(worst, asked, alike, licence == _OUTSIDE)
        ) is not None and steering.rank > worst.rank:
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
    return authority, _grounding(worst), _flow(case, sink, instance_label, mission, settings)


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
_BOUND = Finding(
    kind=FindingKind.FLOW,
    verdict="leaks",
    score=0.9,
    message="the purpose lets only public data leave, and other data was read before",
)
_TAINTED = Finding(
    kind=FindingKind.FLOW,
    verdict="tainted",
    score=0.7,
    message="outside text was read before, and where this goes is neither from the goal nor from trusted data",
)


def _flow(case: Case, sink: Origin, label: Label, mission: Mission | None, settings: Settings) -> Finding:
    tool = case.tool
    if not (tool.sinks or _C.COMMUNICATE in case.tview.classes) or (sink.rank == NONE and not case.acts):
        return _CLEAR
    limit = mission.bounds.confidentiality if mission is not None else Confidentiality.CONFIDENTIAL
    if sink.rank in (GOAL, TRUSTED) and limit >= Confidentiality.CONFIDENTIAL:
        return _CLEAR
    if tool.sinks and _internal(case, settings):
        return _CLEAR
    if label.confidentiality >= Confidentiality.CONFIDENTIAL or any(s.confidential for s in case.memory.sources[-64:]):
        passage = _secret(case)
        if passage is not None:
            return Finding(
                kind=FindingKind.FLOW,
                verdict="leaks",
                score=0.8,
                message=f"confidential data of {passage.source.tool.id} would go where it may not",
                rests_on=(Evidence(what="content", source=passage.source.decision, where=f"line {passage.line}"),),
            )
    if limit < Confidentiality.INTERNAL and label.confidentiality > limit:
        return _BOUND  # nothing that was read may leave
    if case.acts and label.integrity is Integrity.OUTSIDE and sink.rank >= UNKNOWN:
        return _TAINTED
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
    """A confidential passage of which a specific value leaves: as it is, encoded, in a URL, or cut up."""
    for text in leaves(case.call.arguments):
        lowered = fold(text[:MAX_LEAVING]).lower()
        keys = {*keys_of(without_separators(lowered)), *(key for _, key in grouped(lowered))}
        for plain in decoded(text[:MAX_LEAVING]):
            keys.update(keys_of(fold(plain).lower()))
        for url in _QUERY.findall(lowered):
            keys.update(key for part in _PARTS.split(url) for key in keys_of(part))
        for key in keys:
            if _telling(key) and key not in case.view.keys:
                for passage in case.memory.seen(key):
                    if passage.source.secret or (passage.source.confidential and _names_secret(passage, key)):
                        return passage
        if (cut := _joined(case, lowered)) is not None:
            return cut
    return None


def _telling(key: str) -> bool:
    return len(key) >= LEAST_SECRET and significant(key) and any(c.isdigit() for c in key)


def _names_secret(passage: Passage, key: str) -> bool:
    """Whether a word for a secret announces the value: before it, in the same line or field."""
    text = passage.text.lower()
    found = re.search(_BETWEEN.join(map(re.escape, key[:MAX_KEY])), text)
    if found is None:  # written differently there: the record must do
        return any(word in text for word in CONFIDENTIAL)
    before = _FIELD.split(text[max(0, found.start() - NEAR) : found.start()])[-1]
    return any(word in before for word in CONFIDENTIAL)


def _joined(case: Case, lowered: str) -> Passage | None:
    """A secret that was spaced out or cut up: "s k _ 1 9" is still the key."""
    squeezed = squeeze(lowered)
    for source in case.memory.sources[-MAX_SECRET_SOURCES:]:
        for secret, passage in case.memory.secrets(source):
            if secret in squeezed and secret not in case.view.squeezed:
                return passage
    return None
