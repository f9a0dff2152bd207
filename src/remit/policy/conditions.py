"""What policies ask beyond their scopes, worked out once for all that ask the same."""

from functools import cached_property

from cedarpy import pst

from remit.policy.compiled import Condition, compile_conditions
from remit.policy.reads import parts, paths, used
from remit.policy.types import Path

_COMMON = frozenset({"findings", "mission", "instance", "mode", "approval"})  # of the context


class Conditions:
    """The clauses of a policy: what they read and, if they can be compiled, a function."""

    def __init__(self, tree: pst.Template) -> None:
        self._tree = tree

    @cached_property
    def reads(self) -> frozenset[Path]:
        return paths(self._tree)

    @cached_property
    def uses(self) -> frozenset[Path]:
        return used(self._tree)

    @cached_property
    def entities(self) -> frozenset[pst.EntityUid]:
        """All that they name."""
        return frozenset(part.value for part in parts(self._tree) if isinstance(part, pst.EntityLit))

    @cached_property
    def looks_at_dropped(self) -> bool:
        return any(path[:2] == ("context", "dropped") for path in self.reads)

    @cached_property
    def recurs(self) -> bool:
        """Whether they read nothing of a context but what calls have in common, so that their answer recurs."""
        return all(path[0] != "context" or (len(path) > 1 and path[1] in _COMMON) for path in self.reads)

    @cached_property
    def names_agents(self) -> bool:
        """Whether they name an agent, whose attributes they may then read."""
        return any(str(entity.type) == "Agent" for entity in self.entities)

    @cached_property
    def compiled(self) -> Condition | None:
        """None when they stay with the reference: whatever the compiler does not know, or cannot do."""
        try:
            return compile_conditions(self._tree)
        except Exception:  # a policy that was not compiled is slow, never wrong
            return None
