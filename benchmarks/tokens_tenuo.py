"""Tenuo's part of `tokens.py`, run with the interpreter that has it: nothing of ours is imported here.

    python tokens_tenuo.py ROUNDS

Prints one JSON object. That a wrong argument is refused is checked before anything is timed.
"""

import importlib
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

TOOL = "office/read_message"


def main() -> None:
    library = importlib.import_module("tenuo")
    rounds = int(sys.argv[1])
    issuer, holder = library.SigningKey.generate(), library.SigningKey.generate()
    authorizer = library.Authorizer(trusted_roots=[issuer.public_key])
    calls = [
        {"id": f"message-{number}", "call": f"call-{number:012d}", "digest": f"{number:064x}"}
        for number in range(rounds)
    ]
    allowed = [{TOOL: {name: library.Exact(value) for name, value in call.items()}} for call in calls]

    def minted(number: int) -> str:
        made = library.Warrant.issue(issuer, capabilities=allowed[number], ttl_seconds=60, holder=holder.public_key)
        return str(made.to_base64())

    def authorized(number: int) -> None:
        warrant = library.Warrant.from_base64(texts[number])
        authorizer.authorize_one(warrant, TOOL, calls[number], proofs[number])

    texts = [minted(number) for number in range(rounds)]
    now = int(time.time())
    proofs = [
        library.Warrant.from_base64(text).sign(holder, TOOL, call, now) for text, call in zip(texts, calls, strict=True)
    ]
    try:
        authorizer.authorize_one(library.Warrant.from_base64(texts[0]), TOOL, calls[1], proofs[0])
    except library.TenuoError:
        pass
    else:
        raise SystemExit("it authorizes another call than was permitted")
    figures = {"Tenuo: warrant minted": micros(minted, rounds), "Tenuo: warrant authorized": micros(authorized, rounds)}
    print(json.dumps(figures))


def micros(work: Callable[[int], Any], rounds: int) -> dict[str, float]:
    taken = []
    for number in range(rounds):
        start = time.thread_time_ns()
        work(number)
        taken.append(time.thread_time_ns() - start)
    return {
        "p1": round(statistics.quantiles(taken, n=100)[0] / 1000, 1),
        "p50": round(statistics.median(taken) / 1000, 1),
    }


if __name__ == "__main__":
    main()
