"""A disk that loses power: what a recorded server asked of its directory, and what may be left of it.

Claim: an image is a state that POSIX allows after power was lost at one point of the recording. Synced content is
there; of each write since the last completed sync of its file any sectors may be there, in any order, also torn; of
the names made, replaced and removed since the last sync of their directory, a prefix is.

Limits: a file that is synced but whose name is not may be lost (stricter than ext4); sectors of 512 bytes are atomic;
the disk keeps its promise once a sync returned. Mapped memory is not recorded: SQLite maps only `-shm`, which a start
after power loss does not trust, so images have none.
"""

import random
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

SECTOR = 512
VOLATILE = "-shm"


class Write:
    """One change of a file's content that may not be on the disk yet."""

    __slots__ = ("data", "done", "offset", "size")

    def __init__(self, offset: int, data: bytes, size: int | None = None) -> None:
        self.offset = offset
        self.data = data
        self.size = size  # of a truncation
        self.done = False  # the system call returned: a sync that begins now covers it

    def onto(self, content: bytearray) -> None:
        if self.size is not None:
            content[self.size :] = b""
            content.extend(bytes(self.size - len(content)))
        elif self.data:
            _put(content, self.offset, self.data)

    def torn(self, content: bytearray, chance: random.Random) -> None:
        """Any of its sectors."""
        start, end = self.offset, self.offset + len(self.data)
        while start < end:
            stop = min(end, (start // SECTOR + 1) * SECTOR)
            if chance.random() < 0.5:
                _put(content, start, self.data[start - self.offset : stop - self.offset])
            start = stop


def _put(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class File:
    def __init__(self, content: bytes = b"", mode: int = 0o600) -> None:
        self.durable = bytearray(content)
        self.pending: list[Write] = []
        self.mode = mode

    def synced(self, covered: Iterable[Write]) -> None:
        chosen = {id(write) for write in covered}
        for write in self.pending:
            if id(write) in chosen:
                write.onto(self.durable)
        self.pending = [write for write in self.pending if id(write) not in chosen]

    def left(self, chance: random.Random, keep: float | None) -> bytes:
        """`keep`: 0 drops all that is unsynced, 1 keeps it, None decides for each write, and tears some."""
        content = bytearray(self.durable)
        for write in self.pending:
            fate = chance.random() if keep is None else 1 - keep
            if fate < 1 / 3:
                write.onto(content)
            elif fate < 2 / 3 and write.size is None:
                write.torn(content, chance)
        return bytes(content)


Names = dict[str, "File | Directory | None"]


class Directory:
    def __init__(self, mode: int = 0o700) -> None:
        self.durable: dict[str, File | Directory] = {}
        self.names: dict[str, File | Directory] = {}
        self.pending: list[Names] = []
        self.mode = mode

    def change(self, names: Names) -> None:
        self.pending.append(names)
        _rename(self.names, names)

    def synced(self, covered: list[Names]) -> None:
        for names in self.pending:
            if any(names is one for one in covered):
                _rename(self.durable, names)
        self.pending = [names for names in self.pending if not any(names is one for one in covered)]

    def left(self, chance: random.Random, keep: float | None) -> "dict[str, File | Directory]":
        names = dict(self.durable)
        count = chance.randint(0, len(self.pending)) if keep is None else round(keep * len(self.pending))
        for change in self.pending[:count]:
            _rename(names, change)
        return names


def _rename(onto: "dict[str, File | Directory]", names: Names) -> None:
    for name, node in names.items():
        if node is None:
            onto.pop(name, None)
        else:
            onto[name] = node


class Disk:
    """The tree below one directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.top = _loaded(root)

    def find(self, path: str) -> "File | Directory | None":
        node: File | Directory | None = self.top
        for part in self._parts(path):
            node = node.names.get(part) if isinstance(node, Directory) else None
        return node

    def parent(self, path: str) -> tuple[Directory, str]:
        *above, name = self._parts(path)
        node = self.find(str(self.root.joinpath(*above)))
        assert isinstance(node, Directory), path
        return node, name

    def holds(self, path: str) -> bool:
        return path == str(self.root) or path.startswith(f"{self.root}/")

    def unsynced(self) -> int:
        """How many changes of content and names a loss of power could still take."""
        return sum(len(node.pending) for node in _walk(self.top))

    def lose_power(self, image: Path, chance: random.Random, keep: float | None) -> None:
        """Write what is left into `image`, which must not exist."""
        _write(self.top, image, chance, keep)

    def _parts(self, path: str) -> tuple[str, ...]:
        return Path(path).relative_to(self.root).parts


def _loaded(path: Path) -> Directory:
    """What lies on the disk now counts as synced."""
    made = Directory(stat.S_IMODE(path.stat().st_mode))
    for child in path.iterdir():
        node = _loaded(child) if child.is_dir() else File(child.read_bytes(), stat.S_IMODE(child.stat().st_mode))
        made.durable[child.name] = made.names[child.name] = node
    return made


def _walk(node: "File | Directory") -> "Iterator[File | Directory]":
    yield node
    if isinstance(node, Directory):
        for child in node.names.values():
            yield from _walk(child)


def _write(node: Directory, path: Path, chance: random.Random, keep: float | None) -> None:
    path.mkdir(mode=0o700)
    for name, child in node.left(chance, keep).items():
        if isinstance(child, Directory):
            _write(child, path / name, chance, keep)
        elif not name.endswith(VOLATILE):
            (path / name).write_bytes(child.left(chance, keep))
            (path / name).chmod(child.mode)
    path.chmod(node.mode)
