"""Who approves sees what would be done: whatever agents and tools wrote, the terminal only ever shows it (I12)."""

import io
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from remit.cli.approvals import shown

TRICKS = [
    "\x1b[2J\x1b[Happroved",
    "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
    "harmless\rrm -rf /",
    "a\nstate      approved",
    "\u202egnp.exe\u202c",
    "\u2066x\u2069\u200b\ufeff",
    "[bold red]approved[/] :warning:",
    "[link=https://evil.example]ok[/link]",
    "\ud800",
    "\x9b31m",
    "e" + "\u0301" * 400,
    "x" * 100_000,
]
HOSTILE = st.one_of(
    st.sampled_from(TRICKS), st.text(max_size=60), st.text(st.characters(categories=["Cc", "Cf", "Cs"]))
)


def request(text: str) -> dict[str, Any]:
    names = ("id", "decision", "mission", "agent", "instance", "tool", "digest", "by", "cause", "requester")
    one: dict[str, Any] = dict.fromkeys(names, text)
    one |= {"state": "pending", "groups": [text], "together": False, "votes": [text], "needed": 2}
    one |= {"opened": 1, "expires": 2, "answered": 0}
    rests = {"what": text, "source": text, "where": text, "quote": text}
    finding = {"kind": text, "verdict": text, "message": text, "rests_on": [rests]}
    call = {
        "arguments": {text: text, "nested": {"a": [text]}},
        "reasons": [{"code": text, "message": text}],
        "findings": [finding],
    }
    return {"approval": one, "missing": 1, "goal": text, "justification": text, "call": call}


def drawn(value: dict[str, Any]) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system=None, markup=False, emoji=False, width=200)
    for part in shown(value):
        console.print(part)
    return out.getvalue()


@settings(deadline=None, max_examples=60)
@given(HOSTILE)
@example("\x1b[2J")
def test_nothing_that_an_agent_wrote_reaches_the_terminal_as_anything_but_text(text: str) -> None:
    said = drawn(request(text))
    # Styles are off here, so every escape that is left would be the agent's own; Rich's bold needs none either.
    bare = said.replace("\x1b[1m", "").replace("\x1b[0m", "").replace("\x1b[2m", "").replace("\x1b[3m", "")
    assert "\x1b" not in bare
    assert all(character.isprintable() or character == "\n" for character in bare)


@pytest.mark.parametrize("trick", TRICKS)
def test_each_trick_is_spelt_out_and_the_headings_stay_ours(trick: str) -> None:
    said = drawn(request(trick)).splitlines()
    plain = [line.replace("\x1b[1m", "").replace("\x1b[0m", "").strip() for line in said]
    for heading in ("goal", "would be called with", "because", "evidence"):
        assert plain.count(heading) == 1


def test_what_is_cut_says_how_much_of_it_is_missing() -> None:
    assert "98000 more characters" in drawn(request("x" * 100_000))
