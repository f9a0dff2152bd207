"""Errors become one line and an exit code."""

import pytest

from remit.cli.errors import exit_code, from_answer, report
from remit.cli.missions import path_segment, seconds
from remit.terms import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    Refused,
    RemitError,
    Unauthenticated,
    Unavailable,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidInput("x"), 2),
        (Unauthenticated("x"), 2),
        (Forbidden("x"), 2),
        (NotFound("x"), 2),
        (Conflict("x"), 2),
        (Refused("x"), 2),
        (Unavailable("x"), 3),
        (RemitError("x"), 3),
    ],
)
def test_each_error_has_its_exit_code(error: RemitError, code: int) -> None:
    assert exit_code(error) == code


@pytest.mark.parametrize("kind", [InvalidInput, Unauthenticated, Forbidden, NotFound, Conflict, Unavailable])
def test_an_error_over_http_is_the_same_error_here(kind: type[RemitError]) -> None:
    body = {"error": {"code": kind.code, "message": "expected this"}}
    found = from_answer(kind.status, body)
    assert type(found) is kind
    assert (found.message, found.code) == ("expected this", kind.code)


def test_problem_details_are_the_same_error_too() -> None:
    found = from_answer(404, {"type": "about:blank", "status": 404, "detail": "no such task", "code": "remit.x"})
    assert (type(found), found.message, found.code) == (NotFound, "no such task", "remit.x")


def test_a_refusal_over_http_is_a_refusal_whatever_its_status() -> None:
    assert isinstance(from_answer(409, {"error": {"code": "remit.refused", "message": "x"}}), Refused)


@pytest.mark.parametrize(
    "body", [None, [], {}, {"error": None}, {"error": "x"}, {"error": {"message": 1}}, {"detail": 1}, "<html>"]
)
def test_an_answer_that_is_not_remits_is_unavailable(body: object) -> None:
    assert isinstance(from_answer(500, body), Unavailable)


def test_what_a_server_says_is_shown_as_foreign_text(capsys: pytest.CaptureFixture[str]) -> None:
    report(InvalidInput("no agent \x1b[2J\u202e\nsecond problem"))
    assert capsys.readouterr().err == "remit: no agent \\u{1b}[2J\\u{202e}\nremit: second problem\n"


@pytest.mark.parametrize(("text", "wanted"), [("90", 90), ("90s", 90), ("30m", 1800), ("8h", 28800), ("2d", 172800)])
def test_lifetimes_are_read_as_people_write_them(text: str, wanted: int) -> None:
    assert seconds(text) == wanted


@pytest.mark.parametrize("text", ["", "0", "0h", "-1", "1.5h", "h", "1w", "9" * 30, "１h"])
def test_other_lifetimes_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="expected a lifetime"):
        seconds(text)


@pytest.mark.parametrize("id", ["", ".", "..", "../keys", "a/b", "a?b", "a#b", "a%2fb", "a\nb", "x" * 201, "ä"])
def test_an_id_cannot_change_the_path_that_is_called(id: str) -> None:
    with pytest.raises(InvalidInput, match="expected an id"):
        path_segment(id)
