"""How things look in a terminal: one colour for each state, and none where nobody sees colours."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from session_fsm.session.events import CallState, MediaState

TIME = "dim"
GOOD, BAD = "bold green", "bold red"
STATES: dict[str, str] = {
    MediaState.IDLE: "dim",
    MediaState.NEGOTIATING: "yellow",
    MediaState.READY: "cyan",
    MediaState.ESTABLISHED: "magenta",
    MediaState.ACTIVE: "green",
    MediaState.STALLED: "red",
    MediaState.HELD: "bright_yellow",
    MediaState.CLOSED: "dim",
    CallState.FAILED: "red",
}
EVENTS = {
    "CallAnswered": "bold",
    "MediaFlowEstablished": "magenta",
    "FirstAudioFrameReceived": "bold green",
    "AudioChannelsReady": "bold green",
    "CallEnded": "bold",
    "CallFailed": "bold red",
    "Registered": "bold",
    "RegistrationFailed": "bold red",
}


def terminal() -> Console:
    """Standard output. Piped, it is plain text that is never wrapped or cut."""
    return Console(highlight=False, soft_wrap=True)


def state_text(state: str, width: int = 0) -> Text:
    """A state's name in its colour."""
    return Text(f"{state:<{width}}", STATES.get(state, ""))


def ladder_text(states: list[str]) -> Text:
    """A path of states with arrows between them."""
    return Text.assemble(*(part for state in states for part in ((" → ", "dim"), state_text(state))))[3:]


def figure(value: object, unit: str = "") -> str:
    """A measured figure; what was not measured is said, not shown as nought."""
    if value is None:
        return "not measured"
    return f"{value:.1f}{unit}" if isinstance(value, float) else f"{value}{unit}"
