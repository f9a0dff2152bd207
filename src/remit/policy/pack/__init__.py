"""The policies a company starts with; `remit init` copies them into its policy directory."""

from importlib.resources import files


def default_pack() -> dict[str, str]:
    """File name to text."""
    return {
        item.name: item.read_text(encoding="utf-8")
        for item in sorted(files(__name__).iterdir(), key=lambda item: item.name)
        if item.name.endswith(".cedar")
    }
