"""What agents sent may be logged; it must not act there."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from remit.cli.logs import configure

HOSTILE = "\x1b]0;pwned\x07\u202e\nlevel=info forged"


class Terminal(io.StringIO):
    def __init__(self, person: bool) -> None:
        super().__init__()
        self._person = person

    def isatty(self) -> bool:
        return self._person


@pytest.fixture(params=[True, False], ids=["terminal", "machine"])
def log(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    terminal = Terminal(request.param)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", terminal)
    configure()
    yield terminal
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def test_hostile_text_is_escaped_in_our_events_and_in_those_of_libraries(log: Terminal) -> None:
    structlog.get_logger("remit").info("agent.sighted", agent=HOSTILE, seen={"name": HOSTILE})
    logging.getLogger("some.library").warning("could not read %s", HOSTILE)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        structlog.get_logger("remit").exception("failed", agent=HOSTILE)
    written = log.getvalue()
    assert "agent.sighted" in written
    assert "could not read" in written
    assert "ValueError" in written
    assert not {"\x07", "\u202e"} & set(written)
    assert "\x1b]" not in written
    assert not any(line.startswith("level=info forged") for line in written.splitlines())


def test_machines_get_one_json_object_a_line(log: Terminal) -> None:
    structlog.get_logger("remit").info("ready", address="http://127.0.0.1:1")
    logging.getLogger("noisy").info("not ours, not important")
    if not log.isatty():
        (line,) = log.getvalue().splitlines()
        assert json.loads(line)["event"] == "ready"
    assert "not important" not in log.getvalue()
