"""Puts an endpoint together: the charts, bound once for each role to the functions of their rooms."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from random import Random

from session_fsm.chart import Chart, check_set
from session_fsm.errors import ChartError, ChartFault
from session_fsm.machine import Binding, Mailbox
from session_fsm.machine.trace import TraceRow
from session_fsm.session import (
    answer,
    authentication,
    call,
    consent,
    dialog,
    dtmf_receiver,
    dtmf_sender,
    events,
    hold,
    media,
    microphone,
    offer_answer,
    quality,
    registration,
    silence,
    source,
    transaction,
)
from session_fsm.session.account import Account
from session_fsm.session.challenger import Challenger, DigestPolicy
from session_fsm.session.endpoint import Endpoint
from session_fsm.session.events import Address, Role
from session_fsm.session.keyring import Trust
from session_fsm.session.matching import Index
from session_fsm.session.reading_allowance import ReadingAllowance
from session_fsm.session.registry import Registry
from session_fsm.session.routing import routes_of
from session_fsm.session.seen_once import SeenOnce
from session_fsm.session.settings import Settings
from session_fsm.session.waiting_room import Bound, WaitingRoom
from session_fsm.sip import SipUri

log = logging.getLogger("session_fsm")

REGISTRIES: Mapping[str, Registry] = {
    **transaction.REGISTRIES,
    "authentication": authentication.REGISTRY,
    "answer": answer.REGISTRY,
    "dialog": dialog.REGISTRY,
    "offer_answer": offer_answer.REGISTRY,
    "call": call.REGISTRY,
    # Before media: whatever is about to send is told first that it is muted.
    "microphone": microphone.REGISTRY,
    "media": media.REGISTRY,
    "quality": quality.REGISTRY,
    "source": source.REGISTRY,
    "silence": silence.REGISTRY,
    "consent": consent.REGISTRY,
    "hold": hold.REGISTRY,
    "peer_hold": hold.PEER_REGISTRY,
    "registration": registration.REGISTRY,
    "dtmf_receiver": dtmf_receiver.REGISTRY,
    "dtmf_sender": dtmf_sender.REGISTRY,
}
"Every chart that an endpoint runs, and the functions behind its names. The order is the order of hearing."

PURPOSES = ("INVITE", "re-INVITE", "BYE", "CANCEL", "BYE of a fork", "UPDATE", "REGISTER", "INFO")
"What client transactions are opened for: the names that an event may give in `of`."

APPLICATION_EVENTS = {
    name for name, kind in vars(events).items() if isinstance(kind, type) and issubclass(kind, events.SessionEvent)
}
"What charts may emit in CamelCase."


@lru_cache(maxsize=1)
def shipped_charts() -> Mapping[str, Chart]:
    """The charts that an endpoint runs, read once."""
    return {name: Chart.load(name) for name in REGISTRIES}


def build_endpoint(
    uri: SipUri,
    local: Address,
    *,
    dice: Random,
    settings: Settings,
    charts: Mapping[str, Chart],
    on_trace: Callable[[TraceRow], None] | None,
    account: Account,
    challenge: DigestPolicy | None,
) -> Endpoint:
    """An endpoint without sessions. `charts` replace shipped ones of the same name."""
    used = {**shipped_charts(), **charts}
    bindings = _bound(tuple(used.items()), settings)
    counters: Counter[str] = Counter()
    endpoint = Endpoint(
        uri=uri,
        local=local,
        dice=dice,
        settings=settings,
        bindings=bindings,
        mailbox=Mailbox(),
        index=Index(),
        sessions={},
        transmits=deque(),
        orders=deque(),
        told=deque(),
        counters=counters,
        waiting=WaitingRoom(
            Bound(settings.max_waiting, settings.max_waiting_per_source),
            Bound(settings.max_unacknowledged, settings.max_unacknowledged_per_source),
            settings.twice_from,
        ),
        seen_once=SeenOnce(dice, settings.t1),
        allowance=ReadingAllowance(),
        unsettled=[],
        over=[],
        trust=Trust(account, uri.host),
        account=account,
        on_trace=_tolerated(on_trace, counters) if on_trace else None,
    )
    endpoint.trace = endpoint.new_trace(0)
    if challenge is not None:
        endpoint.challenger = Challenger(challenge, dice, counters)
    if account.registrar is not None:
        endpoint.registration = registration.Registration(endpoint, account.registrar)
    return endpoint


def _tolerated(listener: Callable[[TraceRow], None], counters: Counter[str]) -> Callable[[TraceRow], None]:
    """A listener of the application's that cannot break the step it hears of. Its failures are counted, one is told."""

    def tell(row: TraceRow) -> None:
        try:
            listener(row)
        except Exception:
            counters["fault.on_trace"] += 1
            if counters["fault.on_trace"] == 1:
                log.exception("on_trace failed; the calls go on, and further failures are only counted")

    return tell


@lru_cache(maxsize=16)
def _bound(charts: tuple[tuple[str, Chart], ...], settings: Settings) -> dict[tuple[str, Role], Binding]:
    """Bindings are the same for every user agent with the same charts and settings."""
    parameters = {
        "T1": settings.t1,
        "T2": settings.t2,
        "T4": settings.t4,
        "NO_ANSWER": settings.no_answer,
        "UNANSWERED": settings.unanswered,
    }
    faults = [*check_set([chart for _, chart in charts], APPLICATION_EVENTS), *_unknown_purposes(charts)]
    if faults:
        raise ChartError(faults)
    routes = routes_of(chart for _, chart in charts)
    found = {}
    for name, chart in charts:
        for role, side in ((Role.UAC, chart.for_role("uac")), (Role.UAS, chart.for_role("uas"))):
            found[name, role] = REGISTRIES[name].bind(side, parameters, routes, settings.engine)
    return found


def _unknown_purposes(charts: Iterable[tuple[str, Chart]]) -> Iterator[ChartFault]:
    """Events of a transaction that no code opens: nobody would ever hear them."""
    for name, chart in charts:
        for event in chart.events.values():
            if event.of and event.of not in PURPOSES:
                message = f"event {event.name} is of {event.of}; transactions are opened for {', '.join(PURPOSES)}"
                yield ChartFault(chart.file or name, "unknown-purpose", message)
