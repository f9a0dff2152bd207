"""Cedar's JSON of entities and context as the compiled policies' values, and both evaluators asked the same."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import cedarpy
import msgspec

from remit.policy.compiled import ERRORS, Condition, Node, Uid, compile_conditions
from remit.policy.compiled.extensions import CONSTRUCTORS, offset
from remit.policy.compiled.values import key

Answer = tuple[frozenset[int], frozenset[int]]  # numbers of the policies that are satisfied, and that err


def value(document: Any) -> Any:
    """Data in Cedar's JSON, written out in full (`__entity`, `__extn`)."""
    if isinstance(document, list):
        return frozenset(key(value(item)) for item in document)
    if not isinstance(document, dict):
        return document
    if document.keys() == {"__entity"}:
        return uid(document["__entity"])
    if document.keys() == {"__extn"}:
        call = document["__extn"]
        if call["fn"] == "offset":  # how Cedar writes a datetime that it computed
            return offset(*(value(argument) for argument in call["args"]))
        return CONSTRUCTORS[call["fn"]](value(call["arg"]))
    return {name: value(item) for name, item in document.items()}


def uid(document: Mapping[str, str]) -> Uid:
    return document["type"], document["id"]


def nodes(entities: Sequence[Mapping[str, Any]]) -> dict[Uid, Node]:
    parents = {uid(item["uid"]): [uid(parent) for parent in item["parents"]] for item in entities}
    return {
        uid(item["uid"]): Node(
            attributes=value(item["attrs"]),
            ancestors=_above(uid(item["uid"]), parents),
            tags=value(item.get("tags", {})),
        )
        for item in entities
    }


def _above(start: Uid, parents: Mapping[Uid, Sequence[Uid]]) -> frozenset[Uid]:
    found: set[Uid] = set()
    waiting = [start]
    while waiting:
        for parent in parents.get(waiting.pop(), ()):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return frozenset(found)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request over any entities: the compiled policies' `Request`."""

    principal: Uid
    action: Uid
    resource: Uid
    context: dict[str, Any]
    known: dict[Uid, Node]

    @property
    def principals(self) -> frozenset[Uid]:
        return self._with_ancestors(self.principal)

    @property
    def actions(self) -> frozenset[Uid]:
        return self._with_ancestors(self.action)

    @property
    def resources(self) -> frozenset[Uid]:
        return self._with_ancestors(self.resource)

    def find(self, uid: Uid, /) -> Node | None:
        return self.known.get(uid)

    def attributes(self, uid: Uid) -> Mapping[str, Any]:
        node = self.known.get(uid)
        return {} if node is None else node.attributes

    def _with_ancestors(self, uid: Uid) -> frozenset[Uid]:
        node = self.known.get(uid)
        return frozenset((uid, *(() if node is None else node.ancestors)))


def asked(request: Mapping[str, Any], known: dict[Uid, Node]) -> Asked:
    return Asked(
        principal=uid(request["principal"]),
        action=uid(request["action"]),
        resource=uid(request["resource"]),
        context=value(request["context"]),
        known=known,
    )


def holds(condition: Condition, request: Asked) -> bool | None:
    """Whether the conditions hold; None when the policy errs. Any other exception is a defect and goes through."""
    found = request.context.get("findings")
    findings = request.attributes(found) if type(found) is tuple else found if type(found) is dict else None
    principal, resource = request.attributes(request.principal), request.attributes(request.resource)
    try:
        answer = condition(request.context, findings, principal, resource, request)
    except ERRORS:
        return None
    assert answer is True or answer is False
    return answer


def ours(conditions: Sequence[Condition], request: Asked) -> Answer:
    answers = [holds(condition, request) for condition in conditions]
    return (
        frozenset(number for number, answer in enumerate(answers) if answer),
        frozenset(number for number, answer in enumerate(answers) if answer is None),
    )


def compiled(text: str) -> list[Condition]:
    """The conditions of each policy, in order; their scopes are left out."""
    trees = cedarpy.policies_to_pst(text).static_policies
    return [compile_conditions(trees[f"policy{number}"]) for number in range(len(trees))]


def theirs(policies: cedarpy.PolicySet, entities: cedarpy.Entities, request: Mapping[str, Any]) -> Answer:
    """Cedar's answer, where every policy is a permit of anything: then all that are satisfied are its reasons."""
    result = cedarpy.is_authorized(dict(request), policies, entities)
    assert result.decision is not cedarpy.Decision.NoDecision, result.diagnostics.errors
    erring = [_number(error) for error in result.diagnostics.errors]
    return frozenset(int(name.removeprefix("policy")) for name in result.diagnostics.reasons), frozenset(erring)


def _number(error: str) -> int:
    found = re.search(r"`policy(\d+)`", error)
    assert found is not None, error
    return int(found[1])
