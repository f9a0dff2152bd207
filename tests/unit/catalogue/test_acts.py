"""The verb of a name, the argument that says what is done, and what a statement does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.catalogue import acts_of, classes_of, mode_of, said_by, statement_of, verbs_named
from remit.terms import OperationClass

C = OperationClass


@pytest.mark.parametrize(
    ("name", "acts"),
    [
        ("extend_loan", {"extend"}),
        ("createQuote", {"quote"}),
        ("add_comment", {"comment"}),
        ("update_address", set()),
        ("set_forwarding", {"forward"}),
        ("merge_pull_request", {"merge"}),
        ("cancel_order_and_refund", {"cancel", "refund"}),
    ],
)
def test_a_name_says_which_act_it_is(name: str, acts: set[str]) -> None:
    assert acts_of(name, "") == acts


def test_a_description_names_the_act_where_it_does_what_the_name_says() -> None:
    assert acts_of("modify_setup", "Tune the setup of a piano") == {"tune"}
    assert acts_of("trash_note", "Archive a note") == {"trash"}
    assert acts_of("get_setup", "Tune the setup of a piano") == frozenset()


def test_general_verbs_are_named_all_the_same() -> None:
    assert verbs_named("send_notice") == {"send"}


@pytest.mark.parametrize(
    ("properties", "mode"),
    [
        ({"id": {"type": "string"}, "action": {"type": "string"}}, "action"),
        ({"Method": {"enum": ["GET"]}}, "Method"),
        ({"action": {"type": "array"}}, ""),
        ({"text": {"type": "string"}}, ""),
        ({"op": "string"}, ""),
        ({"method": {"type": "string"}, "url": {"type": "string"}}, "method"),
        ({"method": {"type": "string"}, "amount": {"type": "number"}}, ""),  # by which means it was paid
    ],
)
def test_an_argument_says_what_is_done(properties: dict[str, object], mode: str) -> None:
    assert mode_of({"properties": properties}) == mode


def test_a_schema_without_arguments_has_no_mode_and_no_statement() -> None:
    assert mode_of({}) == statement_of({"properties": []}) == ""


@pytest.mark.parametrize(
    ("value", "classes"),
    [
        ("GET", (C.READ,)),
        ("DELETE", (C.DELETE,)),
        ("remove_member", (C.DELETE,)),
        ("unlock", (C.ADMINISTER,)),
        ("frobnicate", ()),
        ("", ()),
    ],
)
def test_a_value_names_an_act(value: str, classes: tuple[OperationClass, ...]) -> None:
    assert classes_of(value) == classes


@pytest.mark.parametrize(
    ("statement", "classes"),
    [
        ("SELECT a FROM t WHERE b = 'drop table x'", (C.READ,)),
        ("with x as (select 1) select * from x", (C.READ,)),
        ("with x as (delete from t returning *) select * from x", ()),
        ("select * into backup from t", ()),
        ("select 1; drop table t", ()),
        ("select 1 -- ; drop table t", (C.READ,)),
        ("/* select */ drop table t", (C.DELETE,)),
        ('update "t" set a = 1', (C.UPDATE,)),
        ("insert into t values (1)", (C.CREATE,)),
        ("grant all on t to x", (C.ADMINISTER,)),
        ("call procedure()", ()),
        ("exec xp_cmdshell 'dir'", ()),
        ("explain analyze delete from t", ()),
        ("select '\\''; drop table t; -- '", ()),  # an escape in MySQL, none in the standard
        ("select 1 # '\n; drop table t # '", ()),
        ("select $$'$$; drop table t; select $$'$$", ()),
        ("select 1 /*! ; drop table t */", ()),
        ("select 5 --1; drop table t", ()),  # two minus signs in MySQL
        ("select [a'] ; drop table t; select ['b]", ()),
        ("select 1 -- why\n from t", (C.READ,)),
        ("", ()),
        ("x" * 30_000, ()),
    ],
)
def test_a_statement_reads_only_when_no_word_of_it_changes_anything(
    statement: str, classes: tuple[OperationClass, ...]
) -> None:
    assert said_by("sql", statement) == classes


@given(st.text(max_size=300), st.sampled_from(["delete from t", "drop table t", "update t set a=1", "grant r to u"]))
def test_no_prefix_makes_a_change_a_query(prefix: str, change: str) -> None:
    if not any(mark in prefix for mark in "'\"`-/*\\"):  # a quote or a comment may make text of it
        assert said_by("sql", f"{prefix}; {change}") != (C.READ,)


def test_a_hostile_statement_takes_no_time() -> None:
    for hostile in ("/*" * 9_000, "/* " * 6_600, "'" * 19_999, "/*" + "*" * 19_000, "-" * 19_999, "[" * 19_999):
        assert said_by("sql", hostile) == ()
