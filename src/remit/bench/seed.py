"""A Remit directory for the benchmark: made by `remit init`, filled before the server starts.

Tools, agents and the first missions come about as an operator would make them. Beyond that, missions and past decisions
are copies of real ones with other names: a hundred thousand missions or millions of entries could not be made one
request after the other.
"""

import asyncio
import itertools
import os
import subprocess
from collections.abc import Awaitable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from remit.assembly import Remit, open_remit
from remit.authentication import Authenticator
from remit.bench.processes import module
from remit.bench.world import ELSEWHERE, GOALS, LISTED, SERVERS, Identity, policies
from remit.catalogue import read_mcp
from remit.terms import (
    DEFAULT_TENANT,
    AgentId,
    Brief,
    Detail,
    DetailKind,
    EntryDraft,
    InstanceId,
    Kind,
    Mission,
    MissionId,
    Put,
    ServerId,
    Spent,
    Unavailable,
    Write,
)
from remit.terms.entries import Ledger, Reservation

_LIMITS = "\n[limits]\ncalls_per_minute_agent = 100_000_000\ncalls_per_minute_instance = 100_000_000\n"
_AT_ONCE = 2000  # writes that wait together: they share a commit
_PAST = "earlier"  # prefix of the names of past decisions


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """The directory, and who may ask in it."""

    directory: Path
    point_key: str
    identities: tuple[Identity, ...]


def make(directory: Path, *, agents: int, policy_count: int, entries: int = 0) -> Made:
    """A directory with `agents` agents, each with an instance in a mission of its own, and `entries` past decisions."""
    command = [*module("remit.cli"), "init", str(directory), "--port", "0", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"`remit init` failed: {done.stderr[-500:]}")
    keys = msgspec.json.decode(done.stdout)
    _configure(directory)
    identities = asyncio.run(_fill(directory, agents, entries))
    _policies(directory, policy_count)
    return Made(directory=directory, point_key=keys["point_key"], identities=identities)


def _configure(directory: Path) -> None:
    file = directory / "remit.toml"
    text = file.read_text(encoding="utf-8")
    text = text.replace("internal_domains = []", 'internal_domains = ["halden.example"]')
    text = text.replace("max_calls = 2000", "max_calls = 1_000_000_000")
    file.write_text(text + _LIMITS, encoding="utf-8")


def _policies(directory: Path, count: int) -> None:
    """At the end: policies may name only tools that are registered."""
    for old in (directory / "policies").iterdir():
        old.unlink()
    for name, policy in policies(count).items():
        (directory / "policies" / name).write_text(policy, encoding="utf-8")


async def _fill(directory: Path, agents: int, entries: int) -> tuple[Identity, ...]:
    async with open_remit(directory) as remit:
        by = Authenticator.local_operator(DEFAULT_TENANT)
        administration = remit.administration
        for server in (*SERVERS, *ELSEWHERE):
            listed: list[Any] = [tool.definition() for tool in LISTED]
            await administration.tools.register(by, read_mcp(remit.tenant, ServerId(server), listed))
        names = [f"agent-{number:06d}" for number in range(agents)]
        await _all(administration.agents.register(by, name, name=name, owner="ann", category="clerk") for name in names)
        first = []
        for name, goal in zip(names, GOALS, strict=False):
            opened = await administration.missions.open(
                by, agent=name, purpose="assist", goal=goal, subject="user:ann", instance=f"{name}/1"
            )
            first.append(opened)
        missions = [mission for mission, _ in first]
        copies = zip(names[len(first) :], itertools.cycle(first), strict=False)
        made = [_mission(remit, name, mission, brief) for name, (mission, brief) in copies]
        await _all(remit.store.commit(write) for _, write in made)
        missions += [mission for mission, _ in made]
        await _all(remit.store.commit(write) for write in _past(remit, missions, entries))
        return tuple(
            Identity(str(one.agent).encode(), str(one.instance).encode(), str(one.id).encode()) for one in missions
        )


async def _all(work: Iterable[Awaitable[Any]]) -> None:
    waiting = iter(work)
    while some := list(itertools.islice(waiting, _AT_ONCE)):
        await asyncio.gather(*some)


def _mission(remit: Remit, agent: str, like: Mission, brief: Brief) -> tuple[Mission, Write]:
    """The same mission for another agent."""
    mission = msgspec.structs.replace(
        like,
        id=MissionId(remit.entropy.identifier("m")),
        agent=AgentId(agent),
        instance=InstanceId(f"{agent}/1"),
        version=1,
    )
    facts = {"agent": mission.agent, "purpose": mission.purpose, "authority": mission.authority_hash}
    ledger = Ledger(tenant=mission.tenant, id=mission.id)
    detail = Detail(mission=mission.id, owner=mission.id, kind=DetailKind.BRIEF, body=msgspec.json.encode(brief))
    return mission, Write(
        entry=_entry(remit, "mission.opened", mission.id, facts),
        puts=(
            Put(kind=Kind.MISSION, record=mission, expected=0),
            Put(kind=Kind.LEDGER, record=ledger, expected=0),
        ),
        details=(detail,),
    )


def _past(remit: Remit, missions: list[Mission], entries: int) -> Iterator[Write]:
    """Decisions whose outcomes are attested: an entry each, a settled reservation, the arguments."""
    body = msgspec.json.encode({"arguments": {"name": "report"}, "digest": "0" * 64, "findings": [], "salt": ""})
    for number, mission in zip(range(entries), itertools.cycle(missions)):
        id = f"{_PAST}-{number:012d}"
        facts = {
            "agent": mission.agent,
            "instance": mission.instance,
            "mission": mission.id,
            "resource": "office/read_file",
            "effect": "permit",
            "reasons": ["works-for-mission"],
            "call": os.urandom(32).hex(),
        }
        reservation = Reservation(
            tenant=mission.tenant,
            id=id,
            mission=mission.id,
            agent=mission.agent,
            instance="",  # of no instance that still acts: its memory is not what is measured here
            server="office",
            tool="read_file",
            call_id=id,
            digest="0" * 64,
            reserved=Spent(calls=1),
            state="settled",
        )
        yield Write(
            entry=_entry(remit, "decision.made", id, facts),
            puts=(Put(kind=Kind.RESERVATION, record=reservation, expected=0),),
            details=(Detail(mission=mission.id, owner=id, kind=DetailKind.CALL, body=body),),
        )


def _entry(remit: Remit, kind: str, id: str, facts: dict[str, Any]) -> EntryDraft:
    return EntryDraft(
        tenant=remit.tenant, kind=kind, id=id, time=remit.clock.now(), actor="operator:local", facts=facts
    )
