"""Arguments become typed values whatever the tool's schema and the caller's values are; data never becomes meaning."""

import json
from typing import Any

import cedarpy
import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remit.policy import Facts, default_pack, facts_of, load
from remit.policy.arguments import arguments_type
from remit.policy.declared import DeclarationError, Declared, declare
from remit.policy.request import (
    builders,
    entities_json,
    findings_uid,
    principal_of,
    resource_of,
    standard_context,
    verdicts_of,
)
from remit.policy.schema import COMMON, STANDARD, environment_of, request_schema_text
from remit.policy.source import read
from remit.policy.types import Misfits, entity, to_record
from remit.terms import DEFAULT_TENANT, VERDICTS, Finding, FindingKind, OperationClass, ServerId, Tool

TEXT = st.one_of(
    st.text(max_size=12),
    st.text(alphabet=st.characters(), max_size=6),  # lone surrogates too
    st.sampled_from(["__entity", "__extn", "__expr", "type", "id", "fn", "arg", "if", "in"]),
    st.sampled_from(['"', "\\", "\0", "\ud800", 'a"?: Long', "\x1b[2J"]),
)
HOSTILE = st.sampled_from(
    [
        {"__entity": {"type": "Agent", "id": "root"}},
        {"__extn": {"fn": "decimal", "arg": "1.0"}},
        {"__expr": 'Agent::"root"'},
        {"type": "Agent", "id": "root"},
        {"fn": "ip", "arg": "10.0.0.1"},
    ]
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT, st.integers(-(10**30), 10**30), HOSTILE)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=8,
)
TYPES = st.sampled_from(["string", "integer", "number", "boolean", "null"])


def _objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {
            "type": st.sampled_from(["object", ["object", "null"]]),
            "properties": st.dictionaries(TEXT, inner, max_size=4),
        },
        optional={"required": st.lists(TEXT, max_size=3)},
    )


HONEST = st.recursive(
    st.one_of(
        TYPES.map(lambda kind: {"type": kind}),
        TYPES.map(lambda kind: {"type": [kind, "null"]}),
        TYPES.map(lambda kind: {"type": "array", "items": {"type": kind}}),
        TYPES.map(lambda kind: {"anyOf": [{"type": kind}, {"type": "null"}]}),
        st.lists(TEXT, min_size=1, max_size=3).map(lambda values: {"enum": values}),
        st.just({"$ref": "#"}),
        st.just({"$ref": "#/$defs/a"}),
    ),
    lambda inner: st.one_of(_objects(inner), inner.map(lambda item: {"type": "array", "items": item})),
    max_leaves=8,
)
SCHEMAS = st.one_of(_objects(HONEST), _objects(HONEST), VALUES)
FITTING = st.dictionaries(TEXT, VALUES, max_size=6)
RELAXED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def tool(schema: object) -> Tool:
    return Tool(
        tenant=DEFAULT_TENANT,
        server=ServerId("s"),
        name="t",
        description="",
        input_schema=schema,  # type: ignore[arg-type]  # a tool's word: it may be anything
        definition_hash="h",
        classes=(OperationClass.READ,),
    )


def facts(arguments: dict[str, Any], subject: Tool, **more: Any) -> Facts:
    return Facts(
        tenant=DEFAULT_TENANT,
        subject_id="a",
        action="t",
        resource_id=subject.id,
        tool=subject,
        arguments=arguments,
        **more,
    )


@st.composite
def filled(draw: st.DrawFn) -> tuple[Any, dict[str, Any]]:
    """A schema with arguments that name its properties, rightly typed or not."""
    schema = draw(SCHEMAS)
    names = (
        list(schema.get("properties", {}))
        if isinstance(schema, dict) and isinstance(schema.get("properties"), dict)
        else []
    )
    arguments = draw(FITTING)
    for name in names:
        arguments[name] = draw(VALUES)
    return schema, arguments


