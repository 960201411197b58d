"""Carries what a chart emits: snake_case to the machines that declared it, CamelCase to the application.

Which of the two, and who declared it, is known when a chart is bound: each emission gets a deed of its own. Every
context of a machine that emits has `endpoint`, `session` and `purpose`; the session knows its machines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol

from session_fsm.chart import is_application_event
from session_fsm.machine import Machine
from session_fsm.machine.binding import Deed
from session_fsm.session.publishing import OF_SESSION, Publishing
from session_fsm.session.routing import Route, Routes

if TYPE_CHECKING:
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


Hearer = Callable[..., Machine | None]
"f(session): which machine of the session hears an emission, if it has one."

Hearers = Callable[..., Iterable[Machine]]
"f(session, source, payload): which machines of the session hear an emission."


def carriers(chart: str, emissions: Iterable[str], routes: Routes) -> Mapping[str, Deed]:
    """For each of this chart's emissions the deed that carries it."""
    return {name: _carrier(chart, name, routes.get((chart, name), ())) for name in emissions}


def _carrier(chart: str, name: str, routes: tuple[Route, ...]) -> Deed:
    if is_application_event(name):
        return Publishing(chart, name)
    ways = [_way(chart, name, route) for route in routes]
    return ways[0] if len(ways) == 1 else Several(name, ways)


def _way(chart: str, name: str, route: Route) -> Deed:
    """To one receiving chart: the one machine of that name, or those that the session chooses."""
    if route.chart in CHOSEN:
        return ToChosen(chart, name, route)
    return ToSeldom(chart, name, route) if route.chart in SELDOM else ToOne(chart, name, route)


class Carrying(Deed):
    """To machines of the session that the emitting machine belongs to."""

    __slots__ = ("_event", "_is_session", "_of")

    def __init__(self, chart: str, name: str, route: Route) -> None:
        super().__init__(name)
        self._event = route.event
        self._of = route.of
        self._is_session = chart in OF_SESSION

    def session_of(self, machine: Machine) -> TransactionUser | None:
        """The session, if there is one, and what the emitting machine is about is of interest to it."""
        source: Emitter = machine.context
        if self._of and self._of != source.purpose:
            return None
        session: TransactionUser | None = machine.context if self._is_session else source.session
        return session


class ToOne(Carrying):
    """To a machine that every session has, under the chart's name."""

    __slots__ = ("_hearer",)

    def __init__(self, chart: str, name: str, route: Route) -> None:
        super().__init__(chart, name, route)
        self._hearer: Callable[[TransactionUser], Machine] = attrgetter(route.chart)

    def run(self, machine: Machine, payload: object) -> None:
        """Post it."""
        session = self.session_of(machine)
        if session is not None:
            machine.mailbox.post(self._hearer(session), self._event, payload)


class ToSeldom(Carrying):
    """To a machine that few sessions have."""

    __slots__ = ("_hearer",)

    def __init__(self, chart: str, name: str, route: Route) -> None:
        super().__init__(chart, name, route)
        self._hearer = SELDOM[route.chart]

    def run(self, machine: Machine, payload: object) -> None:
        """Post it, if there is such a machine."""
        session = self.session_of(machine)
        if session is not None:
            hearer = self._hearer(session)
            if hearer is not None:
                machine.mailbox.post(hearer, self._event, payload)


class ToChosen(Carrying):
    """To those machines of the session that it chooses."""

    __slots__ = ("_hearers",)

    def __init__(self, chart: str, name: str, route: Route) -> None:
        super().__init__(chart, name, route)
        self._hearers = CHOSEN[route.chart]

    def run(self, machine: Machine, payload: object) -> None:
        """Post it to each of them."""
        session = self.session_of(machine)
        if session is not None:
            for hearer in self._hearers(session, machine.context, payload):
                machine.mailbox.post(hearer, self._event, payload)


class Several(Deed):
    """To several charts, or to none."""

    __slots__ = ("_ways",)

    def __init__(self, name: str, ways: list[Deed]) -> None:
        super().__init__(name)
        self._ways = ways

    def run(self, machine: Machine, payload: object) -> None:
        """Go each way."""
        for way in self._ways:
            way.run(machine, payload)


def _answers(session: Session, source: Emitter, payload: object) -> Iterable[Machine]:
    return [answer.machine for answer in session.answers if answer.dialog is source]


def _invites(session: Session, source: Emitter, payload: object) -> Iterable[Machine]:
    machines = [transaction.machine for transaction in session.transactions if transaction.chart == "invite_client"]
    return sorted(machines, key=lambda machine: machine.label)


def _authentications(user: TransactionUser, source: Emitter, payload: object) -> Iterable[Machine]:
    return user.authentications_for(source)


def _dialogs(session: Session, source: Emitter, payload: object) -> Iterable[Machine]:
    return session.dialogs_for(source, payload)


def _hold(session: Session) -> Machine | None:
    return session.hold


def _peer_hold(session: Session) -> Machine | None:
    return session.peer_hold


def _quality(session: Session) -> Machine | None:
    return session.quality


def _dtmf_receiver(session: Session) -> Machine | None:
    return None if session.dtmf_receiver is None else session.dtmf_receiver.machine


def _dtmf_sender(session: Session) -> Machine | None:
    return None if session.dtmf_sender is None else session.dtmf_sender.machine


def _watch(name: str) -> Hearer:
    def watch(session: Session) -> Machine | None:
        return session.watches.get(name) if session.watches else None

    return watch


CHOSEN: Mapping[str, Hearers] = {
    "answer": _answers,
    "authentication": _authentications,
    "dialog": _dialogs,
    "invite_client": _invites,
}
"Charts of which a session has several machines."

SELDOM: Mapping[str, Hearer] = {
    "consent": _watch("consent"),
    "dtmf_receiver": _dtmf_receiver,
    "dtmf_sender": _dtmf_sender,
    "hold": _hold,
    "microphone": _watch("microphone"),
    "peer_hold": _peer_hold,
    "quality": _quality,
    "silence": _watch("silence"),
    "source": _watch("source"),
}
"Charts of which few calls have a machine."
