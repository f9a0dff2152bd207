"""The tree of commands: loaded when called, so that help and remote commands start at once."""

import json
import subprocess
import sys
from typing import Any

import pytest
from typer.testing import CliRunner

from remit.cli.app import _LAZY, app, load

HEAVY = ("sqlalchemy", "alembic", "litestar", "uvicorn", "uvloop", "mcp", "cedarpy", "jsonschema", "structlog")
LOADED = """
import json, sys
sys.argv = ["remit", *json.loads(sys.argv[1])]
from remit.cli import main
try:
    main()
except SystemExit:
    pass
print("\\n" + json.dumps(sorted({name.partition(".")[0] for name in sys.modules} | set(sys.modules))))
"""


def loaded(*arguments: str) -> set[str]:
    """The modules that a command line loads, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, json.dumps(arguments)], capture_output=True, text=True, timeout=60, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def own_words(command: Any) -> str:
    return " ".join((command.help or "").split())


# Commands of other rooms say of themselves what those who chose them want to know.
OURS = [name for name, (place, _) in _LAZY.items() if place.startswith("remit.cli.")]


def test_the_commands_of_this_room_are_most() -> None:
    assert len(OURS) > 15


@pytest.mark.parametrize("name", OURS)
def test_help_says_of_a_command_what_the_command_says_of_itself(name: str) -> None:
    assert own_words(load(name)).startswith(_LAZY[name][1])


@pytest.mark.parametrize("name", OURS)
def test_every_command_loads_takes_no_markup_and_offers_no_completion(name: str) -> None:
    command = load(name)
    options = [option for parameter in command.params for option in parameter.opts]
    assert "--install-completion" not in options
    assert command.rich_markup_mode is None


def test_help_loads_no_room_but_the_vocabulary() -> None:
    modules = loaded("--help")
    assert not modules & {*HEAVY, "httpx2", "rich"}
    rooms = {name.split(".")[1] for name in modules if name.startswith("remit.")}
    assert rooms == {"cli", "terms"}


@pytest.mark.parametrize("command", ["agents list", "status", "approvals list", "missions list", "why d_1"])
def test_a_command_for_a_server_elsewhere_loads_no_server(command: str) -> None:
    modules = loaded(*command.split(), "--url", "http://127.0.0.1:9", "--key", "remit_x")
    assert "httpx2" in modules, "it was called"
    assert not modules & set(HEAVY)


def test_commands_that_do_not_exist_are_refused_with_the_nearest_that_does() -> None:
    for words, wanted in ((["statu"], "'status'"), (["agents", "lst"], "'list'")):
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 2
        assert f"Did you mean {wanted}" in result.output
