"""A recording of a server's system calls (strace), replayed onto a model of its disk.

The same recording holds what the server wrote to its clients, so whether an answer left before the power did is read
from one order of events, not guessed from two clocks. A write counts from when it was begun, a sync from when it
returned, an answer from when its sending was begun: each the choice that is hardest on the server.
"""

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
from tests.faults.disk import Directory, Disk, File, Names, Write

CALLS = (
    "openat,creat,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,ftruncate,truncate,fallocate,fsync,fdatasync,"
    "sync_file_range,sync,syncfs,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,"
    "mkdirat,rmdir,copy_file_range,sendfile"
)
# Read by `_step`; the others are recorded only so that their use under the directory fails the test.
_LINE = re.compile(r"(\d+) +(?:(\w+)\((.*)|<\.\.\. (\w+) resumed>(.*))")
_RESULT = re.compile(r"\)? *= (-?\d+|\?)[^=]*$")
_HEX = re.compile(r"(?:\\x[0-9a-f]{2})+")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_DESCRIPTOR = re.compile(r"(?:AT_FDCWD|\d+)<((?:\\x[0-9a-f]{2})*)>")
_DIRECTORY_FD = re.compile(r"^(?:AT_FDCWD|\d+)<((?:\\x[0-9a-f]{2})*)>, \"")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A system call that begins, or that returned."""

    call: str
    arguments: str  # as recorded, without the result
    key: int  # the same for a call's beginning and return
    result: int | None = None  # None while it runs


def read(trace: Path) -> list[Event]:
    """The events in order. Lines without a system call (signals, exits) are left out."""
    events: list[Event] = []
    running: dict[str, tuple[str, str, int]] = {}
    with trace.open(encoding="ascii", errors="replace") as lines:
        for key, line in enumerate(lines):
            found = _LINE.match(line)
            if found is None:
                continue
            thread, call, rest, resumed, tail = found.groups()
            if resumed is not None:
                if thread not in running:
                    continue
                call, arguments, begun = running.pop(thread)
                events.append(Event(call=call, arguments=arguments, key=begun, result=_result(tail)))
                continue
            if rest.rstrip().endswith("<unfinished ...>"):
                arguments = rest.rstrip().removesuffix("<unfinished ...>")
                running[thread] = (call, arguments, key)
                events.append(Event(call=call, arguments=arguments, key=key))
                continue
            arguments = rest[: rest.rindex(" = ")] if " = " in rest else rest
            events.append(Event(call=call, arguments=arguments, key=key))
            events.append(Event(call=call, arguments=arguments, key=key, result=_result(rest)))
    return events


def _result(rest: str) -> int:
    found = _RESULT.search(rest)
    return -1 if found is None or found[1] == "?" else int(found[1])


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _strings(arguments: str) -> list[bytes]:
    return [_bytes(found) for found in _TEXT.findall(arguments)]


def descriptor(arguments: str) -> str:
    """The path, or `socket:[…]`, of the first file descriptor."""
    found = _DESCRIPTOR.match(arguments)
    return "" if found is None else _bytes(found[1]).decode(errors="replace").removesuffix(" (deleted)")


def sent(event: Event) -> bytes:
    """What an event begins to send to a client, if anything."""
    if event.result is not None or event.call not in ("write", "writev", "sendto", "sendmsg"):
        return b""
    return b"".join(_strings(event.arguments)) if descriptor(event.arguments).startswith(("socket:", "TCP")) else b""


class Replay:
    """Brings a disk to any point of a recording, forwards."""

    def __init__(self, disk: Disk, events: list[Event], answered: Callable[[bytes], None]) -> None:
        self._disk = disk
        self._events = events
        self._answered = answered
        self._writes: dict[int, tuple[File, Write]] = {}
        self._syncs: dict[int, tuple[File, list[Write]] | tuple[Directory, list[Names]]] = {}
        self.at = 0
        self.syncs = 0

    def forward(self, point: int) -> None:
        """Up to, without, event `point`."""
        while self.at < point:
            event = self._events[self.at]
            self.at += 1
            if answer := sent(event):
                self._answered(answer)
            else:
                self._step(event)

    def _step(self, event: Event) -> None:
        match event.call:
            case "write" | "pwrite64" | "ftruncate":
                self._content(event)
            case "fsync" | "fdatasync":
                self._sync(event)
            case "openat":
                self._open(event)
            case _ if event.result == 0:
                self._names(event)

    def _content(self, event: Event) -> None:
        if event.result is not None:
            found = self._writes.pop(event.key, None)
            if found is not None:
                self._returned(*found, event.result)
            return
        path = descriptor(event.arguments)
        if not self._disk.holds(path) or path.endswith("-shm"):
            return
        node = self._disk.find(path)
        assert isinstance(node, File), f"written but never opened: {path}"
        number = int(event.arguments.rstrip(" )").rpartition(", ")[2])
        if event.call == "ftruncate":
            write = Write(0, b"", number)
        else:
            data = b"".join(_strings(event.arguments))
            write = Write(number if event.call == "pwrite64" else _end(node), data)
        node.pending.append(write)
        self._writes[event.key] = (node, write)

    @staticmethod
    def _returned(node: File, write: Write, result: int) -> None:
        if result < 0:
            node.pending = [one for one in node.pending if one is not write]
        elif write.size is None:
            write.data = write.data[:result]
        write.done = True

    def _sync(self, event: Event) -> None:
        if event.result is None:
            node = self._disk.find(path) if self._disk.holds(path := descriptor(event.arguments)) else None
            if isinstance(node, File):
                self._syncs[event.key] = (node, [write for write in node.pending if write.done])
            elif isinstance(node, Directory):
                self._syncs[event.key] = (node, list(node.pending))
        elif (found := self._syncs.pop(event.key, None)) is not None and event.result == 0:
            self.syncs += 1
            found[0].synced(found[1])  # type: ignore[arg-type]  # each with its own kind of change

    def _open(self, event: Event) -> None:
        if event.result is None or event.result < 0 or "|O_" not in event.arguments:
            return
        path = _path(event.arguments)
        if not self._disk.holds(path) or path.endswith("-shm"):
            return
        node = self._disk.find(path)
        if node is None and "O_CREAT" in event.arguments:
            parent, name = self._disk.parent(path)
            parent.change({name: File()})
        elif isinstance(node, File) and "O_TRUNC" in event.arguments:
            node.pending.append(Write(0, b"", 0))
            node.pending[-1].done = True

    def _names(self, event: Event) -> None:
        paths = [_absolute(event.arguments, text) for text in _strings(event.arguments)]
        if not any(self._disk.holds(path) for path in paths):
            return
        match event.call, paths:
            case "rename" | "renameat" | "renameat2", [old, new]:
                parent, name = self._disk.parent(old)
                onto, target = self._disk.parent(new)
                assert parent is onto, "a rename from one directory to another is not modelled"
                parent.change({name: None, target: parent.names[name]})
            case "mkdir" | "mkdirat", [path]:
                parent, name = self._disk.parent(path)
                parent.change({name: Directory()})
            case "unlink" | "unlinkat" | "rmdir", [path]:
                if not path.endswith("-shm"):
                    parent, name = self._disk.parent(path)
                    parent.change({name: None})
            case call, _:
                raise AssertionError(f"the disk does not model {call}: {paths}")


def _end(node: File) -> int:
    """Where an unpositioned write goes: such files are written once, from their beginning."""
    end = len(node.durable)
    for write in node.pending:
        end = write.size if write.size is not None else max(end, write.offset + len(write.data))
    return end


def _path(arguments: str) -> str:
    return _absolute(arguments, _strings(arguments)[0])


def _absolute(arguments: str, text: bytes) -> str:
    path = text.decode(errors="replace")
    at = _DIRECTORY_FD.match(arguments)
    return path if path.startswith("/") or at is None else f"{_bytes(at[1]).decode(errors='replace')}/{path}"
