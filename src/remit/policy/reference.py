"""The reference: Cedar's own evaluator, asked about the policies that a request meets, and its answer read strictly.

Cedar skips a policy that errs and answers `NoDecision` to a request it cannot read. Both are denies here, with the
error: a forbid that could not be evaluated must not count as a forbid that does not apply. For the same reason an
argument that a matching policy reads, but that has no exact form in Cedar, is an error.

Cedar answers the same question the same way, so its answers are kept: under the very entities and the text of the
context that it was given, never under anything of the compiled policies. Of agents and verdicts it is given only what
the policies can read, without a name where they look at none: so what they cannot tell apart is one question. Should a
policy read more after all, it errs, and then the question is put in full.
"""

import re
from typing import Any

import cedarpy
import msgspec

from remit.policy.facts import Evaluation, Facts, PolicyTrace
from remit.policy.request import (
    Inexpressible,
    Side,
    Verdicts,
    entities_json,
    findings_uid,
    principal_of,
    resource_of,
    sides_json,
    verdicts_of,
)
from remit.policy.schema import Environment
from remit.policy.slices import Slice
from remit.policy.source import Statement, printable
from remit.policy.types import JSON, Misfits, Path, entity
from remit.policy.world import CACHED, World, approved, context_of, keep
from remit.terms import FindingKind

KEPT = 8192  # answers
LARGEST = 2000  # characters of a context whose answer is kept
FAILURES = (ValueError, TypeError, AttributeError, ArithmeticError, OSError, RecursionError)
_POLICY = re.compile(r"`policy(\d{1,9})`")
_PERMIT_ALL = "permit(principal, action, resource);"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One request as Cedar takes it."""

    body: dict[str, Any]
    context: dict[str, Any]
    entities: cedarpy.Entities
    part: Slice
    dropped: list[Path]  # values that had no exact form
    place: object  # of the answer: all that there is to the question; None when it is not kept


class Reference:
    """Cedar over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._routes: dict[object, _Route] = {}
        self._parsed: dict[object, cedarpy.Entities] = {}
        self._answers: dict[object, Evaluation] = {}

    def evaluate(self, facts: Facts, groups: tuple[str, ...] | None) -> Evaluation:
        """The answer if these groups had approved. Never raises; whatever goes wrong is a deny that says so."""
        try:
            route = self._route(facts)
            if route.place is None:
                return _answer(self._question(facts, groups, route, whole=True))
            question = self._question(facts, groups, route, whole=False)
            found = None if question.place is None else self._answers.get(question.place)
            if found is None:
                found = _answer(question)
                if found.errors:  # Cedar's words may say which agent
                    return _answer(self._question(facts, groups, route, whole=True))
                if question.place is not None:
                    keep(self._answers, question.place, found, KEPT)
            return found
        except Inexpressible as error:
            return Evaluation(allowed=False, errors=(printable(str(error)),))
        except FAILURES as error:
            return Evaluation(
                allowed=False, errors=(f"the request has no form in Cedar: {printable(str(error), 200)}",)
            )

    def question(self, facts: Facts, groups: tuple[str, ...] | None) -> Question:
        """In full."""
        return self._question(facts, groups, self._route(facts), whole=True)

    def _question(self, facts: Facts, groups: tuple[str, ...] | None, route: "_Route", *, whole: bool) -> Question:
        part, place, principal = route.part, route.place, route.principal
        misfits = Misfits(dropped=[*principal.dropped, *route.resource.dropped])
        context = approved(context_of(facts, route.environment, part, misfits, JSON), part, groups, JSON)
        verdicts: Verdicts = ()
        if "findings" in part.context:
            verdicts = verdicts_of(facts) if whole else _read(verdicts_of(facts), part.verdicts)
            context["findings"] = entity(*findings_uid(verdicts))
        text = msgspec.json.encode(context).decode()
        kept = place is not None and not misfits.dropped and len(text) <= LARGEST
        return Question(
            body={
                "principal": {"type": principal.uid[0], "id": principal.uid[1]},
                "action": {"type": "Action", "id": route.environment.action},
                "resource": {"type": route.resource.uid[0], "id": route.resource.uid[1]},
                "context": text,
            },
            context=context,
            entities=self._entities(route, principal, verdicts),
            part=part,
            dropped=misfits.dropped,
            place=(part, place, sides_json((principal,)), verdicts, text) if kept else None,
        )

    def _route(self, facts: Facts) -> "_Route":
        if facts.subject_type != "agent" or facts.resource_type != "tool":  # asserted: seldom the same twice
            return self._routed(facts, None)
        agent, tool = facts.agent, facts.tool
        key = (id(agent), facts.subject_id, id(tool), facts.resource_id)
        found = self._routes.get(key)
        if found is None or found.agent is not agent or found.tool is not tool:
            found = self._routed(facts, _place(facts))
            keep(self._routes, key, found, CACHED)
        return found

    def _routed(self, facts: Facts, place: tuple[object, ...] | None) -> "_Route":
        environment = self._world.environment(facts)
        principal, resource = principal_of(facts, self._world.declared), resource_of(facts, self._world.declared)
        part = self._world.slice(principal, environment, resource)
        return _Route(facts, place, environment, principal, resource, part)

    def _entities(self, route: "_Route", principal: Side, verdicts: Verdicts) -> cedarpy.Entities:
        """Parsed once for each combination of verdicts; what all agents share of it, once for all of them."""
        if route.place is None:  # principal and resource may be one
            text = entities_json(principal, route.environment, route.resource, verdicts)
            return cedarpy.Entities.from_json_str(text)
        side = sides_json((principal,))
        found = self._parsed.get((route.place, verdicts, side))
        if found is None:
            shared = self._parsed.get((route.place, verdicts))
            if shared is None:
                text = entities_json(None, route.environment, route.resource, verdicts)
                shared = cedarpy.Entities.from_json_str(text)
                keep(self._parsed, (route.place, verdicts), shared, CACHED)
            found = shared.with_added_json_str(side)
            keep(self._parsed, (route.place, verdicts, side), found, CACHED)
        return found


