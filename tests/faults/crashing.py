"""Crashes a server under load, again and again, each time on what the last crash left.

One round: a recorded server starts on the directory; clients load it; after a random number of answers it is killed.
Of its recording several moments are chosen, half of them right after an answer left. For each the power is lost: an
image is made, examined, and started. The next round begins on one of the images, or on what the kill left.
"""

import asyncio
import contextlib
import random
import shutil
from pathlib import Path

import msgspec
from tests.faults import house
from tests.faults.disk import Disk
from tests.faults.process import Server, serving
from tests.faults.promises import Promises, broken, checkpoint_of, starts
from tests.faults.recording import Event, Replay, read, sent

_WRITING = ("pwrite64", "fsync", "fdatasync")


class Crash(msgspec.Struct, frozen=True, kw_only=True):
    """What one crash broke."""

    name: str
    broken: tuple[str, ...]


class Crashing:
    """`images` moments of each round; everything random follows from `seed`, but the server's own timing."""

    def __init__(
        self,
        directory: Path,
        keys: house.Keys,
        *,
        seed: int,
        images: int,
        mutations: tuple[str | None, ...] = (None,),
        inject: str | None = None,
        answers: tuple[int, int] = (30, 150),
    ) -> None:
        self.directory = directory
        self.work = directory.parent
        self.keys = keys
        self.chance = random.Random(seed)
        self.images = images
        self.mutations = mutations  # one is chosen for each round
        self.inject = inject
        self.answers = answers  # a server lives for so many, at least and at most
        self.promises = Promises()
        self.crashes: list[Crash] = []
        self.released = 0
        self.faults = 0  # writes and syncs that failed, as injected
        self.unsynced = 0  # changes that were in danger, over all images
        self._round = 0

    @property
    def failures(self) -> list[str]:
        return [f"{crash.name}: {text}" for crash in self.crashes for text in crash.broken]

    def run(self, crashes: int) -> None:
        """Stops at the first round that broke something; its directories stay for whoever looks."""
        while len(self.crashes) < crashes and not self.failures:
            self.round()

    def round(self) -> None:
        self._round += 1
        trace = self.work / f"round-{self._round}.trace"
        disk = Disk(self.directory)  # what lies there now was there when the power came back
        seen = self._hurt(trace)
        events = read(trace)
        self.faults += sum(event.result == -1 and event.call in _WRITING for event in events)
        whole = self._after_the_kill(events, seen)
        self._after_power_loss(events, disk)
        self._go_on(whole)
        trace.unlink()

    def _hurt(self, trace: Path) -> set[str]:
        """Run, load and kill; the decisions that clients saw."""

        async def visit(server: Server) -> set[str]:
            async with house.visiting(server.url, self.keys) as office:
                office.after(self.chance.randint(*self.answers), server.kill)
                with contextlib.suppress(house.Unreachable):
                    await house.load(office)
            told = Promises()
            for context in office.released:
                told.told({"context": context})
            return set(told.decisions)

        mutation = self.chance.choice(self.mutations)
        with serving(Server(self.directory, recorded=trace, mutation=mutation, inject=self.inject)) as server:
            seen = asyncio.run(visit(server))
        self.released += len(seen)
        return seen

    def _after_the_kill(self, events: list[Event], seen: set[str]) -> Promises:
        """The process died, the kernel lives: every write is there."""
        whole = self.promises.copy()
        for event in events:
            if answer := sent(event):
                whole.answered(answer)
        missing = seen - whole.decisions.keys()
        assert not missing, f"the recording misses answers that clients saw: {missing}"
        self._examine(f"kill {self._round}", self.directory, whole)
        return whole

    def _after_power_loss(self, events: list[Event], disk: Disk) -> None:
        promises = self.promises.copy()
        replay = Replay(disk, events, promises.answered)
        points = self._points(events)
        for point in points:
            replay.forward(point)
            keep = self.chance.choice((0, 0, None, None, None))
            self.unsynced += disk.unsynced()
            image = self.work / f"image-{self._round}-{point}"
            disk.lose_power(image, self.chance, keep)
            how = "all unsynced writes dropped" if keep == 0 else "unsynced writes dropped and torn"
            if point == points[-1]:  # untouched, for the next round's server to start on
                self._next = (shutil.copytree(image, self.work / f"next-{self._round}"), promises.copy())
            self._examine(f"power loss {self._round} at event {point}, {how}", image, promises, start=True)
            if not self.failures:
                shutil.rmtree(image)

    def _points(self, events: list[Event]) -> list[int]:
        answers = [number + 1 for number, event in enumerate(events) if sent(event).startswith(b"HTTP/1.1 2")]
        first = answers[0]  # that the server is ready
        after = self.chance.sample(answers, min(self.images // 2, len(answers)))
        anywhere = (self.chance.randint(first // 2, len(events)) for _ in range(self.images - len(after)))
        return sorted({*after, *anywhere})

    def _examine(self, name: str, directory: Path, promises: Promises, *, start: bool = False) -> None:
        found = broken(directory, promises, self.work)
        if start and not found:
            found = starts(directory) or broken(directory, promises, self.work)
        self.crashes.append(Crash(name=name, broken=tuple(found[:20])))

    def _go_on(self, whole: Promises) -> None:
        """The next round starts on what one of these crashes left."""
        image, promises = self._next
        if self.failures:
            return
        if self.chance.random() < 0.5:
            shutil.rmtree(self.directory)
            image.rename(self.directory)
        else:
            shutil.rmtree(image)
            promises = whole
        self.promises = promises
        self.promises.checkpoint = checkpoint_of(self.directory)
