"""How long a revocation takes, and that nothing is permitted after it was acknowledged, under full load.

    .venv/bin/python -m benchmarks.revocation [--rounds 40] [--connections 32]

Prints one JSON object; fails when anything that was asked after an acknowledgement was permitted.
"""

import argparse
import json
import sys

from tests.interaction.revoking import run


def main() -> int:
    parser = argparse.ArgumentParser(description="Revocation under full load.")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--connections", type=int, default=32)
    given = parser.parse_args()
    figures = run(given.rounds, given.connections)
    print(json.dumps(figures.told(), indent=2))
    return 1 if figures.permits_after_acknowledgement else 0


if __name__ == "__main__":
    sys.exit(main())
