"""Tables where people look: whole on a wide terminal and in a pipe, below one another on a narrow terminal."""

import io

import pytest
from rich.console import Console

from remit.cli import output

COLUMNS = ("mission", "state", "cause")
ID = "m_" + "0123456789abcdef" * 2
ROWS = [(ID, output.state("active"), ""), (ID[:-1] + "0", output.state("revoked"), "done for today")]


def shown(width: int) -> str:
    """What a terminal gets."""
    target = Console(file=io.StringIO(), force_terminal=True, width=width, no_color=True, markup=False, highlight=False)
    target.print(output.table(COLUMNS, ROWS, empty="none"))
    assert isinstance(target.file, io.StringIO)
    return target.file.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_an_id_is_never_cut_on_a_terminal_that_is_as_wide_as_it(width: int) -> None:
    told = shown(width)
    assert all(row[0] in told for row in ROWS)
    assert "done for today" in " ".join(told.split())


def test_rows_that_do_not_fit_a_terminal_stand_below_one_another_without_what_is_empty() -> None:
    narrow = shown(44)
    assert narrow.count("cause") == 1
    assert narrow.count("state") == 2
    assert shown(80).count("state") == 1


def test_in_a_pipe_a_row_is_one_line_and_whole_however_long(capsys: pytest.CaptureFixture[str]) -> None:
    words, word = "one two " * 30, "x" * 290
    output.show(output.table((*COLUMNS, "more"), [(ID, "active", words, word)], empty="none"))
    (line,) = (line for line in capsys.readouterr().out.splitlines() if ID in line)
    assert "active" in line
    assert words.strip() in line
    assert word in line


def test_progress_is_for_terminals_only(capsys: pytest.CaptureFixture[str]) -> None:
    with output.waiting("verifying") as status:
        status("verifying: 1 of 2 entries")
    assert capsys.readouterr() == ("", "")
