"""What call tokens cost: one minted, one used with a proof of possession, beside Tenuo's warrants.

    .venv/bin/python benchmarks/tokens.py [--rounds 2000] [--install] [--json FILE]

Processor time of this thread, each token and proof by itself: first percentile and median in microseconds, without the
clock's own. Tokens are those of real decisions on a Remit of its own, for agents, missions and calls that take turns.
A use is all that `consume` does before it commits: token and proof are read and verified, the replay window is asked,
and what the permit rests on is looked up again. Tokens that this process minted are known by their hash; those of
another process with the same keys are verified.

Of Tenuo: a warrant for one tool with three exact arguments to a holder's key, as text; and its authorization, from that
text, with the holder's signature. It looks nothing up and remembers no proof. It is kept in the peers' environment.
"""

import argparse
import asyncio
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from remit.assembly import Remit, open_remit
from remit.bench import peers, seed
from remit.bench.holder import AUDIENCE, URI, proof, thumbprint
from remit.mediation.tokens import CallTokens, Issued, Presented
from remit.terms import Credential, PointPrincipal, Request, TokenRequest, Write
from remit.tokens import mint, verify

AGENTS = 32
TENUO = Path(__file__).with_name("tokens_tenuo.py")
Figures = dict[str, dict[str, float]]


class Desk(CallTokens):
    """The real one, which remembers what it was to mint."""

    minted: list[tuple[Issued, str]]

    def mint(self, issued: Issued, now: int) -> Any:
        made = super().mint(issued, now)
        self.minted.append((issued, made.access_token))
        return made


def desk_of(remit: Remit) -> Desk:
    """Another desk over the same state and keys."""
    wired = remit.mediator._tokens  # what a caller has no need of
    desk = Desk(state=remit.store, keys=wired._keys, epoch=remit.store, issuer=wired._issuer, unbound=False)
    desk.minted = []
    return desk


async def decided(remit: Remit, point: PointPrincipal, made: seed.Made, count: int) -> None:
    """Permits with tokens."""
    wanted = TokenRequest(audience=AUDIENCE, jkt=thumbprint())
    for at in range(0, count, 64):
        asked = (
            Request(
                subject_type="agent",
                subject_id=who.agent.decode(),
                instance=who.instance.decode(),
                mission=who.mission.decode(),
                action="read_message",
                resource_type="tool",
                resource_id="office/read_message",
                call_id=f"call-{number:012d}",
                arguments={"id": f"message-{number}"},
                token=wanted,
            )
            for number in range(at, at + 64)
            for who in (made.identities[number % len(made.identities)],)
        )
        await asyncio.gather(*(remit.mediator.decide(point, one) for one in asked))


async def ours(made: seed.Made, rounds: int) -> Figures:
    async with open_remit(made.directory) as remit:
        desk = remit.mediator._tokens = desk_of(remit)
        point = remit.authenticator.authenticate(Credential(scheme="bearer", value=made.point_key))
        assert isinstance(point, PointPrincipal)
        await decided(remit, point, made, rounds)
        minted, now, elsewhere = desk.minted, remit.clock.now(), desk_of(remit)
        keys, issuer, epoch = desk._keys.tokens, desk._issuer, remit.store.epoch
        key = keys.signing(now)
        signing = [(text.rpartition(".")[0].encode(),) for _, text in minted]
        signatures = [key.sign(*one) for one in signing]
        public: Any = key.private.public_key

        def used(by: Desk, presented: Presented) -> None:
            found = by.proven(presented, point, now)
            assert not isinstance(found, str), found
            write = by.use(*found, point, now)
            assert isinstance(write, Write), write

        def uses(by: Desk) -> list[tuple[Desk, Presented]]:
            return [
                (by, Presented(token=text, proof=proof(text.encode()), method="POST", uri=URI)) for _, text in minted
            ]

        return {
            "Ed25519 signature made": micros(key.sign, signing),
            "Ed25519 signature verified": micros(
                public.verify, [(s, *m) for s, m in zip(signatures, signing, strict=True)]
            ),
            "token minted": micros(
                lambda one: mint(one.record, one.call, one.mission, one.key, issuer), [(one,) for one, _ in minted]
            ),
            "token verified": micros(
                lambda text: verify(text, keys=keys, issuer=issuer, audience=None, now=now, epoch=epoch),
                [(text,) for _, text in minted],
            ),
            "use of another process's token": micros(used, uses(elsewhere)),
            "use of a token minted here": micros(used, uses(desk)),
        }


def tenuo(rounds: int, *, install: bool) -> Figures | str:
    """The same of Tenuo, or why there is none."""
    program = peers.python(install=install)
    if isinstance(program, str):
        return program
    done = subprocess.run([program, TENUO, str(rounds)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return f"it failed: {(done.stderr.strip() or 'no message').splitlines()[-1][:200]}"
    told: Figures = msgspec.json.decode(done.stdout)
    return told


def micros(work: Callable[..., object], inputs: Sequence[tuple[Any, ...]]) -> dict[str, float]:
    """Warm: a tenth of the inputs comes first, untimed. None is used twice."""
    warm = len(inputs) // 10
    for one in inputs[:warm]:
        work(*one)
    taken = []
    for one in inputs[warm:]:
        start = time.thread_time_ns()
        work(*one)
        taken.append(time.thread_time_ns() - start)
    clock = min(_clock() for _ in range(1000))
    return {
        "p1": round((statistics.quantiles(taken, n=100)[0] - clock) / 1000, 1),
        "p50": round((statistics.median(taken) - clock) / 1000, 1),
    }


def _clock() -> int:
    start = time.thread_time_ns()
    return time.thread_time_ns() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--install", action="store_true", help="install the peers where they are missing")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="remit-bench-") as place:
        made = seed.make(Path(place) / "remit.d", agents=AGENTS, policy_count=100)
        figures = asyncio.run(ours(made, options.rounds))
    peer = tenuo(options.rounds, install=options.install)
    if isinstance(peer, dict):
        figures |= peer
    print(f"{'':36} {'p1':>8} {'p50':>8}  (µs)")
    for name, one in figures.items():
        print(f"{name:36} {one['p1']:8.1f} {one['p50']:8.1f}")
    if isinstance(peer, str):
        print(f"Tenuo: {peer}")
    if options.json is not None:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=1) + b"\n")


if __name__ == "__main__":
    main()
