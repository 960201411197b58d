"""The queue against a plain model of gen_statem's, with any script of posts, state changes and postponing."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from session_fsm.chart import parse
from session_fsm.machine import Binding, Machine, Mailbox, TraceRow

# Three states; each postpones one letter and takes the others. `turn` goes round.
ROUND = """
id = "round"
initial = "A"
[events]
turn = { world = "go on" }
x = { world = "x" }
y = { world = "y" }
again = { world = "leave and enter" }
[effects]
speak = "post what the payload says"
[states.A]
rows = [
  { event = "turn", to = "B", do = ["speak"] },
  { event = "y", do = ["speak"] },
  { event = "again", to = "A", do = ["speak"] },
]
[states.A.postponed]
x = "B takes it"
[states.B]
rows = [
  { event = "turn", to = "C", do = ["speak"] },
  { event = "x", do = ["speak"] },
  { event = "again", to = "B", do = ["speak"] },
]
[states.B.postponed]
y = "A takes it"
[states.C]
rows = [
  { event = "turn", to = "A", do = ["speak"] },
  { event = "again", to = "C", do = ["speak"] },
]
[states.C.postponed]
x = "B takes it"
y = "A takes it"
"""
CHART = parse(ROUND)
NEXT = {"A": "B", "B": "C", "C": "A"}
POSTPONED = {"A": {"x"}, "B": {"y"}, "C": {"x", "y"}}

Told = tuple[str, int, "list[Told]"]
"(event, whom, what it makes that one post): whom is 0 for oneself, 1 for the other machine."

told = st.recursive(
    st.tuples(st.sampled_from(["turn", "x", "y", "again"]), st.integers(0, 1), st.just([])),
    lambda inner: st.tuples(
        st.sampled_from(["turn", "x", "y", "again"]), st.integers(0, 1), st.lists(inner, max_size=3)
    ),
    max_leaves=12,
)


def run(script: list[Told]) -> list[tuple[int, str, str, str]]:
    """What two machines on one mailbox do: (machine, event, from, to) in order, without what was postponed."""
    mailbox = Mailbox()
    rows: list[TraceRow] = []

    def speak(whoami: int, payload: list[Told]) -> None:
        for event, whom, more in payload:
            mailbox.post(machines[whoami ^ whom], event, more)

    binding = Binding(CHART, effects={"speak": speak})
    machines = [Machine(binding, context=n, mailbox=mailbox, label=str(n), trace=rows) for n in range(2)]
    for machine in machines:
        machine.start()
    rows.clear()
    for event, whom, more in script:
        mailbox.post(machines[whom], event, more)
    mailbox.run()
    return [(int(row.machine), row.event, row.from_state, row.to_state) for row in rows if row.verdict == "row"]


def model(script: list[Told]) -> list[tuple[int, str, str, str]]:
    """The same by the manual: inserted events first, then the postponed, then the queue."""
    state = ["A", "A"]
    postponed: list[list[tuple[int, str, list[Told]]]] = [[], []]
    queue = deque((whom, event, more) for event, whom, more in script)
    done = []
    while queue:
        who, event, more = queue.popleft()
        before = state[who]
        if event in POSTPONED[before]:
            postponed[who].append((who, event, more))
            continue
        after = NEXT[before] if event == "turn" else before
        done.append((who, event, before, after))
        inserted = [(who, event, more) for event, whom, more in more if whom == 0]
        queue.extend((1 - who, event, more) for event, whom, more in more if whom == 1)
        back = []
        if after != before:
            back, postponed[who] = postponed[who], []
        state[who] = after
        queue = deque([*inserted, *back, *queue])
    return done


@given(st.lists(told, max_size=8))
def test_the_queue_keeps_gen_statems_order(script: list[Told]):
    """Own events first, postponed ones next and oldest first when the state changed, then the others."""
    assert model(script) == run(script)


def test_a_row_to_its_own_state_does_not_bring_postponed_events_back():
    """gen_statem: only a change of state does; leaving and entering the same state is none."""
    script: list[Told] = [("x", 0, []), ("again", 0, []), ("turn", 0, [])]

    assert [(0, "again", "A", "A"), (0, "turn", "A", "B"), (0, "x", "B", "B")] == run(script)


def test_each_row_knows_the_row_that_caused_it():
    """A posted event keeps the number of the row whose effect posted it, even when it had to wait."""
    rows: list[TraceRow] = []
    mailbox = Mailbox()
    binding = Binding(CHART, effects={"speak": lambda context, payload: [mailbox.post(one, e) for e in payload or ()]})
    one = Machine(binding, mailbox=mailbox, trace=rows)

    one.feed("y", ["x", "turn"])

    assert [
        (1, None, "[start]"),
        (2, None, "y"),
        (3, 2, "x"),
        (4, 2, "turn"),
        (5, 2, "x"),
    ] == [(row.n, row.cause, row.event) for row in rows]
