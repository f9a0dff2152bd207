"""How well a goal licenses what a tool does.

What a call does and on which kinds of things is the same in every call of a tool; so for most goals the answer is, too.
It is kept with the goal's view, for a bounded number of tools. Where it takes the call's own arguments, because a grant
names items, or what was read, because the goal hands the task over, it is worked out for each call.
"""

from remit.intent.classes import HIGH, OUTWARD, READ
from remit.intent.grounding import Case
from remit.intent.tools import ToolView
from remit.intent.values import at, leaves, shape
from remit.intent.views import GoalView, GrantView, Licence

OUTSIDE, UNSURE, WITHIN = range(3)
MAX_TOOLS = 32  # of one goal: agents that use more of them find them out again


def licence_of(case: Case) -> Licence:
    """How well the goal licenses a call of a tool that acts, and by which grant."""
    goal, tool = case.view, case.tview
    if tool not in goal.licences:
        if len(goal.licences) >= MAX_TOOLS:
            goal.licences.clear()
        goal.licences[tool] = _of_every_call(goal, tool)
    return goal.licences[tool] or _of_this_call(case)


def _of_every_call(goal: GoalView, tool: ToolView) -> Licence | None:
    """What holds for all calls of a tool; None when it depends on the call."""
    best, by = OUTSIDE, None
    for grant in goal.grants:
        if grant.handed and tool.acting & grant.classes:
            return None
        level = _match(grant, tool, goal, False)
        if level != WITHIN and grant.names and _match(grant, tool, goal, True) > level:
            return None
        if level > best:
            best, by = level, grant
            if best == WITHIN:
                break
    if best == OUTSIDE:
        if not goal.sure or tool.classes & READ:
            best = UNSURE
        elif goal.acts and goal.names:
            return None
    return best, by


def _of_this_call(case: Case) -> Licence:
    goal, tool = case.view, case.tview
    best, by = OUTSIDE, None
    for grant in goal.grants:
        if grant.handed:
            level = _handed(case) if tool.acting & grant.classes else OUTSIDE
        else:
            level = _match(grant, tool, goal, case.names(grant.names))
        if level > best:
            best, by = level, grant
            if best == WITHIN:
                break
    if best == OUTSIDE and (not goal.sure or tool.classes & READ or (goal.acts and case.names(goal.names))):
        best = UNSURE
    return best, by


def _match(grant: GrantView, tool: ToolView, goal: GoalView, named: bool) -> int:
    """How well one grant licenses it; `named`: the call's arguments say what the grant names."""
    kinds, acting = tool.kinds, tool.acting
    direct = acting & grant.classes
    if not direct and not acting & grant.related:
        return OUTSIDE
    alike = not grant.kinds.isdisjoint(kinds)
    if acting & HIGH & ~grant.classes:  # the call also does what this grant never speaks of
        return UNSURE if alike else OUTSIDE
    within = alike or named
    if direct:
        within = within or not kinds or not kinds.isdisjoint(goal.kinds)
        return WITHIN if within and grant.sure else UNSURE
    if within:
        return WITHIN if grant.sure else UNSURE
    return OUTSIDE


def _handed(case: Case) -> int:
    """A goal that hands the task to a source licenses what that source asks for, and perhaps what this needs."""
    tool = case.tview
    for passage in case.memory.spoken:
        if case.delegated(passage) and any(
            tool.acting & grant.classes and not grant.kinds.isdisjoint(tool.kinds) for grant in passage.grants
        ):
            return WITHIN
    return UNSURE


def elsewhere_than_named(case: Case, argument: str | None = None) -> bool:
    """Whether the goal names where to, and relies on nobody else to say so; in the shape of this argument."""
    outward = case.tview.classes & OUTWARD
    matching = [grant for grant in case.view.grants if grant.classes & outward]
    if not matching or any(grant.handed or not grant.shapes for grant in matching):
        return False
    if argument is None:
        return True
    shapes = {shape(text) for text in leaves(at(case.arguments, argument))} - {"name"}
    return all(grant.shapes & shapes and not grant.sources for grant in matching)
