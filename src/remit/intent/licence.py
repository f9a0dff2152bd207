"""How well a goal licenses what a tool does.

What a call does and on which kinds of things is the same in every call of a tool; so for most goals the answer is, too.
It is kept with the goal's view, for a bounded number of tools. Where it takes the call's own arguments, because a grant
names items, or what was read, because the goal hands the task over, it is worked out for each call.
"""

from remit.intent.classes import ADMINISTER, COMMUNICATE, CREATE, DELETE, EXECUTE, HIGH, OUTWARD, READ, TRANSFER, UPDATE
from remit.intent.grounding import Case
from remit.intent.lookups import pieces
from remit.intent.sources import Passage
from remit.intent.tools import ToolView
from remit.intent.values import at, leaves, shape
from remit.intent.views import GoalView, GrantView, Licence

BARRED, OUTSIDE, UNSURE, WITHIN = range(4)  # barred: the goal speaks against it
_DRASTIC = DELETE | EXECUTE | ADMINISTER  # money is asked about all the same
MAX_PROGRAM = 64  # characters of a command line that name what is run
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
    if _barred(goal, tool):
        return BARRED, None
    if any(grant.handed and tool.acting & grant.classes for grant in goal.grants):
        return None
    least = _best(goal, tool, frozenset())
    return least if least[0] == WITHIN or least == _best(goal, tool, goal.keys) else None


def _of_this_call(case: Case) -> Licence:
    goal, tool = case.view, case.tview
    best, by = _best(goal, tool, case.said())
    for grant in goal.grants:
        if grant.handed and best != WITHIN and tool.acting & grant.classes and (level := _handed(case)) > best:
            best, by = level, grant
    return best, by


def _best(goal: GoalView, tool: ToolView, said: frozenset[str]) -> Licence:
    """The best that a grant says of a call whose arguments say this of what the goal says."""
    best, by = OUTSIDE, None
    for grant in goal.grants:
        if not grant.handed and (level := _match(grant, tool, goal, said)) > best:
            best, by = level, grant
            if best == WITHIN:
                break
    if best == OUTSIDE and (
        (not goal.sure and not _grave(tool) & ~goal.classes)  # nobody knows what is meant, but that it can be undone
        or tool.classes & READ
        or (goal.acts and not goal.names.isdisjoint(said))
    ):
        best = UNSURE
    return best, by


def _grave(tool: ToolView) -> int:
    """What of an act is hard to undo: a change that is settled by what is on file, and says neither how much nor to
    whom, is a change."""
    settled = tool.acting & UPDATE and not tool.amounts and not tool.sinks
    return tool.acting & HIGH & ~(TRANSFER if settled else 0)


def _match(grant: GrantView, tool: ToolView, goal: GoalView, said: frozenset[str]) -> int:
    """How well one grant licenses it."""
    kinds, acting = tool.kinds, tool.acting
    same = not grant.verbs.isdisjoint(tool.verbs)  # who asks to extend asks for what the tool calls extending
    direct = acting & grant.classes or same
    if not direct and not acting & grant.related:
        return OUTSIDE
    alike = not grant.kinds.isdisjoint(kinds)
    if acting & HIGH & ~grant.classes and not same:  # the call also does what this grant never speaks of
        return UNSURE if alike else OUTSIDE
    within = alike or not grant.names.isdisjoint(said)
    if direct:
        within = within or not kinds or not kinds.isdisjoint(goal.kinds)
        things = grant.things and not same and not grant.kinds <= grant.source_kinds
        if not within and not said and things and tool.things and not (_says(acting, grant) or _admits(acting, grant)):
            return OUTSIDE  # the same act on another kind of thing, and nothing of the goal in it
        return WITHIN if within and grant.sure else UNSURE
    if within:
        return WITHIN if grant.sure else UNSURE
    return OUTSIDE


def _says(acting: int, grant: GrantView) -> bool:
    """Whether both only tell somebody something: by which means is the agent's choice."""
    return not acting & ~(COMMUNICATE | CREATE) and bool(grant.classes & COMMUNICATE)


def _admits(acting: int, grant: GrantView) -> bool:
    """Whether both let somebody in: to what, a goal says in many words ("access to the plans")."""
    return bool(acting & grant.classes & ADMINISTER) and "permission" in grant.kinds


def _barred(goal: GoalView, tool: ToolView) -> bool:
    """Whether the goal rules this out, asks for the contrary, or does not speak of what would stay in force."""
    if goal.verbs.isdisjoint(tool.verbs):
        if not goal.opposed.isdisjoint(tool.called) and goal.verbs.isdisjoint(tool.called):
            return True
        if tool.standing and not tool.classes & READ and tool.standing.isdisjoint(goal.kinds) and not goal.recurring:
            return True
    return any(
        ((tool.acting & grant.classes and not tool.classes & READ) or not grant.verbs.isdisjoint(tool.verbs))
        and (not grant.kinds or not tool.kinds or not grant.kinds.isdisjoint(tool.kinds))
        for grant in goal.forbidden
    )


def _handed(case: Case) -> int:
    """A goal that hands the task to a source licenses what that source asks for, and perhaps what this needs: not what
    is hard to undo and the source does not speak of."""
    tool = case.tview
    asked = 0
    for passage in case.memory.spoken:
        if case.delegated(passage):
            for grant in passage.grants:
                if tool.acting & grant.classes and not grant.kinds.isdisjoint(tool.kinds):
                    return WITHIN
                asked |= grant.classes
            asked |= tool.acting if _spells_out(case, passage) else 0
    return OUTSIDE if tool.acting & _DRASTIC & ~asked else UNSURE


def _spells_out(case: Case, passage: Passage) -> bool:
    """Whether a passage gives the command that is run: "renew it with `certtool renew HOST`"."""
    line = case.arguments.get(case.tview.statement) if case.tview.statement else None
    program = line[:MAX_PROGRAM].split()[:1] if type(line) is str else []
    if type(line) is str and "://" in line:
        return False  # what it is sent or fetched from is another matter
    return bool(program) and len(program[0]) > 1 and program[0].lower() in passage.tokens


def bears_name(case: Case) -> bool:
    """Whether all places that a call names are addresses of somebody whom the goal names: "odile.b@…" for Odile."""
    found = [text.lower() for path in case.tview.sinks for text in leaves(at(case.arguments, path))]
    return bool(found) and not any(case.view.odd.isdisjoint(pieces(text.partition("@")[0])) for text in found)


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
