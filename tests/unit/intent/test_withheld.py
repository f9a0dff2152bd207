"""What somebody keeps to himself, rules out by a noun, or lets another do; and the verbs people use for plain acts."""

import pytest

from remit.intent import compile_goal
from remit.intent.lexicon import is_imperative
from remit.terms import Bounds, Grant, OperationClass

C = OperationClass


def grants_of(goal: str) -> tuple[Grant, ...]:
    return compile_goal(goal, bounds=Bounds()).grants


def asked(goal: str) -> set[OperationClass]:
    return {one for grant in grants_of(goal) if not grant.forbids and grant.sure for one in grant.actions}


def barred(goal: str) -> set[OperationClass]:
    return {one for grant in grants_of(goal) if grant.forbids for one in grant.actions}


@pytest.mark.parametrize(
    ("goal", "forbidden"),
    [
        ("List the late payers, I'll write to them myself", C.COMMUNICATE),
        ("Find two dates; we will book the hall ourselves.", C.CREATE),
        ("What would the ferry cost? No ordering yet.", C.CREATE),
        ("Compare the two offers, no calls please", C.COMMUNICATE),
        ("Read the file; the tenant mustn't be notified.", C.COMMUNICATE),
    ],
)
def test_what_is_kept_back_is_ruled_out(goal: str, forbidden: OperationClass) -> None:
    assert forbidden in barred(goal)
    assert forbidden not in asked(goal)


@pytest.mark.parametrize(
    "goal",
    [
        "Leave the draft in the folder so she can send it",
        "I'll publish it tomorrow, show me the text",
        "I'll check the sums beforehand",
        "Who will mail the parents?",
    ],
)
def test_what_others_do_or_what_is_done_later_is_not_asked(goal: str) -> None:
    assert not asked(goal) & {C.COMMUNICATE, C.CREATE}


@pytest.mark.parametrize(
    ("goal", "wanted"),
    [
        ("I'll take the early train, book it", C.CREATE),
        ("can you mail it to Runa?", C.COMMUNICATE),
        ("no doubles in the list, mail it to Runa", C.COMMUNICATE),
        ("there is no booking for Runa, add one", C.CREATE),
        ("I can't reach her. Write to Runa that the hall is free", C.COMMUNICATE),
    ],
)
def test_what_is_asked_beside_it_stays_asked(goal: str, wanted: OperationClass) -> None:
    assert wanted in asked(goal)
    assert wanted not in barred(goal)


@pytest.mark.parametrize(
    ("goal", "wanted"),
    [
        ("halve the deposit for the choir", C.UPDATE),
        ("snap up four seats for the matinee", C.TRANSFER),
        ("rescind the offer to the roofer", C.DELETE),
        ("take the poster down", C.DELETE),
        ("tuck $80 into the savings pot", C.TRANSFER),
        ("roll the service back to yesterday", C.UPDATE),
        ("hand in the lab sheet", C.CREATE),
        ("get in touch with Runa", C.COMMUNICATE),
        ("pester the roofer about his quote", C.COMMUNICATE),
    ],
)
def test_verbs_of_everyday_ask_for_their_act(goal: str, wanted: OperationClass) -> None:
    assert wanted in asked(goal)


@pytest.mark.parametrize(
    "goal",
    [
        "what is the cap on the fee?",
        "is the offer still good?",
        "walk me through the roof plans",
        "Do they cut hair on Sundays?",
    ],
)
def test_the_same_words_in_a_question_ask_for_nothing(goal: str) -> None:
    assert asked(goal) <= {C.READ}


def test_words_of_speech_are_labels_in_a_document() -> None:
    assert not any(map(is_imperative, ("offer", "cut", "slot", "grab")))
    assert is_imperative("rescind")
