"""`remit` with a sampling profiler in it: where the loop's thread spends its processor time, by step of the path.

    python -m remit.bench.sampled FIGURES.json up remit.d --port 0

A timer on the first thread's own processor time (`timer_create(2)`, SIGEV_THREAD_ID) interrupts it every so often, and
the innermost frame that belongs to a step is counted. What other threads do costs no sample; their time is told by
name. Samples tell shares; how much there is to share is measured without this. Linux only, like the rest of `bench`.
"""

import ctypes
import runpy
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

import msgspec

INTERVAL = 0.001  # seconds of processor time; the kernel may round it up to its own tick
_DEPTH = 60  # frames looked at: a step is never further up
_SIGNAL = signal.SIGPROF

# The first prefix that fits decides. What is named nowhere belongs to its caller.
STEPS = (
    ("remit.decision_api", "door: request in, answer out"),
    ("remit.authentication", "1 authenticate"),
    ("remit.mediation.find", "2 find"),
    ("remit.mediation.modes", "2 find"),
    ("remit.mediation.describe", "3 describe"),
    ("remit.catalogue", "3 describe"),
    ("remit.intent", "4-5 why and flow"),
    ("remit.behaviour", "6 behaviour and budgets"),
    ("remit.mediation.budget", "6 behaviour and budgets"),
    ("remit.mediation.facts", "7 policy"),
    ("remit.policy", "7 policy"),
    ("remit.decision", "8 decide"),
    ("remit.approvals", "8 decide"),
    ("remit.mediation.drafts", "9 commit"),
    ("remit.audit", "9 commit"),
    ("remit.storage", "9 commit"),
    ("remit.mediation.tokens", "10 token"),
    ("remit.tokens", "10 token"),
    ("remit.keys", "10 token"),
    ("remit.mediation", "the path's own steps"),
    ("remit.assembly", "door: request in, answer out"),
)
ELSEWHERE = "event loop"
NATIVE = "native"


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of samples, and seconds of processor time of every thread by name."""

    steps: dict[str, int]
    functions: dict[str, int]  # the innermost of ours, the most frequent ones
    threads: dict[str, float]


def step_of(module: str) -> str | None:
    """The step that a module's code belongs to."""
    return next((step for prefix, step in STEPS if module == prefix or module.startswith(prefix + ".")), None)


class Sampler:
    def __init__(self) -> None:
        self._steps: Counter[str] = Counter()
        self._functions: Counter[str] = Counter()
        self._known: dict[str, str | None] = {}
        self._before: dict[str, float] = {}

    def clear(self) -> None:
        self._steps.clear()
        self._functions.clear()
        self._before = _threads()

    def sample(self, _number: int, frame: FrameType | None) -> None:
        for _ in range(_DEPTH):
            if frame is None:
                break
            module = frame.f_globals.get("__name__", "")
            if module not in self._known:
                self._known[module] = step_of(module)
            step = self._known[module]
            if step is not None:
                self._steps[step] += 1
                self._functions[f"{module}:{frame.f_code.co_name}"] += 1
                return
            frame = frame.f_back
        self._steps[ELSEWHERE] += 1

    def profile(self) -> Profile:
        now = _threads()
        threads = {name: now[name] - self._before.get(name, 0.0) for name in now}
        functions = dict(self._functions.most_common(40))
        return Profile(steps=dict(self._steps), functions=functions, threads=threads)


def _threads() -> dict[str, float]:
    """Seconds of processor time by the thread's name without its number; `native` threads are not Python's."""
    spent: dict[str, float] = {}
    for thread in threading.enumerate():
        if thread.native_id is not None:
            name = thread.name.rstrip("_0123456789")
            spent[name] = spent.get(name, 0.0) + _cpu(thread.native_id)
    spent[NATIVE] = time.process_time() - sum(spent.values())
    return spent


def _cpu(thread: int) -> float:
    try:
        return int(Path(f"/proc/self/task/{thread}/schedstat").read_text().split()[0]) / 1e9
    except OSError:  # it ended
        return 0.0


class _Event(ctypes.Structure):
    """`struct sigevent`."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signo", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("thread", ctypes.c_int),
        ("padding", ctypes.c_byte * 44),
    )


class _Times(ctypes.Structure):
    """`struct itimerspec`."""

    _fields_ = tuple((name, ctypes.c_long) for name in ("every_s", "every_ns", "first_s", "first_ns"))


def _start_timer(interval: float) -> None:
    """A timer on this thread's processor time that signals this thread."""
    thread_clock, to_thread = 3, 4  # CLOCK_THREAD_CPUTIME_ID, SIGEV_THREAD_ID
    libc = ctypes.CDLL(None, use_errno=True)
    timer = ctypes.c_void_p()
    event = _Event(signo=_SIGNAL, notify=to_thread, thread=threading.get_native_id())
    nanoseconds = int(interval * 1e9)
    times = _Times(every_ns=nanoseconds, first_ns=nanoseconds)
    if libc.timer_create(thread_clock, ctypes.byref(event), ctypes.byref(timer)) != 0:
        raise OSError(ctypes.get_errno(), "timer_create")
    if libc.timer_settime(timer, 0, ctypes.byref(times), None) != 0:
        raise OSError(ctypes.get_errno(), "timer_settime")


def start(file: Path) -> None:
    """SIGUSR1 counts anew, SIGUSR2 writes what was counted to `file`."""
    sampler = Sampler()

    def write(*_: object) -> None:
        part = file.with_suffix(".part")
        part.write_bytes(msgspec.json.encode(sampler.profile()))
        part.rename(file)

    signal.signal(_SIGNAL, sampler.sample)
    signal.siginterrupt(_SIGNAL, False)
    signal.signal(signal.SIGUSR1, lambda *_: sampler.clear())
    signal.signal(signal.SIGUSR2, write)
    _start_timer(INTERVAL)


if __name__ == "__main__":
    start(Path(sys.argv[1]))
    sys.argv = ["remit", *sys.argv[2:]]
    runpy.run_module("remit.cli", run_name="__main__")
