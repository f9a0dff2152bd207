"""The threat model names tests; each of them exists, and every item of the lists that it answers is in it."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", TEXT)))


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_test_that_is_named_exists(file: str, name: str) -> None:
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize(
    "item",
    [*(f"ASI{n:02}" for n in range(1, 11)), *(f"NHI{n}" for n in range(1, 11)), *(f"I{n}" for n in range(1, 15))],
)
def test_every_item_has_one_row_that_names_tests_or_says_that_there_is_nothing_to_defend(item: str) -> None:
    rows = [line for line in TEXT.splitlines() if re.match(rf"\| {item}\b", line)]
    assert len(rows) == 1
    assert "::test_" in rows[0] or item == "I9"
