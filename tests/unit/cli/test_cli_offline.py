"""Commands that need no server, and starts that are refused: each says what to do, none shows a traceback."""

import asyncio
import json
import re
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from remit.assembly import init, open_remit
from remit.cli import main, output
from remit.cli.backend import connect
from remit.cli.status import _shown
from remit.terms import DEFAULT_TENANT, NotFound


class Ran(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line in this process."""
    for name in ("REMIT_DIR", "REMIT_KEY", "REMIT_URL"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["remit", *arguments])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return Ran(code, told.out, told.err)

    return run


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(init(tmp_path_factory.mktemp("made") / "remit.d").directory)


@pytest.fixture
def directory(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "remit.d"))


def _no_policies(home: Path) -> None:
    shutil.rmtree(home / "policies")


def _empty_policies(home: Path) -> None:
    _no_policies(home)
    (home / "policies").mkdir()


def _policy(text: str) -> Callable[[Path], None]:
    def write(home: Path) -> None:
        (home / "policies" / "own.cedar").write_text(text)

    return write


def _configured(text: str) -> Callable[[Path], None]:
    def write(home: Path) -> None:
        (home / "remit.toml").write_text(text)

    return write


def _open_key(home: Path) -> None:
    (home / "keys" / "log.pem").chmod(0o644)


def _broken_key(home: Path) -> None:
    (home / "keys" / "log.pem").write_text("-----BEGIN NOTHING-----")


def _lost_keys(home: Path) -> None:
    shutil.rmtree(home / "keys")


def _lost_store(home: Path) -> None:
    (home / "remit.db").unlink()


TYPO = """@id("typo") @reason("x")
forbid (principal is Agent, action in Action::"tool-call", resource) when { context.missionn == "x" };"""
REFUSED = {
    "no policy directory": (_no_policies, "policies"),
    "no policy in it": (_empty_policies, ".cedar"),
    "a policy with a syntax error": (_policy("permit (principal, action"), "own.cedar:1"),
    "a typo in an attribute": (_policy(TYPO), "own.cedar:1: policy `typo`"),
    "configuration that is no TOML": (_configured("port = "), "remit.toml"),
    "an unknown key in the configuration": (_configured("prot = 1"), "prot"),
    "a key that others may read": (_open_key, "chmod 600"),
    "a key that is none": (_broken_key, "restore it"),
    "no keys": (_lost_keys, "remit init"),
    "no store": (_lost_store, "backup"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_server_that_cannot_work_refuses_to_start_and_says_what_to_do(fault: str, directory: Path, run: Run) -> None:
    break_it, told = REFUSED[fault]
    break_it(directory)
    ran = run("up", str(directory), "--port", "0")
    assert ran.code == 2
    assert told in ran.err
    assert ran.out == ""


def test_a_server_without_a_directory_says_how_to_make_one(tmp_path: Path, run: Run) -> None:
    ran = run("up", str(tmp_path / "nothing"))
    assert (ran.code, "remit init" in ran.err) == (2, True)
    assert run("up", str(tmp_path)).code == 2
    assert list(tmp_path.iterdir()) == []  # a directory that is not Remit's stays as it was


def test_a_server_does_not_share_a_port_with_another(directory: Path, run: Run) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        ran = run("up", str(directory), "--port", str(other.getsockname()[1]))
    assert (ran.code, "--port" in ran.err) == (3, True)


@pytest.mark.parametrize("host", ["198.51.100.7", "no such host"])
def test_a_server_listens_only_on_addresses_of_this_machine(host: str, directory: Path, run: Run) -> None:
    ran = run("up", str(directory), "--port", "0", "--host", host)
    assert ran.code in (2, 3)
    assert "remit: " in ran.err


def test_init_makes_a_directory_once_and_never_overwrites(tmp_path: Path, run: Run) -> None:
    made = run("init", str(tmp_path / "new"), "--json")
    assert made.code == 0
    keys = json.loads(made.out)
    before = {path: path.read_bytes() for path in (tmp_path / "new").rglob("*") if path.is_file()}
    again = run("init", str(tmp_path / "new"))
    assert again.code == 2
    assert keys["admin_key"] not in again.out + again.err
    assert {path: path.read_bytes() for path in (tmp_path / "new").rglob("*") if path.is_file()} == before


def test_commands_act_on_a_stopped_directory_as_the_machines_operator(directory: Path, run: Run) -> None:
    at = ("--dir", str(directory))
    added = json.loads(run("agents", "register", "bot", "--owner", "greta", "--json", *at).out)
    assert added["key"].startswith("remit_")
    stopped = run("agents", "quarantine", "bot", "--cause", "odd", *at)
    assert (stopped.code, "quarantined" in stopped.out) == (0, True)
    record = json.loads(run("audit", "show", "bot", "--json", *at).out)
    assert [entry["actor"] for entry in record["entries"]] == ["operator:local", "operator:local"]
    unknown = run("agents", "show", "nobody", *at)
    assert (unknown.code, "remit agents list" in unknown.err) == (2, True)
    status = json.loads(run("status", "--json", *at).out)
    assert (status["running"], status["agents"]) == (False, {"quarantined": 1})


def test_hostile_names_are_shown_and_do_nothing(directory: Path, run: Run) -> None:
    hostile = "\x1b]0;pwned\x07\u202eevil [bold red]admin[/] \n permit"
    at = ("--dir", str(directory))
    run("agents", "register", "bot", "--owner", hostile, "--category", hostile, "--name", hostile, *at)
    for ran in (run("agents", "list", *at), run("agents", "show", "bot", *at), run("agents", "list", "--json", *at)):
        assert ran.code == 0
        assert "[bold red]admin[/]" in ran.out
        assert not {"\x1b", "\x07", "\u202e"} & set(ran.out)


def test_policies_are_checked_before_they_are_active(directory: Path, run: Run) -> None:
    fine = run("policy", "check", str(directory))
    assert (fine.code, "policies fit" in fine.out) == (0, True)
    draft = directory / "draft"
    draft.mkdir()
    (draft / "own.cedar").write_text(TYPO)
    refused = run("policy", "check", str(draft))
    assert (refused.code, "own.cedar:1" in refused.err) == (2, True)
    assert run("policy", "check", str(directory / "nothing")).code == 2


CASES = """
[[case]]
name = "a read for a mission"
resource = { id = "mail/list" }
findings = { schema = "unregistered" }
expect = "deny"
policies = ["tool-unregistered"]

[[case]]
name = "wrongly expected"
resource = { id = "mail/list" }
findings = { schema = "unregistered" }
expect = "permit"
"""


def test_policy_cases_are_run_and_a_failing_one_is_named(directory: Path, run: Run) -> None:
    cases = directory / "cases.toml"
    cases.write_text(CASES)
    ran = run("policy", "test", str(cases), "--dir", str(directory), "--json")
    assert ran.code == 1
    told = json.loads(ran.out)
    assert (told["passed"], told["failed"]) == (1, 1)
    assert "wrongly expected" in run("policy", "test", str(cases), "--dir", str(directory)).out
    why = run("policy", "explain", str(cases), "--dir", str(directory))
    assert (why.code, "tool-unregistered" in why.out) == (1, True)
    assert run("policy", "explain", str(cases), "--case", "9", "--dir", str(directory)).code == 2
    assert json.loads(run("policy", "explain", str(cases), "--json", "--dir", str(directory)).out)["effect"] == "deny"


@pytest.mark.parametrize("text", ["", "[", "{}", "[1]", "case = 1", "\x00", "[[case]]\nresource = 3\nexpect = 'deny'"])
@pytest.mark.parametrize("suffix", ["json", "toml"])
def test_files_that_hold_no_cases_are_refused(text: str, suffix: str, directory: Path, run: Run) -> None:
    cases = directory / f"cases.{suffix}"
    cases.write_text(text)
    ran = run("policy", "test", str(cases), "--dir", str(directory))
    assert ran.code == 2
    assert re.search("expected|case 1", ran.err)


def test_a_proof_that_cannot_be_read_is_not_called_unproven(directory: Path, tmp_path: Path, run: Run) -> None:
    key = run("audit", "key", str(directory)).out.strip()
    missing = run("audit", "check", str(tmp_path / "nothing"), "--key", key)
    assert (missing.code, missing.out) == (2, "")
    assert "cannot be read" in missing.err
    (tmp_path / "other").write_text("no proof")
    assert run("audit", "check", str(tmp_path / "other"), "--key", key).code == 1


def test_the_log_is_verified_offline_and_damage_is_named(directory: Path, run: Run) -> None:
    key = run("audit", "key", str(directory)).out.strip()
    fine = run("audit", "verify", str(directory), "--key", key)
    assert (fine.code, "intact" in fine.out) == (0, True)
    bundle = next(path for path in (directory / "log").rglob("*") if path.is_file() and "entries" in path.parts)
    data = bytearray(bundle.read_bytes())
    data[20] ^= 1
    bundle.write_bytes(data)
    broken = run("audit", "verify", str(directory), "--key", key)
    assert broken.code == 1
    assert "tile/entries/" in broken.out
    assert "entry 0" in broken.out
    report = json.loads(run("audit", "verify", str(directory), "--key", key, "--json").out)
    assert report["ok"] is False


def test_a_truncated_log_is_found_with_an_earlier_checkpoint(directory: Path, tmp_path: Path, run: Run) -> None:
    old = shutil.copytree(directory, tmp_path / "backup")
    run("agents", "register", "bot", "--owner", "greta", "--dir", str(directory))
    (witnessed,) = (directory / "log").rglob("checkpoint")
    key = tmp_path / "log.key"
    key.write_text(run("audit", "key", str(directory)).out)
    grown = run(
        "audit", "verify", str(directory), "--key", str(key), "--since", str(next((old / "log").rglob("checkpoint")))
    )
    assert (grown.code, "extends" in grown.out) == (0, True)
    truncated = run("audit", "verify", str(old), "--key", str(key), "--since", str(witnessed))
    assert (truncated.code, "truncated" in truncated.out) == (1, True)


@pytest.mark.parametrize("key", ["", "nonsense", "a+b+c", "/nowhere"])
def test_a_key_that_is_none_is_refused(key: str, directory: Path, run: Run) -> None:
    ran = run("audit", "verify", str(directory), "--key", key)
    assert (ran.code, "expected" in ran.err) == (2, True)


def test_entries_are_exported_as_json_lines(directory: Path, tmp_path: Path, run: Run) -> None:
    at = ("--dir", str(directory))
    everything = [json.loads(line) for line in run("audit", "export", *at).out.splitlines()]
    assert [entry["seq"] for entry in everything] == list(range(len(everything)))
    last = run("audit", "export", "--start", "-1", *at).out.splitlines()
    assert len(last) == 1
    some = run("audit", "export", "--start", "1", "--limit", "2", *at).out.splitlines()
    assert [json.loads(line)["seq"] for line in some] == [1, 2]
    out = tmp_path / "entries.jsonl"
    assert run("audit", "export", "--out", str(out), *at).code == 0
    assert len(out.read_text().splitlines()) > len(everything) - 1
    assert run("audit", "export", "--out", str(out), *at).code == 2  # never over something


def test_a_directory_that_another_command_holds_is_not_touched(directory: Path, run: Run) -> None:
    async def held() -> Ran:
        async with open_remit(directory) as remit:
            assert remit.tenant == DEFAULT_TENANT
            return await asyncio.to_thread(run, "agents", "list", "--dir", str(directory))

    ran = asyncio.run(held())
    assert (ran.code, "try again" in ran.err) == (3, True)


def test_an_address_that_nobody_answers_is_unavailable(run: Run) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        ran = run("agents", "list", "--url", url, "--key", "remit_x_y")
        assert (ran.code, url in ran.err) == (3, True)
    assert run("agents", "list", "--url", "ftp://x", "--key", "k").code == 2
    assert run("agents", "list", "--url", url, "--key", "two words").code == 2
    assert run("agents", "list", "--url", url).code == 2


def test_every_command_explains_itself(run: Run) -> None:
    top = run("--help")
    assert top.code == 0
    for command in ("init", "up", "status", "missions", "policy", "audit", "why", "replay", "demo"):
        assert command in top.out
    for group in ("agents", "missions", "tools", "operators", "points", "keys", "approvals", "policy", "audit"):
        assert "list" in run(group, "--help").out or group == "audit"
    assert run("--version").out.startswith("remit ")
    assert run("missions", "open").code == 2
    assert run("nonsense").code == 2


def test_without_a_server_access_requests_are_taken_as_a_server_takes_them(directory: Path) -> None:
    with connect(directory, None, None) as remit:
        for method, path in (("GET", "/access/v1/requests/none"), ("POST", "/access/v1/requests/none/cancel")):
            with pytest.raises(NotFound, match="no such task"):  # and not `this server takes no access requests`
                remit.call(method, path)
        found = remit.call("GET", "/.well-known/authzen-configuration")
        assert found["access_request_endpoint"].endswith("/access/v1/requests")


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["--cause", "x"], "expected one of"),
        (["m_1", "--expired", "--days", "3", "--cause", "x"], "expected one of"),
        (["m_1", "--days", "3", "--cause", "x"], "expected `--expired` beside `--days`"),
        (["--expired", "--cause", "x", "--url", "http://127.0.0.1:9"], "expected `--days`"),
        (["--expired", "--cause", "x"], "expected --days"),
    ],
)
def test_erase_says_what_it_needs(run: Run, directory: Path, words: list[str], advice: str) -> None:
    ran = run("erase", *words, "--dir", str(directory))
    assert ran.code == 2
    assert advice in ran.err


def test_a_file_that_cannot_be_used_is_one_line_and_no_traceback(run: Run, directory: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    assert run("backup", str(backup), "--without-keys", "--dir", str(directory)).code == 0
    ran = run("restore", str(backup), str(tmp_path / "new"), "--keys", str(tmp_path / "no\x1b[2Jkeys"))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "expected --keys" in ran.err
    assert "\x1b" not in ran.err
    (tmp_path / "file").write_text("")
    ran = run("init", str(tmp_path / "file" / "below"))
    assert ran.code in (2, 3)
    assert ran.err.startswith("remit: ")


def test_what_the_operating_system_refuses_is_one_line_with_the_place(
    run: Run, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "/some/\x1bfile")

    monkeypatch.setattr("remit.cli.output.print_json", full)
    ran = run("agents", "list", "--json", "--dir", str(directory))
    assert ran.code == 3
    assert ran.err.startswith("remit: /some/\\u{1b}file: No space left on device; check")


def test_status_shows_what_is_observed_and_who_was_turned_away() -> None:
    value = {
        "running": True,
        "healthy": True,
        "mode": "enforce",
        "observing": [
            {"id": "agent:a\x1b[2J", "expires": 0, "by": "x", "confirmed_by": "y"},
            {"id": "tool:s/t", "expires": 86_400_000, "by": "x", "confirmed_by": "y"},
        ],
        "turned_away": {"unknown key": 3},
        "tokens_refused": {"used": 2},
    }
    with output.console() as console, console.capture() as shown:
        console.print(_shown(value))
    text = shown.get()
    assert "agent:a\\u{1b}[2J until 1970-01-01 00:00:00Z" in text
    assert "tool:s/t until 1970-01-02 00:00:00Z" in text
    assert "3 unknown key" in text
    assert "2 used" in text
    assert "\x1b" not in text
