"""Recomputing a whole log from its entries, and finding which file is wrong.

The signed root is the only thing believed. Every leaf is hashed from the bundles, every tile is recomputed from the
level below and compared with the stored one. Where they differ, the level above (for the rightmost tiles: the signed
root) says which of the two is right, so that a flipped byte is pinned on the file that holds it. No substitution is
silent: each is a problem, and without any the recomputed root must be the signed one, or that is a problem. With
several files wrong at once something is always reported, though a neighbour may be named too.

One pass; in memory are one bundle and the edge of the tree.
"""

import itertools
from collections.abc import Iterable, Iterator

import msgspec

from remit.audit.files import LogFiles
from remit.audit.hashing import HASH_BYTES, edge_root, leaf_hash, perfect_root
from remit.audit.report import Problems, Progress
from remit.audit.rows import RowCheck
from remit.audit.tiles import CHECKPOINT, MAX_BUNDLE, TILE_BYTES, WIDTH, TilePath, split_bundle, split_tile, width_at

Hashes = list[bytes | None]  # None: could not be computed


class _Bundle(msgspec.Struct, frozen=True, kw_only=True):
    file: TilePath
    entries: list[bytes]
    hashes: Hashes
    damage: str  # what is wrong with the file's form, "" if nothing


class _Tile(msgspec.Struct, frozen=True, kw_only=True):
    """A tile twice: as the level below gives it, and as it is stored (None: not, or not whole)."""

    path: TilePath
    file: TilePath
    computed: Hashes
    stored: Hashes | None

    @property
    def merged(self) -> Hashes:
        if self.stored is None:
            return self.computed
        return [theirs if ours is None else ours for ours, theirs in zip(self.computed, self.stored, strict=True)]


