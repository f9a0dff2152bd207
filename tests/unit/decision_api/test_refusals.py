"""Every refusal of a token, in the words of those who refuse, is counted under the kind that it is of."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import remit
from remit.decision_api.refusals import ENDED, TokenRefusals, kind_of

SOURCE = Path(remit.__file__).parent
ROOMS = ("tokens/call_tokens.py", "tokens/framing.py", "tokens/lifecycle.py", "tokens/proofs.py", "mediation/tokens.py")
CHANGED = "the tool's definition changed after the permit; ask again"  # of what the permit rested on
LIFE = {"close", "void"}  # of a record, not of a use


def words(value: ast.expr | None) -> Iterator[str]:
    """The text of a string, with `x` for what is filled in."""
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in parts)
        case ast.IfExp(body=one, orelse=other):
            yield from (*words(one), *words(other))


def refusals() -> list[str]:
    """What functions that say "or why not" return."""
    found: list[str] = []
    for name in ROOMS:
        for function in ast.walk(ast.parse((SOURCE / name).read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef) or function.name in LIFE or function.returns is None:
                continue
            if "| str" not in ast.unparse(function.returns) and ast.unparse(function.returns) != "str | None":
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Return):
                    found += words(node.value)
    return found


def test_the_words_are_found() -> None:
    assert len(refusals()) > 30
    assert CHANGED in refusals()


@pytest.mark.parametrize("why", refusals())
def test_every_refusal_of_the_token_desk_has_a_kind_of_its_own(why: str) -> None:
    of_what_ended = why == CHANGED or why.startswith("the tool is ")
    assert (kind_of(why) == ENDED) == of_what_ended


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        ("the token is consumed already; each is for one use", "used"),
        ("the token is void already; each is for one use", "used"),
        ("the proof was used already; make one for each request", "proof"),
        ("the token is bound to a key: expected a DPoP proof made with it", "proof"),
        ("the signature does not verify", "invalid"),
        ("the token is of another epoch of the store; ask for a new one", "epoch"),
        ("the token has expired; ask for a new one", "expired"),
        ("the token is for another audience", "audience"),
        ("enforcement point `x` does not guard the server of this token", "audience"),
        ("the agent is quarantined", "ended"),
        ("everything is stopped by an operator", "ended"),
    ],
)
def test_refusals_are_of_the_kind_that_they_say(why: str, kind: str) -> None:
    assert kind_of(why) == kind


def test_counts_begin_at_zero_and_are_by_kind() -> None:
    refusals = TokenRefusals()
    assert refusals.counts == {}
    refusals.count("the token has expired; ask for a new one")
    refusals.count("the agent is retired")
    refusals.count("the agent is quarantined")
    assert refusals.counts == {"ended": 2, "expired": 1}
