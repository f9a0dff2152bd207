"""`remit erase`, `remit backup`, `remit restore`: custody of the record.

A backup is read from the directory itself, by the account that owns it, whether or not a server runs; that it is made
is recorded by the server. A restore makes a new directory and touches no running Remit.
"""

import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from remit.cli import output
from remit.cli.session import AsJson, Session, command
from remit.cli.text import plain
from remit.terms import DEFAULT_TENANT, InvalidInput, Refused

Cause = Annotated[str, typer.Option(help="Why. Stays in the log for ever: name the request, not the person.")]


def register(app: typer.Typer) -> None:
    """As commands of `app`."""
    command(app, "erase")(erase)
    command(app, "backup")(backup)
    app.command("restore")(restore)


def erase(
    remit: Session,
    cause: Cause,
    mission: Annotated[str | None, typer.Argument(metavar="MISSION", help="A mission that is over.")] = None,
    instance: Annotated[str | None, typer.Option(help="Instead: what this instance did outside of missions.")] = None,
    expired: Annotated[bool, typer.Option(help="Instead: whatever ended longer ago than --days.")] = False,
    days: Annotated[int | None, typer.Option(help="For --expired; default: `retention.days` of remit.toml.")] = None,
) -> None:
    """Erase goals, arguments and results, for good. The log stays, and stays provable."""
    if [mission is not None, instance is not None, expired].count(True) != 1:
        raise InvalidInput("expected one of: a mission's id, `--instance ID`, `--expired` with `--days N`")
    if days is not None and not expired:
        raise InvalidInput("expected `--expired` beside `--days`")
    if expired and days is None:
        if remit.url is not None:
            raise InvalidInput("expected `--days`: the remit.toml of a server elsewhere is not read")
        days = _retention(remit.directory)
    body = {"mission": mission, "instance": instance, "days": days if expired else None, "cause": cause}
    remit.answer(remit.post("/v1/erasures", body), _erased)


def backup(
    remit: Session,
    file: Annotated[Path, typer.Argument(help="A new file.")],
    without_keys: Annotated[bool, typer.Option(help="Leave out keys and credentials.")] = False,
    unrecorded: Annotated[bool, typer.Option(help="Do not record it: for a server that cannot write.")] = False,
) -> None:
    """Copy a Remit, running or not, into one file. With keys in it, it is as secret as they are."""
    from remit.assembly import load_settings
    from remit.storage import back_up

    if remit.url is not None:
        raise InvalidInput("a backup is made where the directory is: use --dir")
    target = file.absolute()
    upstreams = load_settings(remit.directory).upstreams
    secrets = [Path(one.credential_file) for one in upstreams if one.credential_file and not without_keys]
    inside = [path for path in secrets if path.is_relative_to(remit.directory)]
    if not unrecorded:
        remit.post("/v1/backups", {"keys": not without_keys})
    manifest = back_up(remit.directory, target, keys=not without_keys, secrets=inside)
    value = {"file": str(target), "files": len(manifest.files), "keys": manifest.keys, "bytes": target.stat().st_size}

    def render(value: dict[str, Any]) -> str:
        keys = "with its keys: as secret as they are" if value["keys"] else "without keys: keep those elsewhere"
        return f"{plain(value['file'])}: {value['bytes']} bytes, {keys}"

    remit.answer(value, render)


def restore(
    file: Annotated[Path, typer.Argument(help="What `remit backup` wrote.")],
    directory: Annotated[Path, typer.Argument(help="A new directory.")],
    keys: Annotated[Path | None, typer.Option(help="The keys, for a backup without them.")] = None,
    since: Annotated[Path | None, typer.Option(help="The latest checkpoint that you know, or a sink's file.")] = None,
    accept_loss: Annotated[bool, typer.Option(help="Restore although `--since` shows entries to be missing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a directory from a backup, after its log was verified. Call tokens of before become void."""
    import msgspec

    from remit.assembly import load_settings
    from remit.assembly.remit import key_encryption
    from remit.audit import Verifier, encode_entry, log_origin
    from remit.keys import KeyDirectory
    from remit.storage import Store, accept, check, unpacked
    from remit.storage.backup import KEYS, STORE

    directory = directory.absolute()
    with unpacked(file, directory) as (making, manifest):
        if keys is not None:
            if manifest.keys:
                raise InvalidInput("the backup holds its keys: leave out --keys")
            _copy_keys(keys, making / KEYS)
        elif not manifest.keys:
            raise Refused("the backup holds no keys: pass the directory that they are kept in with --keys")
        opened = KeyDirectory.open(making / KEYS, key_encryption())
        origin = log_origin(load_settings(making).log_origin, DEFAULT_TENANT)
        verifier = Verifier.of(origin, opened.log_private.public_key())
        lost = check(making, verifier, DEFAULT_TENANT, since=since, accept_loss=accept_loss)
        store = Store(making / STORE, wrap=opened, encode=encode_entry)
        try:
            restored = accept(store, DEFAULT_TENANT, manifest, lost=lost, actor="operator:local")
        finally:
            store.close()
    if as_json:
        output.print_json({"directory": str(directory), **msgspec.to_builtins(restored)})
        return
    output.show(
        f"{plain(str(directory))}: {restored.size} entries, as of {output.moment(restored.made)}",
        f"epoch {restored.epoch}: call tokens of before are void",
        *([f"{restored.lost} signed entries are lost, which is on record"] if restored.lost else []),
        f"start it with `remit up {plain(str(directory))}`",
    )


def _copy_keys(source: Path, target: Path) -> None:
    try:
        shutil.copytree(source, target)
    except OSError as error:
        why = error.strerror or "not all of it can be read"
        raise InvalidInput(f"expected --keys to be the directory with the keys, got {source}: {why}") from None


def _retention(directory: Path) -> int:
    from remit.assembly.config import load

    days = load(directory).retention_days
    if days is None:
        raise InvalidInput("expected --days, since remit.toml has no `retention.days`")
    return days


def _erased(value: dict[str, Any]) -> list[str]:
    gone = [f"mission {plain(one)}" for one in value["missions"]]
    gone += [f"instance {plain(one)}" for one in value["instances"]]
    return [f"erased: {one}" for one in gone] or ["nothing was there to erase"]
