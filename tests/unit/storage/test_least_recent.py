"""What was used last stays, up to a number and up to a weight."""

from remit.storage.least_recent import LeastRecent


def test_the_oldest_leave_until_the_rest_is_light_enough() -> None:
    kept: LeastRecent[str, int] = LeastRecent(10)
    for name, weight in (("a", 5), ("b", 1), ("c", 4), ("d", 2)):
        kept.put(name, weight)
    assert kept.get("a") == 5  # used again, so it is not the oldest any more
    kept.shrink(8, lambda weight: weight)
    assert kept.names() == ["d", "a"]
    kept.shrink(8, lambda weight: weight)
    assert kept.names() == ["d", "a"]
    kept.shrink(0, lambda weight: weight)
    assert kept.names() == []