@RELAXED
@given(filled())
def test_converted_arguments_always_conform_to_the_generated_schema(case: tuple[Any, dict[str, Any]]) -> None:
    schema, arguments = case
    subject = tool(schema)
    misfits = Misfits()
    converted = to_record(arguments, arguments_type(schema), misfits)
    every = frozenset(STANDARD.attributes)
    request = facts(arguments, subject)
    context = standard_context(request, builders(every, frozenset(COMMON["Mission"].attributes)))
    context |= {"arguments": converted, "dropped": [], "findings": entity(*findings_uid(verdicts_of(request)))}
    cedar_schema = cedarpy.Schema.from_str(request_schema_text(subject))
    none = Declared()
    text = entities_json(
        principal_of(request, none), environment_of(subject), resource_of(request, none), verdicts_of(request)
    )
    entities = [node for node in json.loads(text) if node["uid"]["type"] != "Action"]
    handle = cedarpy.Entities.from_json_str(json.dumps(entities), cedar_schema)
    body = {
        "principal": {"type": "Agent", "id": "a"},
        "action": {"type": "Action", "id": "s/t"},
        "resource": {"type": "Tool", "id": "s/t"},
        "context": msgspec.json.encode(context).decode(),
    }
    result = cedarpy.is_authorized(body, "permit(principal, action, resource);", handle, cedar_schema)
    assert result.allowed, (result.diagnostics.errors, context)


@RELAXED
@given(filled())
def test_data_never_becomes_an_entity_nor_an_extension_that_its_type_is_not(
    case: tuple[Any, dict[str, Any]],
) -> None:
    schema, arguments = case
    converted = to_record(arguments, arguments_type(schema), Misfits())
    waiting: list[Any] = [converted]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            assert not {"__entity", "__expr"} & value.keys()
            if "__extn" in value:
                assert value["__extn"]["fn"] == "decimal"
                assert set(value["__extn"]["arg"]) <= set("-0123456789.")
                continue
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        else:
            assert isinstance(value, str | int)


WHOLE = load({"a.cedar": '@id("a") permit (principal, action, resource);'})


@RELAXED
@given(filled(), st.one_of(st.integers(), st.just(0)), st.one_of(st.none(), st.floats(), st.integers()))
def test_evaluate_never_raises_and_an_error_is_never_a_permit(
    case: tuple[Any, dict[str, Any]], now: int, amount: float | None
) -> None:
    schema, arguments = case
    subject = tool(schema)
    chosen = WHOLE.with_tools([subject])
    request = facts(arguments, subject, now=now, amount=amount)
    evaluation = chosen.evaluate(request)
    assert evaluation.allowed
    denied = PACK.evaluate(request)  # no agent, no mission, no findings
    assert not denied.allowed
    assert PACK.ask_groups(request, denied) is None


SUBJECT = tool({})
PACK = load(default_pack(), tools=[SUBJECT], groups=("operators",))
GOOD = facts_of(PACK, {"resource": {"id": "s/t"}})
NEEDED = set(FindingKind) - {FindingKind.SCHEMA, FindingKind.FIRST_USE}  # a read needs neither
SOME = {kind: st.sampled_from((*VERDICTS[kind][:2], VERDICTS[kind][0], "nonsense")) for kind in FindingKind}


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries({}, optional=SOME))
def test_the_pack_permits_nothing_when_a_finding_is_missing_or_undefined(verdicts: dict[FindingKind, str]) -> None:
    findings = tuple(Finding(kind=kind, verdict=verdict) for kind, verdict in verdicts.items())
    evaluation = PACK.evaluate(msgspec.structs.replace(GOOD, findings=findings))
    complete = all(verdicts.get(kind, "nonsense") != "nonsense" for kind in NEEDED)
    assert evaluation.allowed == (complete and "exceeded" not in verdicts.values())


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from(
                [*"(),;{}.\\\n[]\x1b", '"', "//", "==", "::", '@id("a")', "permit", "forbid", "principal", "action",
                 "resource", "when", "context", "true", "Agent", "?principal", "has"]
            ),
            max_size=40,
        ).map(" ".join),
    )
)  # fmt: skip
def test_any_text_is_either_read_or_refused_with_a_line(text: str) -> None:
    statements, problems = read({"f": text})
    assert all(problem.line >= 1 and problem.message.isprintable() for problem in problems)
    assert all(statement.ref.line >= 1 for statement in statements)


WORDS = st.sampled_from(["entity", "user", "{", "}", ";", "in", ":", "String", "@doc", "(", "action", "appliesTo", "["])


@settings(max_examples=150, deadline=None)
@given(st.one_of(TEXT, st.lists(WORDS).map(" ".join)))
def test_any_declared_types_are_read_or_refused_with_a_reason(text: str) -> None:
    try:
        found: Declared | str = declare(text)
    except DeclarationError as error:
        found = str(error)
    assert isinstance(found, Declared) or found
