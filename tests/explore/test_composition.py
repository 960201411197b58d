"""Charts that talk to each other, composed: the order of events, and what is free."""

from __future__ import annotations

import pytest

from session_fsm.chart import Chart
from session_fsm.explore.composition import Composition, Configuration

BELL = """
id = "bell"
version = 1
initial = "Quiet"
[events]
pull   = { command = "pull" }
echoed = { machine = "bell.echo" }
crack  = { world = "it breaks" }
[guards]
loud = { excludes = ["soft"] }
soft = ""
[emits]
echo = ""
rung = ""
[states.Quiet]
rows = [
  { event = "pull", guard = "loud", to = "Ringing", emit = ["rung", "echo"] },
  { event = "pull", guard = "soft", emit = ["rung"] },
  { event = "pull" },
]
[states.Quiet.ignored]
echoed = ""
[states.Ringing]
rows = [ { event = "echoed", to = "Quiet" } ]
[states.Ringing.postponed]
pull = ""
[groups.All]
states = ["*"]
rows   = [ { event = "crack" } ]
""".replace('= ""', '= "so it is"')

DOG = """
id = "dog"
version = 1
initial = "Asleep"
[events]
woken   = { machine = "bell.rung" }
fetched = { machine = "errand_client.final", of = "ERRAND" }
[sends]
ERRAND = "go"
[states.Asleep]
rows = [ { event = "woken", to = "Awake", send = ["ERRAND"] } ]
[states.Asleep.ignored]
fetched = "asleep"
[states.Awake]
rows = [ { event = "fetched", to = "Asleep" } ]
[states.Awake.postponed]
woken = "one at a time"
"""


@pytest.fixture
def composition() -> Composition:
    return Composition([Chart.parse(BELL), Chart.parse(DOG)], "uac")


def after(composition: Composition, here: Configuration, cause: str) -> Configuration:
    return next(move.after for move in composition.moves(here) if move.outcome.cause == cause)


def test_guards_are_tried_in_every_way_that_the_chart_allows(composition):
    """loud excludes soft; what leads to the same is one move."""
    causes = [move.outcome.cause for move in composition.moves(composition.start)]

    assert ["pull [loud]", "pull [not loud, soft]", "pull [not loud, not soft]", "crack"] == causes


def test_what_a_machine_posts_to_itself_is_taken_before_what_it_posts_to_others(composition):
    """As in the mailbox."""
    rung = after(composition, composition.start, "pull [loud]")

    assert ((0, "echoed"), (1, "woken")) == rung.queue


def test_nothing_free_happens_while_something_waits(composition):
    rung = after(composition, composition.start, "pull [loud]")

    assert ["echoed"] == [move.outcome.cause for move in composition.moves(rung)]


def test_what_a_client_transaction_emits_comes_only_after_its_request(composition):
    awake = after(composition, after(composition, composition.start, "pull [not loud, soft]"), "woken")

    assert frozenset({"ERRAND"}) == awake.sent
    assert "fetched" in [move.outcome.cause for move in composition.moves(awake)]
    assert "fetched" not in [move.outcome.cause for move in composition.moves(composition.start)]


def test_an_event_from_inside_is_postponed_once_and_comes_back_when_the_state_changes(composition):
    awake = Configuration(("Quiet", "Awake"), sent=frozenset({"ERRAND"}))
    twice = awake
    for _ in range(2):
        twice = after(composition, after(composition, twice, "pull [not loud, soft]"), "woken")

    assert ((1, "woken"),) == twice.postponed
    assert ((1, "woken"),) == after(composition, twice, "fetched").queue


def test_a_free_event_that_is_postponed_is_forgotten():
    """It may come again by itself."""
    composition = Composition([Chart.parse(BELL)], "uac")
    ringing = Configuration(("Ringing",))

    assert ringing == after(composition, ringing, "pull")


def test_an_event_that_never_comes_is_left_out():
    composition = Composition([Chart.parse(BELL)], "uac", without={"bell.crack"})

    assert "crack" not in [move.outcome.cause for move in composition.moves(composition.start)]


def test_a_guard_that_is_assumed_has_one_value():
    charts = [Chart.parse(BELL), Chart.parse(DOG)]
    composition = Composition(charts, "uac", assuming={"bell.loud": False, "bell.absent": True})
    causes = [move.outcome.cause for move in composition.moves(composition.start)]

    assert ["pull [not loud, soft]", "pull [not loud, not soft]", "crack"] == causes
