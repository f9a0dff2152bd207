"""What must hold of a directory after any crash, whatever was promised to clients before.

`broken` looks at the files alone, before anybody starts on them; `starts` then opens them as the next `remit up` would.
What is checked: released decisions and answers are rows (I1); approvals were used at most once (I3); budgets were kept
and ledgers are the sum of their reservations; entries are numbered without a gap and in time; what was signed is what
the rows are (I11). Call tokens will be one more `_once` here, and one more kind in `Promises`.
"""

import asyncio
import collections
import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from remit.assembly import open_remit
from remit.audit import Verifier, log_origin, verify
from remit.keys import KeyDirectory
from remit.storage import read_only
from remit.terms import DEFAULT_TENANT, RemitError

NOT_KEPT = {"remit.unavailable", "remit.raced"}  # a deny that says itself that it is not on record


class Promises:
    """What left for clients, as the ids and states that must never be forgotten."""

    def __init__(self) -> None:
        self.decisions: dict[str, str] = {}  # id → effect
        self.approvals: set[str] = set()  # answered with yes
        self.missions: set[str] = set()
        self.checkpoint: bytes | None = None  # one that an auditor took home

    def answered(self, data: bytes) -> None:
        """An HTTP answer as it was sent."""
        if not data.startswith(b"HTTP/1.1 200") and not data.startswith(b"HTTP/1.1 201"):
            return
        with contextlib.suppress(ValueError):
            self.told(json.loads(data.partition(b"\r\n\r\n")[2]))

    def told(self, body: Any) -> None:
        match body:
            case {"context": {"id": str(decision), "outcome": str(effect)} as context}:
                if not NOT_KEPT & {reason["code"] for reason in context.get("reasons", ())}:
                    self.decisions[decision] = effect
            case {"approval": {"id": str(approval), "state": "approved"}}:
                self.approvals.add(approval)
            case {"mission": {"id": str(mission)}}:
                self.missions.add(mission)

    def copy(self) -> "Promises":
        made = Promises()
        made.decisions, made.approvals, made.missions = dict(self.decisions), set(self.approvals), set(self.missions)
        made.checkpoint = self.checkpoint
        return made


class Rows:
    """The store's rows, read by SQLite alone."""

    def __init__(self, directory: Path) -> None:
        with contextlib.closing(sqlite3.connect(f"file:{directory / 'remit.db'}?mode=ro", uri=True)) as database:
            self.intact = database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            found = database.execute("SELECT place, kind, id, time, body, held FROM entry ORDER BY place").fetchall()
            states = database.execute("SELECT kind, id, body FROM state").fetchall()
            states += database.execute("SELECT 'ledger', id, body FROM ledger").fetchall()
        self.numbers = [row[0] for row in found]
        self.times = [row[3] for row in found]
        self.entries = [(row[1], row[2], json.loads(row[4])["facts"]) for row in found]
        self.records: dict[str, dict[str, Any]] = collections.defaultdict(dict)
        for _, _, name, _, _, held in found:
            if held is not None:
                self.records["reservation"][name] = json.loads(held)
        for kind, name, body in states:
            self.records[kind][name] = json.loads(body)
        self.decisions = {name: facts for kind, name, facts in self.entries if kind == "decision.made"}
        self.outcomes = {name: facts for kind, name, facts in self.entries if kind == "outcome.attested"}


def broken(directory: Path, promises: Promises, work: Path) -> list[str]:
    """Every promise that these files do not keep; `work` is an existing directory for scratch files."""
    try:
        rows = Rows(directory)
    except sqlite3.Error as error:
        return [f"the store cannot be read: {error}"]
    found = [] if rows.intact else ["the database is damaged"]
    found += _kept(rows, promises)
    found += _once(rows)
    found += _budgets(rows)
    found += _numbered(rows)
    return found + _proven(directory, promises, work)


def _kept(rows: Rows, promises: Promises) -> list[str]:
    found = [
        f"released decision {decision} ({effect}) has no entry"
        for decision, effect in promises.decisions.items()
        if rows.decisions.get(decision, {}).get("effect") != effect
    ]
    approvals = rows.records["approval"]
    found += [
        f"approval {approval} was acknowledged and is not on record"
        for approval in promises.approvals
        if approvals.get(approval, {}).get("state") not in ("approved", "consumed")
    ]
    found += [f"mission {one} was opened and is lost" for one in promises.missions - rows.records["mission"].keys()]
    permitted = {decision for decision, facts in rows.decisions.items() if facts["effect"] == "permit"}
    if permitted != rows.records["reservation"].keys():
        found.append("permits and reservations are not the same: a transaction was split")
    return found


