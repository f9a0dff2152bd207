"""What somebody wants who tells of a state, chooses among what was offered, or names a thing like a verb.

Each table of what follows stands beside one of what must not follow.
"""

import pytest
from tests.unit.intent.making import play, tools_of

from remit.intent import compile_goal
from remit.terms import Bounds, Grant, OperationClass

C = OperationClass


def grants_of(goal: str) -> list[Grant]:
    return [grant for grant in compile_goal(goal, bounds=Bounds()).grants if not grant.forbids]


def licensed(goal: str, *, sure: bool | None = None) -> set[OperationClass]:
    return {one for grant in grants_of(goal) if sure is None or grant.sure is sure for one in grant.actions}


@pytest.mark.parametrize(
    ("goal", "classes"),
    [
        ("Somebody pinched my fuel card at the depot", {C.ADMINISTER, C.CREATE}),
        ("my laptop has vanished from the cloakroom", {C.ADMINISTER, C.COMMUNICATE}),
        ("the crane's cable snapped this morning", {C.CREATE, C.COMMUNICATE}),
        ("the copier on floor 2 isn't working", {C.CREATE}),
        ("we're out of label rolls", {C.CREATE, C.TRANSFER}),
        ("running low on printer toner, same as last time", {C.TRANSFER}),
        ("I no longer use the second garage", {C.DELETE}),
        ("Ottoline never got her certificate", {C.COMMUNICATE}),
        ("it's too warm in the server room", {C.UPDATE, C.EXECUTE}),
        ("I'm locked out of the ledger", {C.ADMINISTER}),
        ("Grandpa wants to come to the picnic after all", {C.UPDATE}),
        ("Wilma starts on Monday in the bakery", {C.CREATE}),
        ("the attic it is then", {C.CREATE, C.TRANSFER}),
        ("I'd rather take the later ferry", {C.CREATE, C.TRANSFER}),
        ("is the attic free? if so take it", {C.CREATE, C.TRANSFER}),
        ("go with the cheaper one", {C.CREATE, C.TRANSFER}),
        ("put 40 aside for the roof", {C.TRANSFER}),
        ("stick Ottoline on the rota", {C.UPDATE}),
        ("get us a table at the quay", {C.CREATE}),
        ("find her two ferry tickets to Halden", {C.CREATE}),
        ("update Ottoline's shirt size, then thank her", {C.UPDATE, C.COMMUNICATE}),
        ("update Jonas' phone number, then thank him", {C.UPDATE, C.COMMUNICATE}),
        ("Pass the plan of Thorne & Vale on to Ottoline", {C.COMMUNICATE}),
    ],
)
def test_what_a_state_or_choice_asks_for(goal: str, classes: set[OperationClass]) -> None:
    assert classes <= licensed(goal)


@pytest.mark.parametrize(
    ("goal", "class_"),
    [
        ("What happens if my fuel card is stolen?", C.ADMINISTER),
        ("Wilma starts on Monday in the bakery", C.ADMINISTER),
        ("If the laptop is lost, the depot has another", C.ADMINISTER),
        ("nothing is broken, I only want to see the manual", C.COMMUNICATE),
        ("My fuel card was stolen, write to the depot about it", C.ADMINISTER),
        ("How many label rolls were we out of?", C.TRANSFER),
        ("Show me which cards were stolen last year", C.ADMINISTER),
        ("get me the ferry details", C.CREATE),
        ("find us a review of the hotel", C.CREATE),
        ("is it too warm in the server room?", C.UPDATE),
        ("Does the attic suit us? How long is it?", C.TRANSFER),
        ("put 40 chairs in the hall", C.TRANSFER),
        ("take it up with Ottoline", C.TRANSFER),
    ],
)
def test_what_it_does_not_ask_for(goal: str, class_: OperationClass) -> None:
    assert class_ not in licensed(goal)


def test_what_follows_from_a_state_is_never_sure() -> None:
    assert not licensed("Somebody pinched my fuel card at the depot", sure=True)


@pytest.mark.parametrize(
    ("goal", "class_"),
    [
        ("order QX-17 was supposed to come on Friday", C.TRANSFER),
        ("parking permits are dear. Show me the rules", C.UPDATE),
        ("Compare the halls (price, heating, parking, rating)", C.CREATE),
        ("staging can wait. Show me the logs", C.CREATE),
        ("List the old files so that we can delete them later", C.DELETE),
        ("List the papers for Ottoline to sign", C.UPDATE),
        ("From May the fee is 30. Which members pay it?", C.UPDATE),
    ],
)
def test_a_noun_that_looks_like_a_verb_asks_nothing(goal: str, class_: OperationClass) -> None:
    assert class_ not in licensed(goal, sure=True)


@pytest.mark.parametrize(
    ("goal", "class_"),
    [
        ("order QX-17 again", C.TRANSFER),
        ("order what is missing", C.TRANSFER),
        ("text Ottoline the hall is free", C.COMMUNICATE),
        ("book a hall that has heating", C.CREATE),
        ("help with booking a hall", C.CREATE),
        ("cancelling the hall would be good", C.DELETE),
        ("delete the old files so that we can breathe", C.DELETE),
    ],
)
def test_a_verb_asks(goal: str, class_: OperationClass) -> None:
    assert class_ in licensed(goal)


@pytest.mark.parametrize(
    ("goal", "name"),
    [
        ("Send Ottoline the rota", "Ottoline"),
        ("Look it up and send Ottoline the rota", "Ottoline"),
        ("Please mail Odo and Wilma the rota", "Odo"),
    ],
)
def test_who_stands_right_behind_the_verb_is_told(goal: str, name: str) -> None:
    telling = [grant for grant in grants_of(goal) if C.COMMUNICATE in grant.actions]
    assert telling
    assert all(name in grant.identifiers and name in grant.sinks for grant in telling)


@pytest.mark.parametrize(
    ("goal", "place"),
    [("Mail her the list of halls in Ghent", "Ghent"), ("Send him the letter from Brink", "Brink")],
)
def test_where_something_is_is_no_recipient(goal: str, place: str) -> None:
    assert all(place not in grant.sinks for grant in grants_of(goal))


TOOLS = tools_of("send_message(recipient, text) Send a message to an e-mail address.")


@pytest.mark.parametrize(
    ("recipient", "outside"), [("ottoline.fry@library.example", False), ("wilma.fry@library.example", True)]
)
def test_an_address_from_nowhere_that_bears_the_name_is_not_elsewhere(recipient: str, outside: bool) -> None:
    steps = [("send_message", {"recipient": recipient, "text": "Here it is."})]
    _, findings = play(TOOLS, "Send Ottoline the rota.", steps)
    assert (findings[0].verdict == "outside") is outside
