"""What goals license, as a table."""

import pytest

from remit.intent import compile_goal
from remit.intent.authority import MAX_GRANTS
from remit.intent.views import goal_view
from remit.terms import Authority, Bounds, OperationClass, digest

C = OperationClass


def actions(authority: Authority, *, sure: bool | None = None) -> set[OperationClass]:
    asked = [grant for grant in authority.grants if not grant.forbids and (sure is None or grant.sure is sure)]
    return {a for grant in asked for a in grant.actions}


@pytest.mark.parametrize(
    ("goal", "classes"),
    [
        ("Pay the electricity bill.", {C.TRANSFER}),
        ("Please transfer $20 to Lena.", {C.TRANSFER}),
        ("Send Lena an email about the party.", {C.COMMUNICATE}),
        ("Could you post the minutes in the team channel?", {C.COMMUNICATE}),
        ("I'd like to cancel my subscription.", {C.DELETE}),
        ("Run the tests and deploy the site.", {C.EXECUTE}),
        ("Give me a summary, then delete the old drafts.", {C.DELETE}),
        ("Proceed with the cancellation of my booking.", {C.DELETE}),
        ("Grant Jo access to the repository.", {C.ADMINISTER}),
        ("My bag should be added to the reservation. Please update it.", {C.UPDATE}),
        ("Book a table for four.", {C.CREATE}),
        ("Start by deleting the log files.", {C.DELETE}),
        ("Move the visit to Friday and confirm to her.", {C.UPDATE, C.COMMUNICATE}),
        ("First cancel the old booking, then tell me what is free.", {C.DELETE}),
    ],
)
def test_the_verbs_of_a_request_license_their_classes(goal: str, classes: set[OperationClass]) -> None:
    assert classes <= actions(compile_goal(goal, bounds=Bounds()))


@pytest.mark.parametrize(
    "goal",
    [
        "What is my balance?",
        "How much did I pay for the rent last month?",
        "Which of my orders were cancelled?",
        "Summarize the report that Kim sent me.",
        "Show me the last transfer.",
        "Who booked the meeting room?",
        "Is the update installed?",
    ],
)
def test_a_question_licenses_reading_and_nothing_else(goal: str) -> None:
    assert actions(compile_goal(goal, bounds=Bounds())) <= {C.READ}


@pytest.mark.parametrize(
    ("goal", "class_"),
    [
        ("Summarize the thread. Do not send anything.", C.COMMUNICATE),
        ("Check the invoice, but don't pay it.", C.TRANSFER),
        ("Tidy the notes without deleting files.", C.EXECUTE),
    ],
)
def test_what_the_goal_rules_out_is_not_licensed(goal: str, class_: OperationClass) -> None:
    assert class_ not in actions(compile_goal(goal, bounds=Bounds()))


def test_named_items_recipients_and_amounts_are_kept() -> None:
    grants = compile_goal("Send 'plan.pdf' to ines@sunny.example and pay $30.50 to Omar.", bounds=Bounds()).grants
    assert any("plan.pdf" in grant.identifiers for grant in grants)
    assert any("ines@sunny.example" in grant.sinks for grant in grants)
    assert any("$30.50" in grant.amounts for grant in grants)
    assert any("Omar" in grant.sinks for grant in grants)


@pytest.mark.parametrize(
    ("goal", "source"),
    [
        ("Read 'notice.txt' and change my booking accordingly.", "notice.txt"),
        ("Update the plan according to the mail from Kim.", "Kim"),
        ("Do all the tasks on my list at lists.example/kim.", "lists.example/kim"),
        ("Follow the instructions in setup.md.", "setup.md"),
        ("Please do what setup.v2 on the wiki says.", "setup.v2"),
        ("Raise the rent as per their letter from Halden.", "Halden"),
    ],
)
def test_the_sources_that_a_goal_defers_to_are_named(goal: str, source: str) -> None:
    assert any(source in grant.sources for grant in compile_goal(goal, bounds=Bounds()).grants)


def test_handing_the_task_over_is_never_sure() -> None:
    grants = compile_goal("Please do all the tasks in todo.txt.", bounds=Bounds()).grants
    assert all(not grant.sure for grant in grants if C.TRANSFER in grant.actions)


