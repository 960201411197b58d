"""Carries what a chart emits: snake_case to the machines that declared it, CamelCase to the application.

Which of the two, and who declared it, is known when a chart is bound: each emission gets a function of its own. Every
context of a machine that emits has `endpoint`, `session` and `purpose`; the session knows its machines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol, cast

from session_fsm.chart import is_application_event
from session_fsm.session.publishing import OF_SESSION, publisher
from session_fsm.session.routing import Route, Routes

if TYPE_CHECKING:
    from session_fsm.machine import Machine
    from session_fsm.session.endpoint import Endpoint
    from session_fsm.session.session import Session
    from session_fsm.session.transaction_user import TransactionUser


class Emitter(Protocol):
    """The context of a machine that emits."""

    @property
    def endpoint(self) -> Endpoint:
        """The user agent it belongs to."""

    @property
    def session(self) -> TransactionUser | None:
        """The session it belongs to, if any."""

    @property
    def purpose(self) -> str:
        """For a transaction or an answer: what it is about, such as INVITE, re-INVITE or BYE. Else empty."""


Carry = Callable[[Emitter, object], None]
"What is called with the emitting machine's context and the payload of the event that made it emit."


def carriers(chart: str, emissions: Iterable[str], routes: Routes) -> Mapping[str, Carry]:
    """For each of this chart's emissions the function that carries it."""
    return {name: _carrier(chart, name, routes.get((chart, name), ())) for name in emissions}


def _carrier(chart: str, name: str, routes: tuple[Route, ...]) -> Carry:
    if is_application_event(name):
        return publisher(chart, name)
    ways = [_way(chart, route) for route in routes]
    if len(ways) == 1:
        return ways[0]

    def carry(source: Emitter, payload: object) -> None:
        for way in ways:
            way(source, payload)

    return carry


def _way(chart: str, route: Route) -> Carry:
    """To one receiving chart: the one machine of that name, or those that the session chooses."""
    target, event, of = route
    hearers = CHOSEN.get(target)
    the_one: Callable[[TransactionUser], Machine] = attrgetter(target)
    if hearers is None and not of and chart in OF_SESSION:

        def carry_within(source: Emitter, payload: object) -> None:
            session = cast("TransactionUser", source)
            session.endpoint.mailbox.post(the_one(session), event, payload)

        return carry_within

    def carry(source: Emitter, payload: object) -> None:
        session = source.session
        if session is None or (of and of != source.purpose):
            return
        post = source.endpoint.mailbox.post
        if hearers is None:
            post(the_one(session), event, payload)
        else:
            for machine in hearers(session, source, payload):
                post(machine, event, payload)

    return carry


def _answers(session: Session, source: Emitter, payload: object) -> Iterable[Machine]:
    return [answer.machine for answer in session.answers if answer.dialog is source]


def _invites(session: Session, source: Emitter, payload: object) -> Iterable[Machine]:
    machines = [transaction.machine for transaction in session.transactions if transaction.chart == "invite_client"]
    return sorted(machines, key=lambda machine: machine.label)


def _authentications(user: TransactionUser, source: Emitter, payload: object) -> Iterable[Machine]:
    return user.authentications_for(source)


def _dialogs(session: Session, source: Emitter, payload: object) -> Iterable[Machine]:
    return session.dialogs_for(source, payload)


def _hold(session: Session, source: Emitter, payload: object) -> Iterable[Machine]:
    return () if session.hold is None else (session.hold,)


def _peer_hold(session: Session, source: Emitter, payload: object) -> Iterable[Machine]:
    return () if session.peer_hold is None else (session.peer_hold,)


def _quality(session: Session, source: Emitter, payload: object) -> Iterable[Machine]:
    return (session.quality,) if session.quality is not None else ()


def _dtmf_receiver(session: Session, source: Emitter, payload: object) -> Iterable[Machine]:
    return (session.dtmf_receiver.machine,) if session.dtmf_receiver is not None else ()


def _dtmf_sender(session: Session, source: Emitter, payload: object) -> Iterable[Machine]:
    return (session.dtmf_sender.machine,) if session.dtmf_sender is not None else ()


def _watch(name: str) -> Callable[..., Iterable[Machine]]:
    def hearers(session: Session, source: Emitter, payload: object) -> Iterable[Machine]:
        machine = session.watches.get(name)
        return () if machine is None else (machine,)

    return hearers


# Of every other chart a session has one machine, under the chart's name.
CHOSEN: Mapping[str, Callable[..., Iterable[Machine]]] = {
    "answer": _answers,
    "authentication": _authentications,
    "consent": _watch("consent"),
    "dialog": _dialogs,
    "hold": _hold,
    "dtmf_receiver": _dtmf_receiver,
    "dtmf_sender": _dtmf_sender,
    "invite_client": _invites,
    "microphone": _watch("microphone"),
    "peer_hold": _peer_hold,
    "quality": _quality,
    "silence": _watch("silence"),
    "source": _watch("source"),
}
