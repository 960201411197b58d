"""What is told before anybody asks: an event that is made when somebody looks at it."""

from __future__ import annotations

from session_fsm.event_log import EventLog
from session_fsm.session.events import CallAnswered, CallState, MediaState, Role
from session_fsm.session.news import Moment, News


def answered(emitted_in: MediaState | None = None) -> News:
    news = News(CallAnswered, 0, emitted_in, (200,))
    news.moment = Moment("one", Role.UAS, 2.5, CallState.ACTIVE, MediaState.READY)
    return news


def test_the_event_says_what_the_news_knows():
    """The fields of every event come from its moment, its own from the emission."""
    event = CallAnswered(
        session_id="one",
        role=Role.UAS,
        time=2.5,
        call_state=CallState.ACTIVE,
        media_state=MediaState.READY,
        status=200,
    )

    assert event == answered().event


def test_the_event_is_the_same_one_however_often_it_is_asked_for():
    """So it can be found again by what it is, not by what it says."""
    news = answered()

    assert news.event is news.event


def test_an_event_of_the_media_keeps_the_state_that_it_was_emitted_in():
    """The media chart may pass several states in one turn."""
    news = answered(MediaState.ESTABLISHED)

    assert (MediaState.ESTABLISHED,) * 2 == (news.media_state, news.event.media_state)


def test_two_logs_give_the_same_event():
    """What was read from one can be asked of the other."""
    call, agent, news = EventLog(), EventLog(), answered()
    agent.extend([answered(), news])
    call.extend([news])

    assert 1 == agent.number_of(next(iter(call)))
