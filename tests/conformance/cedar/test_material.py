"""Cedar's own public test material, answered by compiled policies: decision, determining policies and errors.

The material is github.com/cedar-policy/cedar-integration-tests. It is not part of this repository: a run takes it from
`REMIT_CEDAR_TESTS` (a checkout or an archive of it), from what an earlier run fetched, or, with `REMIT_LONG=1`, from
the network. Where there is none of these, the test is skipped and says so.
"""

import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cedarpy
import httpx2
import pytest
from cedarpy import pst
from tests.conformance.cedar.world import Asked, asked, holds, nodes

from remit.policy.compiled import Condition, Node, Uid, compile_conditions

SOURCE = "https://codeload.github.com/cedar-policy/cedar-integration-tests/tar.gz/refs/heads/main"
CORPUS = "corpus-tests.tar.gz"  # some ten thousand generated cases, packed in the repository
Read = Mapping[str, str]  # path to text


@pytest.fixture(scope="module")
def material(request: pytest.FixtureRequest) -> Read:
    given = os.environ.get("REMIT_CEDAR_TESTS")
    if given is not None:
        return _read(Path(given))
    kept = request.config.cache.mkdir("cedar-integration-tests") / "main.tar.gz"
    if not kept.exists():
        if not os.environ.get("REMIT_LONG"):
            pytest.skip("no Cedar test material: set REMIT_CEDAR_TESTS to a checkout, or REMIT_LONG=1 to fetch it")
        try:
            answer = httpx2.get(SOURCE, timeout=30, follow_redirects=True).raise_for_status()
        except httpx2.HTTPError as error:
            pytest.skip(f"no Cedar test material: {SOURCE} cannot be reached ({type(error).__name__})")
        kept.write_bytes(answer.content)
    return _read(kept)


def _read(place: Path) -> Read:
    if place.is_dir():
        files = {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    else:
        files = {name.partition("/")[2]: data for name, data in _unpacked(place.read_bytes())}
    texts = {name: data.decode() for name, data in files.items() if _is_text(name)}
    return texts | {name: data.decode() for name, data in _unpacked(files[CORPUS]) if _is_text(name)}


def _is_text(name: str) -> bool:
    return name.endswith((".json", ".cedar", ".cedarschema"))


def _unpacked(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Read in memory: nothing of an archive is written anywhere."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                yield member.name, file.read()


def test_cedars_own_cases_come_out_as_it_says(material: Read) -> None:
    asked_of = 0
    unreadable = []
    for name in sorted(material):
        case = json.loads(material[name]) if name.endswith(".json") else None
        if not isinstance(case, dict) or "requests" not in case or "policies" not in case:
            continue
        try:
            policies = cedarpy.policies_to_pst(material[case["policies"]]).static_policies
        except ValueError as error:
            unreadable.append((name, str(error)))
            continue
        entities = _entities(case, material)
        conditions = {key: (tree, compile_conditions(tree)) for key, tree in policies.items()}
        for request in case["requests"]:
            asked_of += 1
            found = _answer(conditions, asked(request, entities))
            expected = (request["decision"], set(request["reason"]), set(request["errors"]))
            assert found == expected, f"{name}: {request['description']}"
    # Cedar's parser takes calls with too many arguments, which err whenever they are evaluated; its typed tree does
    # not, so such a policy is refused when it is loaded.
    assert all("argument(s)" in error for _, error in unreadable)
    assert asked_of > 50_000


def _entities(case: Mapping[str, Any], material: Read) -> dict[Uid, Node]:
    """Written out in full by Cedar itself: the short forms that a schema explains have no meaning without it."""
    handle = cedarpy.Entities.from_json_str(material[case["entities"]], material[case["schema"]])
    return nodes(json.loads(str(handle)))


def _answer(conditions: Mapping[str, tuple[pst.Template, Condition]], request: Asked) -> tuple[str, set[str], set[str]]:
    covering = {name: item for name, item in conditions.items() if _covers(item[0], request)}
    answers = {name: holds(condition, request) for name, (_, condition) in covering.items()}
    forbids = {name for name, answer in answers.items() if answer and conditions[name][0].effect == "forbid"}
    permits = {name for name, answer in answers.items() if answer} - forbids
    errors = {name for name, answer in answers.items() if answer is None}
    return "deny" if forbids or not permits else "allow", forbids or permits, errors


def _covers(tree: pst.Template, request: Asked) -> bool:
    """The scope, which compiled conditions leave to the index."""
    return (
        _within(tree.principal, request.principal, request.principals)
        and _within(tree.action, request.action, request.actions)
        and _within(tree.resource, request.resource, request.resources)
    )


def _within(constraint: object, own: Uid, above: frozenset[Uid]) -> bool:
    match constraint:
        case pst.ScopeEq(entity=entity) | pst.ActionEq(entity=entity):
            return _uid(entity) == own
        case pst.ScopeIn(entity=entity):
            return _uid(entity) in above
        case pst.ScopeIs(entity_type=kind):
            return str(kind) == own[0]
        case pst.ScopeIsIn(entity_type=kind, entity=entity):
            return str(kind) == own[0] and _uid(entity) in above
        case pst.ActionIn(entities=entities):
            return any(_uid(entity) in above for entity in entities)
    return isinstance(constraint, pst.ScopeAny)


def _uid(entity: pst.EntityOrSlot) -> Uid:
    assert isinstance(entity, pst.EntityUid)
    return str(entity.type), entity.id
