"""All orders of events in which threads may share a loop, sleep, be woken and be stopped, not only those that come by.

The functions of `arraynet_numba.team` run as generators that wait before each thing they do to memory or locks. Who
goes on is chosen in every way, until no state is new.
"""

import ast
import inspect
import types

import pytest

pytest.importorskip("arraynet_numba", reason="the plugin arraynet-numba is not installed")

from arraynet_numba import team
from arraynet_numba.team import LINE, MEMBER, MEMBERS

SOURCE = inspect.getsource(team)
EVENTS = {"peek", "poke", "add", "swap", "swap_if", "acquire", "release", "begin", "end", "returned", "failed"}
OURS = {"claim", "help_out", "serve", "wake", "share"}
AROUND = """
def call(function, data, part, parts):
    begin(data, part)
    return end(data, part)

def caller(team, *works):
    for work in works:
        try:
            returned(work, share(team, LEAST, 0, work))
        except MemoryError:
            failed(work)

def stopping(team, *works):
    yield from caller(team, *works)
    poke(team, STOPPED, 1)  # and what else Team.stop does
    for member in range(1, team[MEMBERS]):
        release(team[MEMBER + LINE * member + 1])
"""


class Waiting(ast.NodeTransformer):
    """Makes generators of functions: an event is yielded before it happens."""

    def visit_Call(self, node):
        self.generic_visit(node)
        name = getattr(node.func, "id", "")
        if name in EVENTS:
            return ast.Yield(ast.Tuple([ast.Constant(name), *node.args], ast.Load()))
        return ast.YieldFrom(node) if name in {*OURS, "call"} else node


def generators(source):
    """The functions of a module of this source; a thread looks for work once before it sleeps."""
    found = [node for node in ast.parse(source).body if getattr(node, "name", "") in OURS]
    for node in found:
        node.decorator_list = []
    tree = Waiting().visit(ast.Module([*found, *ast.parse(AROUND).body], []))
    made = vars(team) | {"PATIENCE": 1, "rest": lambda: None, "np": types.SimpleNamespace(int64=int)}
    made["lowest"] = lambda bits: (bits & -bits).bit_length() - 1
    exec(compile(ast.fix_missing_locations(tree), "<team>", "exec"), made)
    return made


class State:
    """Memory, locks and threads after some choices of who goes on."""

    def __init__(self, made, members, callers, choices=()):
        self.memory = [0] * (MEMBER + LINE * members)
        self.memory[MEMBERS] = members
        self.memory[MEMBER + 1 :: LINE] = range(members)  # in the place of addresses of locks
        self.free = [0] * members
        self.parts = {}
        self.threads = [made[name](self.memory, *works) for name, *works in callers]
        self.threads += [made["serve"](self.memory, member) for member in range(1, members)]
        self.events = [next(thread) for thread in self.threads]
        for thread in choices:
            self.go(thread)

    def able(self):
        """Who can go on: who has not ended, and waits for no lock."""
        return [n for n, e in enumerate(self.events) if e and (e[0] != "acquire" or self.free[e[1]])]

    def go(self, n):
        name, *args = self.events[n]
        try:
            self.events[n] = self.threads[n].send(getattr(self, name)(*args))
        except StopIteration:
            self.events[n] = None

    def key(self):
        """All that the future depends on; where a thread stands, and its variables, tell what it waits to do."""
        frames = []
        for thread in self.threads:
            while thread is not None and thread.gi_frame:
                known = [v for k, v in thread.gi_frame.f_locals.items() if k != "team"]
                frames.append((thread.gi_code.co_name, thread.gi_frame.f_lasti, *known))
                thread = thread.gi_yieldfrom
        return tuple(self.memory), tuple(self.free), frozenset(self.parts.items()), tuple(frames)

    def peek(self, memory, i):
        return memory[i]

    def poke(self, memory, i, value):
        memory[i] = value

    def swap(self, memory, i, value):
        memory[i], old = value, memory[i]
        return old

    def add(self, memory, i, value):
        return self.swap(memory, i, memory[i] + value)

    def swap_if(self, memory, i, expected, value):
        found = self.peek(memory, i) == expected
        if found:
            self.poke(memory, i, value)
        return found

    def acquire(self, lock):
        self.free[lock] = 0

    def release(self, lock):
        self.free[lock] = 1

    def begin(self, work, part):
        assert (work, part) not in self.parts, f"part {part} of {work} is computed twice"
        self.parts[work, part] = "begun"

    def end(self, work, part):
        self.parts[work, part] = "done"
        return part != 1 or work != "failing"

    def returned(self, work, parts):
        got = [self.parts.get((work, part)) for part in range(parts)]
        assert got == ["done"] * parts, f"the call of {work} returns when its parts are {got}"
        assert work != "failing", "a failure is not told"

    def failed(self, work):
        assert work == "failing", f"{work} is told of another's failure"


def explore(source, members, callers):
    """Go through all states and return how many there are."""
    made = generators(source)
    first = State(made, members, callers)
    ways, ends, todo = {first.key(): []}, [], [((), first)]
    while todo:
        choices, state = todo.pop()
        key, able = state.key(), state.able()
        if not any(state.events if callers[0][0] == "stopping" else state.events[: len(callers)]):
            ends.append(key)
        if not able:
            asleep = [event[1] for event in state.events if event]
            assert all(state.memory[MEMBER + LINE * member] for member in asleep), "nobody will wake who sleeps"
        for n in able:
            after = state if n == able[-1] else State(made, members, callers, choices)
            after.go(n)
            reached = after.key()
            if reached not in ways:
                ways[reached] = []
                todo.append(((*choices, n), after))
            ways[reached].append(key)
    ended = set(ends)
    while ends:
        before = set(ways[ends.pop()]) - ended
        ended |= before
        ends += before
    assert len(ended) == len(ways), "somebody waits for ever"
    return len(ways)


@pytest.mark.parametrize(
    "callers",
    [[("stopping", "one", "failing", "two")], [("caller", "one"), ("caller", "failing")]],
    ids=["in turn", "at once"],
)
def test_no_order_of_events_leaves_a_part_out_or_a_thread_behind(callers):
    assert explore(SOURCE, 2, callers) > 1000


ONE = [("caller", "failing", "two")]


@pytest.mark.parametrize(
    ("right", "wrong", "seen", "callers"),
    [
        (
            "if swap_if(team, LEFT, left, left & ~(1 << part))",
            "if not poke(team, LEFT, left & ~(1 << part))",
            "twice",
            ONE,
        ),
        ("while peek(team, UNDONE)", "while False", "returns when", ONE),
        ("failed = swap(team, FAILED, 0) != 0", "failed = peek(team, FAILED) != 0", "another's failure", ONE),
        ("or not swap(team, line, 0)", "or swap(team, line, 0)", "will wake", ONE),
        ("not swap_if(team, BUSY, 0, 1)", "peek(team, BUSY)", "failure", [*ONE, ("caller", "three")]),
        ("while not peek(team, STOPPED)", "while True", "for ever", [("stopping", "one")]),
    ],
)
def test_an_order_that_shows_a_fault_is_found(right, wrong, seen, callers):
    assert SOURCE.count(right) == 1
    with pytest.raises(AssertionError, match=seen):
        explore(SOURCE.replace(right, wrong), 2, callers)