class _Route:
    """All that requests of one agent for one tool share."""

    def __init__(
        self,
        facts: Facts,
        place: tuple[object, ...] | None,
        environment: Environment,
        principal: Side,
        resource: Side,
        part: Slice,
    ) -> None:
        self.agent = facts.agent
        self.tool = facts.tool
        self.place = place  # the tool as it is read now; None for what callers assert
        self.environment = environment
        self.principal = principal
        self.resource = resource
        self.part = part


def _read(verdicts: Verdicts, kinds: frozenset[str]) -> Verdicts:
    """Without those of which policies read nothing."""
    return tuple([verdict if kind in kinds else "" for kind, verdict in zip(FindingKind, verdicts, strict=True)])


def _place(facts: Facts) -> tuple[object, ...]:
    """What of a tool its entity depends on, and the policies that it meets."""
    tool = facts.tool
    if tool is None:
        return (facts.resource_id,)
    return (tool.server, tool.name, tool.definition_hash, tool.classes, tool.state, tool.outside, tool.sure)


def _answer(question: Question) -> Evaluation:
    """Allowed only if Cedar allowed it and no policy erred."""
    unread = question.part.unread(question.dropped)
    if unread is not None:
        shown = printable(".".join(unread), 120)
        return Evaluation(
            allowed=False, errors=(f"a policy reads {shown}, whose value does not fit its declared type",)
        )
    result = cedarpy.is_authorized(question.body, question.part.handle, question.entities)
    if result.diagnostics.errors or result.decision is cedarpy.Decision.NoDecision:
        errors = result.diagnostics.errors or ["cedar gave no decision"]
        return Evaluation(allowed=False, errors=tuple(_named(error, question.part) for error in errors))
    numbers = sorted(int(name.removeprefix("policy")) for name in result.diagnostics.reasons)
    found = tuple(question.part.statements[number].ref for number in numbers)
    return Evaluation(allowed=result.decision is cedarpy.Decision.Allow, policies=found)


def trace(statement: Statement, question: Question) -> PolicyTrace:
    """Whether this policy's conditions hold, asked of Cedar beside a permit of everything."""
    policies = cedarpy.PolicySet.from_str(statement.text + "\n" + _PERMIT_ALL)
    result = cedarpy.is_authorized(question.body, policies, question.entities)
    errors = result.diagnostics.errors
    return PolicyTrace(
        policy=statement.ref,
        applies=True,
        satisfied="policy0" in result.diagnostics.reasons,
        error=_POLICY.sub(f"`{statement.ref.id}`", printable(errors[0])) if errors else "",
    )


def _named(error: str, part: Slice) -> str:
    """The error with the policy's own id in place of its position."""

    def name(match: re.Match[str]) -> str:
        number = int(match[1])
        return f"`{part.statements[number].ref.id}`" if number < len(part.statements) else match[0]

    return printable(_POLICY.sub(name, error))
