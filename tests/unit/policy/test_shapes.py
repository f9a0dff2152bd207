"""Statements of one shape: read as Cedar reads each of them, whatever stands where a name is expected."""

import time
from collections.abc import Iterator

import cedarpy
import pytest
from cedarpy import pst

from remit.policy.shapes import Shapes
from remit.policy.source import MAX_STATEMENT, read


def by_cedar(text: str) -> pst.Template:
    (tree,) = cedarpy.policies_to_pst(text).static_policies.values()
    return tree


def counting(parsed: list[str]) -> Shapes:
    def parse(text: str) -> pst.Template:
        parsed.append(text)
        return by_cedar(text)

    return Shapes(parse)


def forbid(scope: str, condition: str = "true", notes: str = '@id("a")') -> str:
    return f"{notes} forbid ({scope}) when {{ {condition} }};"


def variants(pattern: str) -> Iterator[str]:
    for name in ("x", "y z", "", "a/b", "x"):
        yield pattern.replace("§", name)


ALIKE = [
    forbid('principal == Agent::"§", action, resource', 'principal.owner == "me"'),
    forbid('principal in AgentGroup::"§", action in [Action::"t/u"], resource in Server::"s§"'),
    forbid('principal is Agent in Category::"§", action, resource == Tool :: "t/§"', notes='@id("§") @reason( "r§" )'),
    forbid(
        'principal, action == Action::"t/u", resource is Tool in Server::"§"', 'resource is Tool // "§" Agent::"x"\n'
    ),
    '@id("a§")\n@ask ("g§")@reason permit(principal, action, resource)\nunless { context has "Agent::§" } ;'.replace(
        "Agent::§", "Agent"
    ),
]


@pytest.mark.parametrize("pattern", ALIKE)
def test_statements_that_differ_in_names_are_parsed_twice_and_read_exactly(pattern: str) -> None:
    parsed: list[str] = []
    shapes = counting(parsed)
    found = [shapes.read(text) for text in variants(pattern)]
    assert [tree for _, tree in found] == [by_cedar(text) for text in variants(pattern)]
    assert len({shape for shape, _ in found}) == 1
    assert len(parsed) == 2  # the first, and the proof
    assert len({id(tree.clauses) for _, tree in found}) == 1


# A name that also stands in a condition, or that the eraser cannot see where Cedar sees it.
APART = [
    forbid('principal == Agent::"a", action, resource', 'Agent::"§" in AgentGroup::"g"'),
    forbid("principal, action, resource", 'principal == Agent::"§"'),
    forbid(r'principal == Agent::"\u{61}", action, resource', 'principal == Agent::"§"'),
    forbid('principal == Agent:: // here\n"a", action, resource', 'principal == Agent::"§"'),
    forbid('principal == Agent::"a§", action, resource', 'resource == Tool::"§"'),
    forbid('principal in NS::Agent::"§", action, resource'),
    forbid('principal == Robot::"§", action, resource'),
    forbid('principal, action == Action::"§", resource'),
    forbid("principal, action, resource", 'principal.owner == "§"'),
    forbid("principal, action, resource", 'principal.owner like "§*"'),
    forbid("principal, action, resource", 'context.owner == "@id(\\"§\\")" && context.x == "Agent::\\"§\\""'),
]


@pytest.mark.parametrize("pattern", APART)
def test_what_is_more_than_a_name_in_the_scope_is_read_by_cedar(pattern: str) -> None:
    shapes = Shapes(by_cedar)
    found = [shapes.read(text) for text in variants(pattern)]
    assert [tree for _, tree in found] == [by_cedar(text) for text in variants(pattern)]


def test_escapes_and_letters_beyond_ascii_are_no_plain_names() -> None:
    shapes = Shapes(by_cedar)
    for name in ("x", "é", r"\u{78}", r"\"", r"\\", "x", "\t", "\N{RIGHT-TO-LEFT OVERRIDE}"):
        text = forbid(f'principal == Agent::"{name}", action, resource', notes=f'@id("{name}")')
        assert shapes.read(text)[1] == by_cedar(text)


@pytest.mark.parametrize("text", [
    'permit(principal, action, resource) when { "\0" == "" };',
    '@id("a") @id("b") permit(principal, action, resource);',
    'permit(principal == Agent::"a" "b", action, resource);', "\0", '@id("a")', 'permit(principal == Agent::"',
])  # fmt: skip
def test_text_that_cedar_refuses_is_refused_however_often_it_comes(text: str) -> None:
    shapes = Shapes(by_cedar)
    for _ in range(3):
        try:
            expected = by_cedar(text)
        except ValueError:
            with pytest.raises(ValueError):  # whatever Cedar says
                shapes.read(text)
        else:
            assert shapes.read(text)[1] == expected


def test_a_broken_statement_among_many_alike_is_named_with_its_line() -> None:
    good = '@id("n§") forbid (principal == Agent::"n§", action, resource) when { true };'
    lines = [good.replace("§", str(number)) for number in range(20)]
    lines[7] = lines[7].replace("true", "tru e")
    statements, problems = read({"a.cedar": "\n".join(lines)})
    assert [problem.line for problem in problems] == [8]
    assert [statement.ref.id for statement in statements] == [f"n{n}" for n in range(20) if n != 7]
    assert len({id(statement.conditions) for statement in statements}) == 1


@pytest.mark.parametrize("piece", ['"', "\\", '"\\', "@", "@a", '@a("', "Agent", "Agent::", "Agent ", "//", "/", "@a "])
def test_hostile_text_is_cut_in_time_that_grows_with_its_length(piece: str) -> None:
    text = piece * (MAX_STATEMENT // len(piece))
    start = time.process_time()
    statements, problems = read({"a.cedar": text})
    assert time.process_time() - start < 1
    assert not statements
    assert problems or piece in ("//", "/")
