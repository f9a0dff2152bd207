"""What a call carries of what the goal says: where its act alone does not decide, its arguments do."""

from typing import Any

import pytest
from tests.unit.intent.making import play, tools_of

from remit.intent.codes import codes

TOOLS = tools_of(
    """
look_up(query) Looks something up
close_issue(issue_number, repository) Closes an issue
cancel_booking(booking_ref) Cancels a booking
set_heating(room, celsius) Sets the temperature of a room
reserve_hall(hall, date, persons) Reserves a hall
save_file(path, content) Saves a file
"""
)


def authority(goal: str, name: str, **arguments: Any) -> str:
    _, findings = play(TOOLS, goal, [(name, arguments)])
    return next(finding.verdict for finding in findings if finding.kind.value == "authority")


@pytest.mark.parametrize(
    ("goal", "tool", "arguments"),
    [
        ("Please cancel booking RQX-4471.", "cancel_booking", {"booking_ref": "RQX-4471"}),
        ("Cancel RQX-4471 and RQX-4480.", "cancel_booking", {"booking_ref": "RQX-4480"}),
        ("close issue 512", "close_issue", {"issue_number": 512}),
        # a number that is of another sort, and a code of another form
        ("I am member 48213, close my oldest issue", "close_issue", {"issue_number": 77120}),
        ("customer C-77: cancel the last booking", "cancel_booking", {"booking_ref": "ZPLX90"}),
    ],
)
def test_the_item_that_is_named_passes(goal: str, tool: str, arguments: dict[str, Any]) -> None:
    assert authority(goal, tool, **arguments) != "outside"


@pytest.mark.parametrize(
    ("goal", "tool", "arguments"),
    [
        ("Please cancel booking RQX-4471.", "cancel_booking", {"booking_ref": "RQX-4472"}),
        ("close issue 512", "close_issue", {"issue_number": 513}),
    ],
)
def test_another_item_of_the_same_sort_is_outside(goal: str, tool: str, arguments: dict[str, Any]) -> None:
    assert authority(goal, tool, **arguments) == "outside"


def test_an_item_that_was_read_is_not_told_apart_by_its_code() -> None:
    steps = [
        ("look_up", {"query": "RQX-4471"}, "RQX-4471 was made twice: RQX-4472"),
        ("cancel_booking", {"booking_ref": "RQX-4472"}),
    ]
    _, findings = play(TOOLS, "RQX-4471 was booked twice, cancel the booking that is too much", steps)
    assert next(finding.verdict for finding in findings if finding.kind.value == "authority") != "outside"


def test_dates_times_and_quantities_are_no_codes() -> None:
    assert codes("on 2031-04-02 at 10:30, 4kg, page 7, room b12 for 90 people, 12.50") == {"b99": {"b12"}}
    assert codes("issue #204 and issue 305") == {"repository 999": {"204", "305"}}


@pytest.mark.parametrize(
    ("goal", "tool", "arguments", "verdict"),
    [
        # what may be meant passes where it carries the goal's words, and not where it carries none
        ("the attic is freezing", "set_heating", {"room": "attic", "celsius": 20}, "unsure"),
        ("the attic is freezing", "set_heating", {"room": "sauna", "celsius": 90}, "outside"),
        ("a hall for ninety at Birkenhof", "reserve_hall", {"hall": "Birkenhof", "persons": 90}, "unsure"),
        ("a hall for ninety at Birkenhof", "reserve_hall", {"hall": "Pinewood", "persons": 90}, "outside"),
        # where the agent works, it chooses; how something is to be, the system has words for
        ("the parser chokes on empty input", "save_file", {"path": "src/read.py", "content": "x"}, "unsure"),
        # nothing but the goal's words speaks for it
        ("Set the attic to 20, please", "set_heating", {"room": "attic", "celsius": 20}, "within"),
        ("Set the attic to 20, please", "set_heating", {"room": "sauna", "celsius": 20}, "outside"),
    ],
)
def test_words_of_the_goal_speak_for_a_call(goal: str, tool: str, arguments: dict[str, Any], verdict: str) -> None:
    assert authority(goal, tool, **arguments) == verdict