def _once(rows: Rows) -> list[str]:
    """Uses are counted in the log, and compared with what the record says."""
    uses: collections.Counter[str] = collections.Counter()
    for facts in rows.decisions.values():
        if facts["effect"] == "permit" and facts.get("approval"):
            uses[facts["approval"]] += 1
    found = [f"approval {approval} was used {count} times" for approval, count in uses.items() if count > 1]
    consumed = {name for name, record in rows.records["approval"].items() if record["state"] == "consumed"}
    if consumed != uses.keys():
        found.append(f"approvals used and approvals consumed differ: {sorted(consumed ^ uses.keys())}")
    return found


def _budgets(rows: Rows) -> list[str]:
    """Spent is recomputed from reservations and outcomes, up the chain of missions."""
    calls: collections.Counter[str] = collections.Counter()
    amounts: dict[str, float] = collections.defaultdict(float)
    missions = rows.records["mission"]
    for name, held in rows.records["reservation"].items():
        failed = rows.outcomes.get(name, {}).get("status") == "failed"
        if (held["state"] != "reserved") != (name in rows.outcomes):
            return [f"reservation {name} is {held['state']}, the log of its outcomes says otherwise"]
        mission = held["mission"]
        while mission:
            calls[mission] += held["reserved"]["calls"]
            amounts[mission] += 0 if failed else held["reserved"]["amount"]
            mission = missions[mission].get("parent")
    found = []
    for name, mission in missions.items():
        budget, ledger = mission["budget"], rows.records["ledger"].get(name, {"spent": {}})["spent"]
        if ledger.get("calls", 0) != calls[name] or abs(ledger.get("amount", 0.0) - amounts[name]) > 1e-6:
            found.append(f"the ledger of {name} is {ledger}, its reservations are {calls[name]}, {amounts[name]}")
        if budget.get("calls") is not None and calls[name] > budget["calls"]:
            found.append(f"mission {name} made {calls[name]} calls of {budget['calls']}")
        if budget.get("amount") is not None and amounts[name] > budget["amount"]:
            found.append(f"mission {name} spent {amounts[name]} of {budget['amount']}")
    return found


def _numbered(rows: Rows) -> list[str]:
    found = [] if rows.numbers == list(range(len(rows.numbers))) else ["the entries are not numbered without a gap"]
    return found + ([] if rows.times == sorted(rows.times) else ["the log's times run backwards"])


def _proven(directory: Path, promises: Promises, work: Path) -> list[str]:
    since = None
    if promises.checkpoint is not None:
        since = work / "earlier-checkpoint"
        since.write_bytes(promises.checkpoint)
    try:
        log = read_only(directory / "remit.db")
    except RemitError as error:
        return [f"the rows cannot be read: {error}"]
    with contextlib.closing(log):
        report = verify(directory, verifier_key(directory), since=since, rows=log)
    return [] if report.ok else [f"the log does not verify: {problem}" for problem in report.problems]


def verifier_key(directory: Path) -> str:
    from remit.assembly import load_settings

    private = KeyDirectory.open(directory / "keys").log_private
    return str(Verifier.of(log_origin(load_settings(directory).log_origin, DEFAULT_TENANT), private.public_key()))


def checkpoint_of(directory: Path) -> bytes:
    """The checkpoint as an auditor would fetch it."""
    return (directory / "log" / DEFAULT_TENANT / "checkpoint").read_bytes()


def starts(directory: Path) -> list[str]:
    """The next start, as `remit up` makes it but without a port: it must be ready, with nothing to repair."""

    async def start() -> list[str]:
        async with open_remit(directory) as remit:
            transport = httpx2.ASGITransport(app=remit.app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
                answer = await http.get("/health")
            problems = remit.problems()
        return [*problems, *([] if answer.status_code == 200 else [f"not healthy: {answer.text}"])]

    try:
        return asyncio.run(start())
    except (RemitError, OSError, msgspec.MsgspecError) as error:
        return [f"the next start failed: {error}"]