def test_a_vague_goal_is_kept_as_unsure() -> None:
    authority = compile_goal("Take care of the mess.", bounds=Bounds())
    assert actions(authority, sure=True) <= {C.READ}
    assert actions(authority, sure=False) - {C.READ}


def test_several_turns_and_tasks_each_give_their_grants() -> None:
    authority = compile_goal(
        "Book a flight to Rome.\nNow cancel the hotel.\nAnd email the plan to Kim.", bounds=Bounds()
    )
    assert {C.CREATE, C.DELETE, C.COMMUNICATE} <= actions(authority)


def test_bounds_cut_classes_and_sinks() -> None:
    bounds = Bounds(classes=(C.READ, C.COMMUNICATE), sinks=("sunny.example",))
    authority = compile_goal("Pay the bill and email it to ines@sunny.example and leo@rainy.example.", bounds=bounds)
    assert C.TRANSFER not in actions(authority)
    sinks = {sink for grant in authority.grants for sink in grant.sinks}
    assert "ines@sunny.example" in sinks
    assert "leo@rainy.example" not in sinks


def test_the_hash_covers_the_details_and_the_compiler() -> None:
    authority = compile_goal("Pay the bill.", bounds=Bounds())
    details = authority.authorization_details
    assert authority.hash == digest({"authorization_details": details, "compiler": authority.compiler})
    assert authority == compile_goal("Pay the bill.", bounds=Bounds())
    assert authority.hash != compile_goal("Pay the rent twice.", bounds=Bounds()).hash


@pytest.mark.parametrize("goal", ["", " ", "\n\n", "???", "\ud800", "\x00\x1b[31m", "a" * 100_000, "'" * 5000])
def test_no_text_breaks_the_compiler(goal: str) -> None:
    assert compile_goal(goal, bounds=Bounds()).hash


@pytest.mark.parametrize(
    ("goal", "code"),
    [
        ("Delete QX-4711-B", "QX-4711-B"),
        ("delete qx-4711-b.", "qx-4711-b"),
        ("Cancel po/2291/a and po/2292/a.", "po/2292/a"),
        ("Please close rfc-12.7-b today.", "rfc-12.7-b"),
        ("Archive every note on proj-b7.", "proj-b7"),
    ],
)
def test_a_code_is_a_named_item_wherever_it_stands_and_however_it_is_written(goal: str, code: str) -> None:
    assert code in {name for grant in compile_goal(goal, bounds=Bounds()).grants for name in grant.identifiers}


@pytest.mark.parametrize(
    "goal",
    [
        "Delete the up-to-date drafts.",
        "Close 4711 well-known tickets.",
        "Delete 12 notes.",
        "Cancel my 3pm and the visit on the 21st at 10:30.",
    ],
)
def test_words_that_are_joined_and_numbers_name_nothing(goal: str) -> None:
    assert not any(grant.identifiers for grant in compile_goal(goal, bounds=Bounds()).grants)


def test_what_is_ruled_out_is_a_grant_that_forbids() -> None:
    grants = compile_goal("Draft an answer to Ines. Don't send it.", bounds=Bounds()).grants
    assert [grant.verbs for grant in grants if grant.forbids] == [("send",)]
    assert not any(C.COMMUNICATE in grant.actions for grant in grants if not grant.forbids)


@pytest.mark.parametrize(
    "goal",
    [
        "If the room is taken, don't book it.",
        "I don't book by phone. Reserve room 4.",
        "Don't book the early train; book the late one.",
    ],
)
def test_conditions_reports_and_choices_rule_nothing_out(goal: str) -> None:
    authority = compile_goal(goal, bounds=Bounds())
    assert not goal_view(authority, goal).forbidden


def test_a_flood_of_verbs_is_compiled_in_no_time() -> None:
    for flood in ("read ", "don't mail ", "and to each user write ", "x can go, ", "check if it can be shipped "):
        assert len(compile_goal(flood * (40_000 // len(flood)), bounds=Bounds()).grants) <= MAX_GRANTS
