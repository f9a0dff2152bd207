from hypothesis import given
from hypothesis import strategies as st

from remit.storage.least_recent import LeastRecent, Weighed


def test_what_was_used_longest_ago_leaves_when_there_are_too_many() -> None:
    kept: LeastRecent[str, int] = LeastRecent(3)
    for name in "abc":
        kept.put(name, 1)
    assert kept.get("a") == 1
    kept.put("d", 1)
    assert kept.names() == ["c", "a", "d"]


def test_what_grows_pushes_out_what_was_used_longest_ago() -> None:
    kept: Weighed[str, list[int]] = Weighed(10, 8, len)
    for name in "abc":
        kept.put(name, [0] * 2)
    growing = kept.get("a")
    assert growing is not None
    growing += [0] * 3
    assert kept.names() == ["b", "c", "a"]  # nobody looked yet
    assert kept.get("a") == [0] * 5
    assert kept.names() == ["c", "a"]
    growing += [0] * 9
    assert kept.get("a") == [0] * 14  # the one in use stays, however heavy
    assert kept.names() == ["a"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(("put", "get", "pop", "grow", "clear")))))
def test_the_weight_is_what_was_counted_and_bounded(steps: list[tuple[str, str]]) -> None:
    kept: Weighed[str, list[int]] = Weighed(4, 12, len)
    for name, step in steps:
        item = kept.get(name)
        match step:
            case "put":
                kept.put(name, [0] * 3)
            case "pop":
                kept.pop(name)
            case "clear":
                kept.clear()
            case "grow" if item is not None:
                item.append(0)
                kept.get(name)
        assert set(kept.names()) == set(kept._weights)
        assert kept._weight == sum(kept._weights.values())
        assert kept._weight <= 12 or len(kept) == 1
        assert len(kept) <= 4
