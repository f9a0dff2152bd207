"""Checkpoints kept elsewhere, by a real server: sinks and witnesses that work, fail, and remember more than we do."""

import contextlib
import http.client
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
from tests.conformance.witness import Witness, serving_witness
from tests.interaction.cli_process import Server, remit_here, remit_up

from remit.assembly import init
from remit.audit import verify


class World(NamedTuple):
    directory: Path
    admin: str
    server: Server
    witness: Witness
    sink: Path
    key: str

    def get(self, path: str, key: str | None = None, **more: Any) -> httpx2.Response:
        headers = {} if key == "" else {"authorization": f"Bearer {key or self.admin}"}
        return httpx2.get(f"{self.server.url}{path}", headers=headers, **more)

    def raw(self, path: str) -> int:
        """The status of a path that no client tidied up."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"authorization": f"Bearer {self.admin}"})
            return connection.getresponse().status

    def grow(self) -> int:
        """One more entry; the size with it."""
        body = {"id": f"o{time.time_ns()}", "roles": ["viewer"]}
        httpx2.post(
            f"{self.server.url}/v1/operators", json=body, headers={"authorization": f"Bearer {self.admin}"}
        ).raise_for_status()
        return int(self.get("/v1/status").json()["entries"])

    def elsewhere(self) -> dict[str, dict[str, Any]]:
        return {one["name"].partition(" ")[0]: one for one in self.get("/v1/log").json()["elsewhere"]}


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)  # another process publishes once a second


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = init(tmp_path_factory.mktemp("witnessed") / "remit.d")
    directory = Path(made.directory)
    key = remit_here("audit", "key", str(directory)).strip()
    sink = directory.parent / "sink"
    with serving_witness(Witness(logs=(key,))) as witness:
        with (directory / "remit.toml").open("a") as toml:
            toml.write(f'[log]\nsinks = ["{sink}"]\nwitnesses = [{{ url = "{witness.url}", key = "{witness.key}" }}]\n')
        with remit_up(directory) as server:
            yield World(directory, made.admin_key, server, witness, sink, key)


def test_new_checkpoints_reach_the_sink_and_come_back_cosigned(world: World) -> None:
    size = world.grow()
    until(lambda: all(one["size"] is not None and one["size"] >= size for one in world.elsewhere().values()))
    served = world.get("/log/default/checkpoint").text
    assert f"— {world.witness.name} " in served
    assert f"\n{size}\n" in world.sink.read_text()
    shown = remit_here(
        *("audit", "verify", str(world.directory), "--key", world.key, "--since", str(world.sink)),
        *("--witness", world.witness.key),
    )
    assert "extends the earlier checkpoint" in shown
    assert world.witness.name in shown
    stranger = Witness("stranger.test/w")
    remit_here("audit", "verify", str(world.directory), "--key", world.key, "--witness", stranger.key, code=1)


def test_a_proof_of_a_decision_is_checked_offline_with_the_key_and_the_witness(world: World, tmp_path: Path) -> None:
    proof = tmp_path / "one.tlog-proof"
    size = world.grow()
    until(lambda: (world.elsewhere()["witness"]["size"] or 0) >= size)
    remit_here("audit", "prove", "admin", "--out", str(proof), "--dir", str(world.directory), REMIT_KEY=world.admin)
    check = ("audit", "check", str(proof), "--key", world.key)
    told = json.loads(remit_here(*check, "--witness", world.witness.key, "--json"))
    assert (told["ok"], told["entry"]["kind"], told["entry"]["id"]) == (True, "operator.added", "admin")
    remit_here(*check, "--witness", Witness("stranger.test/w").key, code=1)
    entry = tmp_path / "entry"
    entry.write_bytes(json.dumps(told["entry"], separators=(",", ":"), sort_keys=True).encode())
    remit_here(*check, "--entry", str(entry))
    entry.write_bytes(entry.read_bytes().replace(b"operator.added", b"operator.addee"))
    remit_here(*check, "--entry", str(entry), code=1)


def test_a_witness_that_fails_is_shown_and_blocks_nothing(world: World) -> None:
    world.witness.broken = True
    try:
        size = world.grow()
        until(lambda: "status 500" in world.elsewhere()["witness"]["failing"])
        status = world.get("/v1/status").json()
        assert status["healthy"] is True
        assert any("status 500" in one for one in status["warnings"])
        assert world.get("/ready", key="").status_code == 200
        assert "status 500" in remit_here("status", "--dir", str(world.directory), REMIT_KEY=world.admin)
        until(lambda: (world.elsewhere()["file"]["size"] or 0) >= size)
    finally:
        world.witness.broken = False
    size = world.grow()
    until(lambda: world.elsewhere()["witness"]["failing"] == "" and world.elsewhere()["witness"]["size"] >= size)


def test_the_log_is_read_with_a_key_that_may_and_by_exact_paths_only(world: World) -> None:
    assert world.get("/log/default/checkpoint", key="").status_code == 401
    viewer = httpx2.post(
        f"{world.server.url}/v1/operators",
        json={"id": "viewer", "roles": ["viewer"]},
        headers={"authorization": f"Bearer {world.admin}"},
    ).json()["key"]
    assert world.get("/log/default/checkpoint", key=viewer).status_code == 403
    found = world.get("/log/default/checkpoint")
    assert (found.headers["content-type"], found.headers["cache-control"]) == ("text/plain; charset=utf-8", "no-cache")
    size = int(found.text.split("\n")[1])
    tile = world.get(f"/log/default/tile/0/000.p/{size}")
    assert (tile.status_code, len(tile.content)) == (200, 32 * size)
    assert "immutable" in tile.headers["cache-control"]
    assert tile.headers["content-type"] == "application/octet-stream"
    assert world.get(f"/log/default/tile/entries/000.p/{size}").status_code == 200
    for path in (
        "default/../../remit.toml",
        "default/%2e%2e/%2e%2e/remit.toml",
        "default/tile/0/../../checkpoint",
        "default/tile/00/000",
        "default/tile/0/x000/000",
        "default/tile/0/000.p/256",
        "default/.checkpoint.tmp",
        "default//checkpoint",
        "default/checkpoint%00",
        "other/checkpoint",
        "..%2fkeys/log.pem",
    ):
        assert world.raw(f"/log/{path}") == 404, path


def test_a_restored_older_log_is_found_by_the_sink_and_the_witness(world: World, tmp_path: Path) -> None:
    backup = tmp_path / "b.tar"
    remit_here("backup", str(backup), "--dir", str(world.directory), REMIT_KEY=world.admin)
    world.grow()
    size = world.grow()
    until(lambda: all((one["size"] or 0) >= size for one in world.elsewhere().values()))
    restored = tmp_path / "restored"
    remit_here("restore", str(backup), str(restored))
    with remit_up(restored) as server:
        behind = world._replace(directory=restored, server=server)
        until(lambda: all("old backup" in one["failing"] for one in behind.elsewhere().values()))
    assert verify(world.directory, world.key, since=world.sink).ok
    report = verify(restored, world.key, since=world.sink)
    assert "truncated" in str(report.problems[0])
