"""Randomness drawn by the page is given out once."""

import threading
from itertools import pairwise

from remit.assembly.remit import RANDOM_PAGE, SystemEntropy


def test_salts_are_long_and_fresh_beyond_a_page() -> None:
    entropy = SystemEntropy()
    salts = [entropy.salt() for _ in range(RANDOM_PAGE // 8)]
    assert {len(salt) for salt in salts} == {32}
    assert len(set(salts)) == len(salts)


def test_two_threads_never_get_the_same_bytes() -> None:
    entropy = SystemEntropy()
    found: list[list[str]] = [[], []]

    def draw(into: list[str]) -> None:
        into += [entropy.identifier("d")[14:] for _ in range(5000)]

    threads = [threading.Thread(target=draw, args=(into,)) for into in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({*found[0], *found[1]}) == 10_000


def test_ids_of_a_page_come_in_order_and_are_far_apart() -> None:
    entropy = SystemEntropy()
    tails = [int(entropy.identifier("d")[-20:], 16) for _ in range(RANDOM_PAGE * 2 // 20)]
    assert tails == sorted(tails)
    assert min(after - before for before, after in pairwise(tails)) > 2**50
