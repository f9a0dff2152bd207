"""Revocation over real HTTP, a real process and the command line (I5)."""

from pathlib import Path

from tests.interaction.cli_process import remit_here, remit_up
from tests.interaction.revoking import run

from remit.assembly import init

ROUNDS = 6


def test_under_full_load_nothing_is_permitted_after_a_revocation_was_acknowledged() -> None:
    figures = run(ROUNDS, 16)
    assert figures.permits_after_acknowledgement == 0
    assert len(figures.acknowledged) == ROUNDS
    assert figures.decisions > ROUNDS * 16


def test_one_command_takes_back_and_another_lets_a_stopped_tenant_go_on(tmp_path: Path) -> None:
    directory = tmp_path / "remit.d"
    made = init(directory)
    with remit_up(directory) as server:
        where = {"REMIT_URL": server.url, "REMIT_KEY": made.admin_key}

        def remit(*arguments: str, code: int = 0) -> str:
            return remit_here(*arguments, code=code, **where)

        remit("agents", "register", "clerk", "--owner", "ann")
        shown = remit("revoke", "agent", "clerk", "--quarantine", "--cause", "odd \x1b[31mcalls")
        assert "quarantined" in shown
        assert "\x1b" not in shown
        assert "quarantined" in remit("agents", "list")
        assert "retired" in remit("revoke", "agent", "clerk", "--cause", "gone")
        remit("revoke", "agent", "clerk", "--cause", "again", code=2)
        remit("revoke", "mission", "--cause", "which one", code=2)
        remit("operators", "add", "boss", "--role", "admin")
        assert "auditor" in remit("operators", "change", "boss", "--role", "auditor", "--no-groups")
        assert "deactivated" in remit("operators", "deactivate", "boss", "--cause", "left")
        remit("operators", "deactivate", "admin", "--cause", "me", code=2)
        remit("points", "add", "gate", "--server", "*")
        assert "deactivated" in remit("points", "deactivate", "gate", "--cause", "gone")
        assert "point" in remit("keys", "list")
        assert "stopped" in remit("revoke", "tenant", "--cause", "an incident")
        remit("resume", "tenant", "--cause", "me again", code=2)
    resumed = remit_here("resume", "tenant", "--cause", "looked", "--dir", str(directory))
    assert "goes on" in resumed
