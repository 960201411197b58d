"""What waits of a call look for in its events, and what they say when they run out. Only looks."""

from __future__ import annotations

from collections.abc import Callable

from session_fsm.chart import Chart
from session_fsm.event_log import EventLog
from session_fsm.session.events import (
    CallAnswered,
    CallState,
    MediaState,
    MediaStateChanged,
    StateChanged,
)
from session_fsm.session.news import News
from session_fsm.session.session import Session

Seconds = float

LAST_EVENTS = 5  # named in the message of a wait that ran out


def why_not(
    session: Session, log: EventLog, wanted: str, timeout: Seconds, why_silent: Callable[[], str | None]
) -> str:
    """The message of a wait that ran out: where both charts stand, what came last, what is missing."""
    names = [kind.__name__ for kind in log.kinds][-LAST_EVENTS:]
    answered = CallAnswered in log.kinds
    missing = [] if answered else [*_open_rows(session.call.chart, session.call_state)]
    missing += _open_rows(session.media.chart, session.media_state)
    why = None if log.over else why_silent()
    return (
        f"no {wanted} within {timeout:g} s: call is {session.call_state}, media is {session.media_state}; "
        f"last events: {', '.join(names) or 'none'}; "
        f"has not happened: {' or '.join(missing) or 'nothing is possible any more'}"
        f"{f'; {why}' if why else ''}"
    )


def _open_rows(chart: Chart, state: str) -> list[str]:
    """The transitions that lead on from a state, with the event of each; those to an end are left out."""
    rows = (row for (at, _), cell in chart.cells.items() if at == state for row in cell.rows)
    return [f"{state} → {row.to} on {row.event}" for row in rows if row.to not in (None, state, *chart.final)]


def shows(news: News, state: CallState | MediaState) -> bool:
    """Whether an event tells of this state."""
    if isinstance(state, MediaState):
        return news.media_state is state or _enters(news, MediaStateChanged, state)
    return news.call_state is state or _enters(news, StateChanged, state)


def _enters(news: News, kind: type[StateChanged | MediaStateChanged], state: CallState | MediaState) -> bool:
    event = news.event if news.kind is kind else None
    return isinstance(event, kind) and event.new_state is state


def audible(news: News) -> bool:
    """Whether audio flows as it was agreed, or is held as it was agreed."""
    return news.media_state in (MediaState.ACTIVE, MediaState.HELD)


def answered_or_audible(news: News) -> bool:
    """Whether the call was answered, or early media flows."""
    return news.kind is CallAnswered or audible(news)