class Recomputation:
    """One pass over the first `size` entries of the log in `files`; what is wrong goes to `problems`."""

    def __init__(
        self, files: LogFiles, size: int, problems: Problems, rows: RowCheck | None, marks: Iterable[int]
    ) -> None:
        self.checked = 0  # entries
        self.roots: dict[int, bytes | None] = {}  # by mark: the root over so many entries, if it can be computed
        self._files = files
        self._size = size
        self._problems = problems
        self._rows = rows
        self._marks: dict[int, list[int]] = {}  # by the bundle that they fall into
        for mark in set(marks):
            self._marks.setdefault(mark // WIDTH, []).append(mark)
        self._levels: list[Hashes] = [[]]  # per level the unfinished tile, as far as it was recomputed
        self._parents: dict[int, tuple[int, Hashes | None]] = {}  # per level the stored tile that was asked last

    def run(self, root: bytes, progress: Progress | None) -> None:
        bundle = None
        for index in range(-(-self._size // WIDTH)):
            bundle = self._bundle(index)
            if len(bundle.hashes) == WIDTH:
                self._full(TilePath(level=0, index=index, width=WIDTH), bundle.hashes, bundle)
                bundle = None
                self.checked += WIDTH
            if progress is not None:
                progress(self.checked, self._size)
        self._levels[0] = bundle.hashes if bundle else []
        self._finish(root, bundle)
        self.checked = self._size
        if progress is not None:
            progress(self._size, self._size)

    def _bundle(self, index: int) -> _Bundle:
        width = width_at(self._size, 0, index)
        file, data, damage = self._read(TilePath(level=None, index=index, width=width), MAX_BUNDLE)
        entries, rest = split_bundle(data or b"", width)
        if not damage and rest is None:
            damage = "an entry's length leads beyond the end of the file"
        if not damage and rest and file.width == width:
            damage = "bytes follow the last entry"
        hashes: Hashes = [leaf_hash(entry) for entry in entries]
        hashes += [None] * (width - len(entries))
        return _Bundle(file=file, entries=entries, hashes=hashes, damage=damage)

    def _full(self, path: TilePath, computed: Hashes, bundle: _Bundle | None) -> None:
        """Settle a full tile and hand its root up."""
        level = path.level or 0
        tile = self._tile(path, computed)
        parent: bytes | None = None
        chosen = computed
        if tile.stored != computed:
            parent = self._parent(path)
            chosen = _choose(tile, parent)
        self._report(tile, chosen, bundle)
        if level == 0:
            self._take_marks(path.index, chosen)
        self._levels[level] = []
        if level + 1 == len(self._levels):
            self._levels.append([])
        above = self._levels[level + 1]
        whole = _known(chosen)
        above.append(parent if whole is None else perfect_root(whole))
        if len(above) == WIDTH:
            self._full(TilePath(level=level + 1, index=path.index // WIDTH, width=WIDTH), above, None)

    def _finish(self, root: bytes, bundle: _Bundle | None) -> None:
        """Settle the rightmost tiles together: the choice that gives the signed root is right."""
        tiles = [self._unfinished(level, hashes) for level, hashes in enumerate(self._levels)]
        options = [_options(tile) for tile in tiles]
        fitting = (choice for choice in itertools.product(*options) if _edge_root(choice) == root)
        chosen = next(fitting, None)
        if chosen is None:
            chosen = tuple(option[0] for option in options)
            last = self._size - 1 if self._size else None
            message = (
                "the entries do not give the root that was signed: entries were changed, or the log is another one"
            )
            self._problems.add(CHECKPOINT, None if last is None else 0, last, message)
        for tile, hashes in zip(tiles, chosen, strict=True):
            if tile is not None:
                self._report(tile, hashes, bundle if tile.path.level == 0 else None)
        self._levels = [list(hashes) for hashes in chosen]
        self._take_marks(self._size // WIDTH, self._levels[0])

    def _unfinished(self, level: int, computed: Hashes) -> _Tile | None:
        if not computed:
            return None
        return self._tile(TilePath(level=level, index=self._size >> (8 * (level + 1)), width=len(computed)), computed)

    def _take_marks(self, index: int, leaves: Hashes) -> None:
        """The roots at the marks that fall into bundle `index`."""
        for mark in self._marks.get(index, ()):
            self.roots[mark] = _edge_root([leaves[: mark % WIDTH], *self._levels[1:]])

    def _tile(self, path: TilePath, computed: Hashes) -> _Tile:
        file, data, damage = self._read(path, TILE_BYTES)
        wanted = path.width * HASH_BYTES
        if data is not None and file.width != path.width:
            data = data[:wanted]
        if data is not None and len(data) != wanted:
            damage, data = f"expected {wanted} bytes, got {len(data)}", None
        if damage:
            self._problems.add(file, *self._span(path, 0, path.width - 1), damage)
        return _Tile(path=path, file=file, computed=computed, stored=None if data is None else [*split_tile(data)])

    def _parent(self, path: TilePath) -> bytes | None:
        """The root of this full tile as the stored tile above has it. Not reported here: that tile's own turn comes."""
        level, index = (path.level or 0) + 1, path.index // WIDTH
        known, hashes = self._parents.get(level, (-1, None))
        if known != index:
            above = TilePath(level=level, index=index, width=width_at(self._size, level, index))
            data = self._read(above, TILE_BYTES)[1]
            hashes = [*split_tile(data)] if data is not None and len(data) >= above.width * HASH_BYTES else None
            self._parents[level] = (index, hashes)
        return None if hashes is None else hashes[path.index % WIDTH]

    def _read(self, path: TilePath, limit: int) -> tuple[TilePath, bytes | None, str]:
        """The file that was read, its bytes, and what was wrong. A partial file's full form serves as well."""
        for file in dict.fromkeys((path, path.full)):
            if file == path or width_at(self._size, file.level or 0, file.index) < WIDTH:
                try:
                    data = self._files.read(str(file), limit)
                except OSError as error:
                    return file, None, f"cannot be read: {error.strerror or type(error).__name__}"
                if data is not None:
                    return file, data, ""
        return path, None, "is missing"

    def _report(self, tile: _Tile, chosen: Hashes, bundle: _Bundle | None) -> None:
        """Name the files that differ from what was chosen."""
        below = _differing(tile.computed, chosen)
        if bundle is not None:
            self._report_bundle(tile, bundle, below, None in chosen)
            if self._rows is not None:
                self._rows.compare(
                    tile.path.index * WIDTH, bundle.entries, chosen, proven=not below and not bundle.damage
                )
            bundles = msgspec.structs.replace(tile.path, level=None)
            self._report_partials(bundles, chosen)
        else:
            for place in below:
                if tile.computed[place] is not None:
                    child = TilePath(
                        level=(tile.path.level or 0) - 1, index=tile.path.index * WIDTH + place, width=WIDTH
                    )
                    message = (
                        f"the tile and what is below it agree, but not with {tile.file}, which the signed root confirms"
                    )
                    self._problems.add(child, *self._span(child, 0, WIDTH - 1), message)
        if tile.stored is not None and (places := _differing(tile.stored, chosen)):
            message = f"{len(places)} of its hashes are not those of the entries"
            self._problems.add(tile.file, *self._span(tile.path, places[0], places[-1]), message)
        self._report_partials(tile.path, chosen)

    def _report_bundle(self, tile: _Tile, bundle: _Bundle, places: list[int], unsure: bool) -> None:
        last = tile.path.width - 1
        if bundle.damage:
            first = places[0] if places and not unsure else 0
            self._problems.add(bundle.file, *self._span(tile.path, first, last), bundle.damage)
        elif places:
            message = "the entries' bytes are not those that were signed"
            self._problems.add(bundle.file, *self._span(tile.path, places[0], places[-1]), message)

    def _report_partials(self, path: TilePath, chosen: Hashes) -> None:
        """Earlier, narrower forms that are still there must be prefixes of what they grew into."""
        for width in self._files.partials(path.partials):
            expected = chosen[:width]
            if width >= len(chosen) or None in expected:
                continue  # wider: no checkpoint covers it yet
            file = msgspec.structs.replace(path, width=width)
            _, data, damage = self._read(file, MAX_BUNDLE if path.level is None else TILE_BYTES)
            if data is None and not damage.startswith("cannot"):
                continue  # the publisher cleared it away meanwhile
            found: Hashes = []
            if path.level is None:
                entries, rest = split_bundle(data or b"", width)
                found = [leaf_hash(entry) for entry in entries]
                damage = damage or ("" if rest == b"" else "its entries do not end where it ends")
            else:
                found = [*split_tile(data or b"")]
            if damage or found != expected:
                places = _differing([*found[:width], *[None] * (width - len(found))], expected) or [0]
                last = width - 1 if damage else places[-1]
                self._problems.add(file, *self._span(path, places[0], last), damage or "differs from its later form")

    def _span(self, path: TilePath, first: int, last: int) -> tuple[int, int]:
        """The entries under hashes `first` to `last` of a tile."""
        shift = 8 * (path.level or 0)
        start = path.index * WIDTH
        return (start + first) << shift, min(((start + last + 1) << shift), self._size) - 1


def _choose(tile: _Tile, parent: bytes | None) -> Hashes:
    """Which of the two the level above confirms; if neither, what the level below gives."""
    if parent is not None:
        for candidate in _options(tile):
            whole = _known(candidate)
            if whole is not None and perfect_root(whole) == parent:
                return candidate
    return tile.merged


def _options(tile: _Tile | None) -> list[Hashes]:
    if tile is None:
        return [[]]
    return [tile.merged] if tile.stored in (None, tile.merged) else [tile.merged, *_as_list(tile.stored)]


def _as_list(stored: Hashes | None) -> Iterator[Hashes]:
    if stored is not None:
        yield stored


def _known(hashes: Hashes) -> list[bytes] | None:
    known = [item for item in hashes if item is not None]
    return known if len(known) == len(hashes) else None


def _edge_root(edge: "list[Hashes] | tuple[Hashes, ...]") -> bytes | None:
    known = [_known(hashes) for hashes in edge]
    whole = [hashes for hashes in known if hashes is not None]
    return edge_root(whole) if len(whole) == len(known) else None


def _differing(found: Hashes, expected: Hashes) -> list[int]:
    if found == expected:
        return []
    return [place for place, (one, other) in enumerate(zip(found, expected, strict=True)) if one != other]
