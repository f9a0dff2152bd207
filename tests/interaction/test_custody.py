"""Custody of the record over real servers: erased for good, backed up while it runs, restored with its losses known."""

import asyncio
import contextlib
import json
import os
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import House
from tests.interaction.cli_process import remit_here, remit_up

from remit.administration import custody
from remit.administration.record import causes
from remit.assembly import init
from remit.audit import opens, verify
from remit.intent import views
from remit.sdk import ApiError, Client
from remit.storage import back_up
from remit.terms import Confidentiality, DetailKind, MissionState, TenantId

SECRET = "quetzalcoatl-4711"
Open = Callable[[], AbstractAsyncContextManager[House]]


def traces(directory: Path, *needles: str) -> list[str]:
    """Files below `directory` in which one of the texts stands."""
    found = []
    for path in directory.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            found += [f"{needle} in {path.name}" for needle in needles if needle.encode() in data]
    return found


async def worked(house: House) -> tuple[str, str]:
    """A mission with a permitted, attested call, and the decision's id."""
    mission = await house.mission(f"Read the file {SECRET}")
    answer = await house.ask(mission, "read_file", {"name": SECRET})
    assert answer["outcome"] == "permit", answer
    await house.returned(answer["id"], f"content of {SECRET}")
    return mission, answer["id"]


async def refused(client: Client, path: str, body: Any) -> tuple[int, str]:
    with pytest.raises(ApiError) as caught:
        await client.post(path, body)
    return caught.value.status, caught.value.message


def test_an_erased_mission_is_gone_from_memory_and_every_file_and_the_log_stays_provable(
    opened: Open, directory: Path
) -> None:
    async def play() -> str:
        async with opened() as house:
            await house.furnish()
            mission, decision = await worked(house)
            wrapped = wrapped_key(directory, mission)
            body = {"mission": mission, "cause": "request 17"}
            status, said = await refused(house.operator, "/v1/erasures", body)
            assert (status, "is active" in said) == (409, True)
            await house.operator.post(f"/v1/missions/{mission}/state", {"state": "completed", "cause": ""})
            status, said = await refused(house.point, "/v1/erasures", body)
            assert status == 403
            assert SECRET in str(views._VIEWS.keys())
            assert (await house.operator.post("/v1/erasures", body))["missions"] == [mission]
            assert not views._VIEWS, "nor is it in a table that is kept for speed"
            shown = await house.operator.get(f"/v1/records/{decision}")
            assert (shown["erased"], shown["call"], shown["result"]) == (True, None, None)
            told = await house.operator.get(f"/v1/missions/{mission}")
            assert told["goal"] is None
            kinds = [entry["kind"] for entry in (await house.operator.get(f"/v1/records/{mission}"))["entries"]]
            assert kinds[-1] == "mission.erased"
            assert not [name for name in directory.rglob("*") if name.is_file() and wrapped in name.read_bytes()]
            assert (await house.operator.post("/v1/erasures", body))["missions"] == []
            return mission

    asyncio.run(play())
    assert not traces(directory, SECRET)
    key = remit_here("audit", "key", str(directory)).strip()
    assert verify(directory, key).ok


def wrapped_key(directory: Path, mission: str) -> bytes:
    import sqlite3

    with contextlib.closing(sqlite3.connect(directory / "remit.db")) as db:
        (found,) = db.execute("SELECT wrapped FROM mission_key WHERE mission = ?", (mission,)).fetchone()
    assert len(found) > 40
    return bytes(found)


