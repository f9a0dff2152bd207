"""Compiled policies against Cedar: made policies, entities and requests; three answers each (holds, does not, errs).

Some thousands of cases in an ordinary run; `REMIT_LONG=1` makes 240,000, and `REMIT_SEED` begins elsewhere.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import cedarpy
import pytest
from tests.conformance.cedar.generated import Maker
from tests.conformance.cedar.world import asked, compiled, nodes, ours, theirs

from remit.policy.compiled import compiler, extensions, operators
from remit.policy.compiled.values import long

POLICIES, REQUESTS = 20, 5  # of one seed
SEEDS = 2400 if os.environ.get("REMIT_LONG") else 40
START = int(os.environ.get("REMIT_SEED", "0"))


def differences(seed: int, counted: Counter[str]) -> Iterator[str]:
    """Each policy of this seed on which the two differ."""
    maker = Maker(seed)
    texts = [text for text in (maker.policy() for _ in range(POLICIES)) if _parses(text)]
    conditions = compiled("\n".join(texts))
    policies = cedarpy.PolicySet.from_str("\n".join(texts))
    entities = maker.entities()
    known, theirs_known = nodes(entities), cedarpy.Entities.from_json_str(json.dumps(entities))
    for _ in range(REQUESTS):
        request = maker.request()
        body = {**request, "context": json.dumps(request["context"])}
        mine, cedar = ours(conditions, asked(request, known)), theirs(policies, theirs_known, body)
        counted.update(cases=len(texts), hold=len(cedar[0]), err=len(cedar[1]))
        for number in (mine[0] ^ cedar[0]) | (mine[1] ^ cedar[1]):
            yield f"seed {seed}: {texts[number]}\n{json.dumps(request)}\n{json.dumps(entities)}"


def _parses(text: str) -> bool:
    """Nearly all do; a minus before the least Long does not."""
    try:
        cedarpy.policies_to_pst(text)
    except ValueError:
        return False
    return True


def test_compiled_policies_answer_as_cedar_does() -> None:
    counted: Counter[str] = Counter()
    for seed in range(START, START + SEEDS):
        assert not next(differences(seed, counted), None)
    # What was made is worth asking about: each of the three answers comes often.
    assert counted["cases"] >= SEEDS * (POLICIES - 2) * REQUESTS
    assert counted["hold"] > counted["cases"] / 5
    assert counted["err"] > counted["cases"] / 20
    assert counted["cases"] - counted["hold"] - counted["err"] > counted["cases"] / 5


# Defects that somebody could make; each has to be noticed.
PLANTED: dict[str, tuple[str, str, Any]] = {
    "a sum that overflows": ("BINARY", "add", lambda left, right: left + right if long(left) else right),
    "a product that wraps": ("BINARY", "mul", lambda left, right: (left * right + 2**63) % 2**64 - 2**63),
    "less or equal for less": ("BINARY", "less", operators.less_equal),
    "any for all": ("BINARY", "contains_all", operators.contains_any),
    "a set compared by Python": ("BINARY", "contains", lambda items, value: any(value == item for item in items)),
    "a range turned round": ("BINARY", "is_in_range", lambda one, other: extensions.is_in_range(other, one)),
    "seconds rounded down": ("UNARY", "to_days", lambda value: value.ms // 86_400_000),
    "decimals not in order": ("BINARY", "decimal_greater", operators.BINARY["decimal_greater_eq"]),
    "a loopback range too wide": ("UNARY", "is_loopback", lambda value: value.address >> (value.bits - 8) in (0, 127)),
    "a hierarchy of one": ("WITH_REQUEST", "in", lambda value, group, _: value == group),
    "a tag that is an attribute": ("WITH_REQUEST", "has_tag", operators.has),
}


@pytest.mark.parametrize("defect", PLANTED)
def test_a_planted_wrong_closure_is_noticed(defect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table, name, wrong = PLANTED[defect]
    monkeypatch.setitem(getattr(compiler, table), name, wrong)
    assert any(next(_caught(seed), None) for seed in range(400)), "no difference was seen"


def _caught(seed: int) -> Iterator[str]:
    """A defect may also show as an exception that no error of Cedar's explains."""
    try:
        yield from differences(seed, Counter())
    except (AssertionError, AttributeError) as error:
        yield str(error)


def test_a_type_check_left_out_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operators, "truth", bool)
    assert any(next(differences(seed, Counter()), None) for seed in range(100))


def test_a_comparison_by_python_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operators, "same", lambda left, right: left == right)  # True == 1
    assert any(next(differences(seed, Counter()), None) for seed in range(400))
