"""`remit keys rotate-tokens|encrypt|decrypt`: Remit's own keys. The last two work on a directory that nobody runs."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from remit.cli import output
from remit.cli.session import DEFAULT_DIRECTORY, Directory, Session, command
from remit.cli.text import plain
from remit.terms import InvalidInput

PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        envvar="REMIT_PASSPHRASE_FILE", help="File with the passphrase, for its owner only; else REMIT_PASSPHRASE."
    ),
]


def register(keys: typer.Typer) -> None:
    """Add these commands to `remit keys`."""
    command(keys, "rotate-tokens")(_rotate)
    keys.command("encrypt")(encrypt)
    keys.command("decrypt")(decrypt)


def _rotate(
    remit: Session,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Others may know the key: void all call tokens that are out.")
    ] = False,
) -> None:
    """Sign call tokens with a new key from now on; tokens that are out stay good, unless `--at-once`."""

    def render(value: Any) -> str:
        return f"key {plain(value['key'])} signs call tokens from {output.moment(value['signs_from'])}"

    remit.answer(remit.post("/v1/token-keys/rotate", {"at_once": at_once}), render)


def encrypt(directory: Directory = DEFAULT_DIRECTORY, passphrase_file: PassphraseFile = None) -> None:
    """Seal the key files under a passphrase. From then on every start needs it."""
    _reseal(directory, passphrase_file, seal=True)
    output.show("the keys are sealed; destroy copies of the plain files, in backups too")


def decrypt(directory: Directory = DEFAULT_DIRECTORY, passphrase_file: PassphraseFile = None) -> None:
    """Put the key files back in plain text, which only their file mode protects."""
    _reseal(directory, passphrase_file, seal=False)
    output.show("the keys are plain files again; start without the passphrase")


def _reseal(directory: Path, file: Path | None, *, seal: bool) -> None:
    from remit.keys import PASSPHRASE, KeyDirectory, passphrase_encryption
    from remit.storage import Lock

    encryption = passphrase_encryption(os.environ, file)
    if encryption is None:
        raise InvalidInput(f"expected a passphrase: give `--passphrase-file` or {PASSPHRASE}")
    directory = directory.absolute()
    with Lock(directory):
        old, new = (None, encryption) if seal else (encryption, None)
        KeyDirectory.reseal(directory / "keys", old=old, new=new)