def test_the_cause_of_an_erasure_is_no_part_of_the_log_and_is_itself_erased_in_time(
    opened: Open, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cause = "Mallory of 4 Elm Street asked for it"

    async def play() -> None:
        async with opened() as house:
            await house.furnish()
            mission, _ = await worked(house)
            await house.operator.post(f"/v1/missions/{mission}/state", {"state": "completed", "cause": ""})
            await house.operator.post("/v1/erasures", {"mission": mission, "cause": cause})
            record, by = (
                house.remit.administration.record,
                house.remit.authenticator.local_operator(TenantId("default")),
            )
            (instance,) = house.remit.store.instances(TenantId("default"))
            await house.operator.post("/v1/erasures", {"instance": instance.id, "cause": cause})
            for kind, id in (("mission", mission), ("instance", instance.id)):
                shown = record.show(by, id)
                assert "Mallory" not in str(shown.entries)
                assert shown.cause == cause
                body = house.remit.store.detail(TenantId("default"), causes(kind, id), id, DetailKind.CAUSE)
                salt = bytes.fromhex(json.loads(body or b"")["salt"])
                assert opens(shown.entries[-1]["facts"]["cause"], salt, cause.encode())
            assert not traces(directory, "Mallory")
            desk, now = house.remit.administration.custody, house.remit.clock.now()
            monkeypatch.setattr(house.remit.clock, "now", lambda: now + 4 * custody.DAY)
            await desk.retain(TenantId("default"), 3)
            for id in (mission, instance.id):
                shown = record.show(by, id)
                assert (shown.cause, shown.entries[-1]["kind"]) == (None, "cause.erased")
            before = house.remit.store.size(TenantId("default"))
            await desk.retain(TenantId("default"), 3)
            assert house.remit.store.size(TenantId("default")) == before, "what is gone is not erased again"

    asyncio.run(play())


def test_a_result_that_comes_after_the_erasure_is_not_in_the_instances_memory_but_in_its_label(opened: Open) -> None:
    async def play() -> None:
        async with opened() as house:
            await house.furnish()
            mission = await house.mission("Read the file plan.txt")
            answer = await house.ask(mission, "read_file", {"name": "plan.txt"})
            (instance,) = house.remit.store.instances(TenantId("default"))
            await house.operator.post(f"/v1/missions/{mission}/state", {"state": "revoked", "cause": ""})
            await house.operator.post("/v1/erasures", {"mission": mission, "cause": "request 18"})
            await house.returned(answer["id"], f"the password is {SECRET}")
            memory = house.remit.store.memory(TenantId("default"), instance.id)
            assert not memory.sources
            assert memory.gaps, "it saw something that nobody knows any more"
            seen = house.remit.store.instance(TenantId("default"), instance.id)
            assert seen is not None
            assert seen.label.confidentiality is Confidentiality.CONFIDENTIAL

    asyncio.run(play())


def test_an_outcome_that_comes_after_the_erasure_brings_nothing_back(opened: Open, directory: Path) -> None:
    async def play() -> None:
        async with opened() as house:
            await house.furnish()
            mission = await house.mission("Read the file plan.txt")
            answer = await house.ask(mission, "read_file", {"name": "plan.txt"})
            await house.operator.post(f"/v1/missions/{mission}/state", {"state": "revoked", "cause": ""})
            await house.operator.post("/v1/erasures", {"mission": mission, "cause": "request 18"})
            await house.returned(answer["id"], "late and secret")
            shown = await house.operator.get(f"/v1/records/{answer['id']}")
            assert [entry["kind"] for entry in shown["entries"]][-1] == "outcome.attested"
            assert shown["result"] is None
            assert house.remit.store.texts_of(TenantId("default"), mission) is None

    asyncio.run(play())


def test_what_derives_from_an_erased_mission_loses_the_goal_too(opened: Open) -> None:
    async def play() -> None:
        async with opened() as house:
            await house.furnish()
            root = await house.mission(f"Read {SECRET}")
            child = (await house.operator.post(f"/v1/missions/{root}/derive", {"agent": "clerk"}))["mission"]["id"]
            await house.operator.post(f"/v1/missions/{root}/state", {"state": "completed", "cause": ""})
            gone = await house.operator.post("/v1/erasures", {"mission": root, "cause": "request 19"})
            assert set(gone["missions"]) == {root, child}
            assert (await house.operator.get(f"/v1/missions/{child}"))["goal"] is None

    asyncio.run(play())


def test_an_erasure_that_a_crash_cut_off_is_completed_at_the_next_start(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut_off() -> str:
        async with opened() as house:
            await house.furnish()
            mission, _ = await worked(house)
            await house.operator.post(f"/v1/missions/{mission}/state", {"state": "completed", "cause": ""})

            async def dies(*_: object) -> None:
                raise asyncio.CancelledError

            with monkeypatch.context() as patch, contextlib.suppress(asyncio.CancelledError):
                patch.setattr(house.remit.store, "erase", dies)
                by = house.remit.authenticator.local_operator(TenantId("default"))
                await house.remit.administration.custody.erase(by, mission, "request 20")
            assert house.remit.store.texts_of(TenantId("default"), mission)
            return mission

    async def again(mission: str) -> None:
        async with opened() as house:
            await house.remit.administration.custody.finish(TenantId("default"))
            assert house.remit.store.texts_of(TenantId("default"), mission) is None

    asyncio.run(again(asyncio.run(cut_off())))


def test_retention_erases_what_ended_long_ago_and_what_was_done_outside_of_missions(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play() -> None:
        async with opened() as house:
            await house.furnish()
            ended, _ = await worked(house)
            await house.operator.post(f"/v1/missions/{ended}/state", {"state": "completed", "cause": ""})
            running = await house.mission("Read the file b.txt")
            outside = await house.ask(None, "read_file", {"name": SECRET})
            assert (await house.operator.get(f"/v1/records/{outside['id']}"))["call"]
            desk = house.remit.administration.custody
            assert await desk.retain(TenantId("default"), 3) == custody.Erased()
            now = house.remit.clock.now()
            monkeypatch.setattr(house.remit.clock, "now", lambda: now + 3 * custody.DAY + custody.DAY // 6)
            gone = await desk.retain(TenantId("default"), 3)
            assert gone.missions == (ended,)
            assert gone.instances == ("clerk/default",)
            assert (await house.operator.get(f"/v1/records/{outside['id']}"))["call"] is None
            assert (await house.operator.get(f"/v1/missions/{running}"))["goal"]
            entry = (await house.operator.get(f"/v1/records/{ended}"))["entries"][-1]
            assert (entry["kind"], entry["actor"]) == ("mission.erased", "remit")

    asyncio.run(play())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    made = init(tmp_path_factory.mktemp("custody") / "remit.d")
    directory = Path(made.directory)
    with (directory / "remit.toml").open("a") as toml:
        toml.write('[log]\nsinks = ["sink"]\n')  # each directory its own: a restored one goes on as another history
    remit_here("agents", "register", "clerk", "--owner", "greta", "--dir", str(directory))
    with remit_up(directory) as server:
        yield directory, made.admin_key, server, directory / "sink"


def missions(served: Any, count: int) -> list[str]:
    directory, key, _, _ = served
    made = []
    for _ in range(count):
        body = ["missions", "open", "--agent", "clerk", "--purpose", "assist", "--goal", f"Read {SECRET}", "--json"]
        made.append(json.loads(remit_here(*body, "--dir", str(directory), REMIT_KEY=key))["mission"]["id"])
    return made


def test_a_backup_of_a_running_server_restores_to_what_was_committed(served: Any, tmp_path: Path) -> None:
    directory, key, server, _ = served
    common = ("--dir", str(directory))
    before = missions(served, 2)
    stop, during = threading.Event(), []

    def load() -> None:
        import httpx2

        body = {"agent": "clerk", "purpose": "assist", "goal": "Read a"}
        while not stop.is_set():
            headers = {"authorization": f"Bearer {key}"}
            answer = httpx2.post(f"{server.url}/v1/missions", json=body, headers=headers)
            during.append(answer.json()["mission"]["id"])

    loader = threading.Thread(target=load)
    loader.start()
    try:
        target = tmp_path / "backup.tar"
        remit_here("backup", str(target), *common, REMIT_KEY=key)
    finally:
        stop.set()
        loader.join()
    assert during
    assert target.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["backup.tar"]
    remit_here("backup", str(target), *common, REMIT_KEY=key, code=2)
    restored = tmp_path / "restored"
    started = time.time_ns() // 1_000_000
    told = json.loads(remit_here("restore", str(target), str(restored), "--json"))
    assert told["epoch"] >= started, "two restores of one backup void each other's tokens too"
    listed = json.loads(remit_here("missions", "list", "--dir", str(restored), "--json"))["missions"]
    assert set(before) <= {one["id"] for one in listed} <= set(before) | set(during)
    shown = json.loads(remit_here("missions", "show", before[0], "--dir", str(restored), "--json"))
    assert SECRET in shown["goal"]
    verifier = remit_here("audit", "key", str(restored)).strip()
    assert verify(restored, verifier).ok
    on_record = json.loads(remit_here("audit", "show", "store", "--dir", str(restored), "--json"))["entries"]
    assert [entry["kind"] for entry in on_record] == ["store.backed_up", "store.restored"]


def test_a_restore_that_would_lose_signed_entries_is_refused_until_the_loss_is_accepted(
    served: Any, tmp_path: Path
) -> None:
    directory, key, _, sink = served
    common = ("--dir", str(directory))
    remit_here("backup", str(tmp_path / "b.tar"), *common, REMIT_KEY=key)
    missions(served, 1)
    size = json.loads(remit_here("status", *common, "--json", REMIT_KEY=key))["entries"]
    wait_for(lambda: f"\n{size}\n" in sink.read_text())
    remit_here("restore", str(tmp_path / "b.tar"), str(tmp_path / "r"), "--since", str(sink), code=2)
    assert not (tmp_path / "r").exists()
    told = remit_here("restore", str(tmp_path / "b.tar"), str(tmp_path / "r"), "--since", str(sink), "--accept-loss")
    assert "lost" in told
    found = json.loads(remit_here("audit", "show", "store", "--dir", str(tmp_path / "r"), "--json"))["entries"][-1]
    assert (found["kind"], found["facts"]["lost"]) == ("store.restored", 1)


def test_a_restore_cancels_approvals_that_may_have_been_used_after_the_backup(
    opened: Open, directory: Path, tmp_path: Path
) -> None:
    pay = ("make_payment", {"recipient": "GB29NWBK60161331926819", "amount": 2500})

    async def play() -> tuple[str, str]:
        async with opened() as house:
            await house.furnish()
            mission = await house.mission("Pay 2500 EUR to GB29NWBK60161331926819", purpose="pay-bills")
            asked = [(await house.ask(mission, *pay, call_id=name))["access_request"]["id"] for name in ("c1", "c2")]
            for id in asked:
                await house.approver.post(f"/v1/approvals/{id}/answer", {"state": "approved"})
            assert (await house.ask(mission, *pay, call_id="c1", approval=asked[0]))["outcome"] == "permit"
            back_up(directory, tmp_path / "b.tar", keys=True)
            assert (await house.ask(mission, *pay, call_id="c2", approval=asked[1]))["outcome"] == "permit"
            return asked[0], asked[1]

    used, unused = asyncio.run(play())
    remit_here("restore", str(tmp_path / "b.tar"), str(tmp_path / "r"))
    states = {"consumed": used, "cancelled": unused}
    for state, id in states.items():
        shown = json.loads(remit_here("approvals", "show", id, "--dir", str(tmp_path / "r"), "--json"))
        assert shown["approval"]["state"] == state
    entries = json.loads(remit_here("audit", "show", "store", "--dir", str(tmp_path / "r"), "--json"))["entries"]
    assert (entries[-1]["kind"], entries[-1]["facts"]["cancelled"]) == ("store.restored", 1)


def test_a_backup_goes_on_when_a_running_remit_removes_partial_tiles(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, removed = os.scandir, []

    def scandir(path: Any = ".") -> Any:
        if str(path).endswith(".p"):
            removed.append(path)
            rmtree(path)
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", scandir)
        back_up(directory, tmp_path / "b.tar", keys=True)
    assert removed
    assert (tmp_path / "b.tar").exists()


def rmtree(path: Any) -> None:
    for name in os.listdir(path):
        os.unlink(os.path.join(path, name))
    os.rmdir(path)


def wait_for(reached: Callable[[], bool]) -> None:
    async def watch() -> None:
        async with asyncio.timeout(30):
            while not reached():
                await asyncio.sleep(0.05)  # another process writes: there is no event to wait for

    asyncio.run(watch())


def test_a_backup_without_keys_needs_them_at_restore(served: Any, tmp_path: Path) -> None:
    directory, key, _, _ = served
    target = tmp_path / "b.tar"
    remit_here("backup", str(target), "--without-keys", "--dir", str(directory), REMIT_KEY=key)
    with tarfile.open(target) as tar:
        assert not [name for name in tar.getnames() if name.startswith("keys")]
    remit_here("restore", str(target), str(tmp_path / "r"), code=2)
    remit_here("restore", str(target), str(tmp_path / "r"), "--keys", str(directory / "keys"))


def test_states_that_count_as_over_are_all_but_the_live_ones() -> None:
    assert set(MissionState) - custody.LIVE == {MissionState.COMPLETED, MissionState.REVOKED, MissionState.EXPIRED}
