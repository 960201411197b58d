"""Charts that tests of the testing wing ask questions of."""

from __future__ import annotations

from pathlib import Path

from session_fsm.chart import Chart, parse

DOOR_FILE = Path(__file__).parents[2] / "examples" / "door.toml"
DOOR = Chart.load(DOOR_FILE)

# The lock can only be opened while its guard and the one that it excludes hold together: nobody ever gets in.
VAULT = parse(
    """
id = "vault"
version = 1
initial = "Shut"
final = ["Robbed"]
[events]
turn = { message = "somebody turns the wheel" }
blow = { message = "somebody lights a fuse" }
[guards]
day   = { doc = "it is day", excludes = ["night"] }
night = "it is night"
[states.Shut]
rows = [ { event = "turn", guard = "day", to = "Waiting" }, { event = "blow", to = "Robbed", guard = "night" } ]
[states.Shut.ignored]
turn = "nobody is awake"
blow = "the street is full of people"
[states.Waiting]
timers = ["patience"]
rows = [ { event = "turn", to = "Shut" }, { event = "timer_patience", to = "Shut" } ]
[states.Waiting.postponed]
blow = "first the wheel"
[states.Robbed]
rows = [ { event = "turn" }, { event = "blow" } ]
[timers]
patience = { after = 5 }
"""
)
