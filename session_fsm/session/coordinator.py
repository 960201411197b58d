"""SessionCoordinator: the one door to everything that decides. Sans-IO.

Three doors in (`receive` and what else the world does, `expire`, and the user's commands), one chute out: after every
call drain `poll_transmit`, `poll_media` and `poll_event`, then arm one timer for `next_deadline`. `now` is in seconds
of one monotonic clock and never goes back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from random import Random

from session_fsm.chart import Chart
from session_fsm.errors import LocalProtocolError, Malformed
from session_fsm.machine import Machine
from session_fsm.machine.timers import TimerHeap
from session_fsm.machine.trace import TraceRow
from session_fsm.sdp import LocalMedia, MediaDirection
from session_fsm.session import quality
from session_fsm.session.account import NO_ACCOUNT, Account
from session_fsm.session.arrivals import arrive, note
from session_fsm.session.building import build_endpoint
from session_fsm.session.call import DECLINED, FinalRefusal
from session_fsm.session.challenger import DigestPolicy
from session_fsm.session.dtmf_sender import DURATIONS_MS, GAPS_MS, Digits
from session_fsm.session.events import Address, Role, SessionEvent, SessionId
from session_fsm.session.matching import Index
from session_fsm.session.negotiation import Wish
from session_fsm.session.orders import RAW, Edge, EdgeFacts, MediaOrder, Transmit
from session_fsm.session.possible import (
    check_digits,
    check_headers,
    check_host,
    check_milliseconds,
    check_one_of,
    check_seconds,
    check_status,
    check_text,
    sip_uri,
)
from session_fsm.session.publishing import settle
from session_fsm.session.registration import Registration
from session_fsm.session.session import Session
from session_fsm.session.settings import Seconds, Settings
from session_fsm.session.transaction import Transaction
from session_fsm.sip import NameAddr

log = logging.getLogger("session_fsm")


class SessionCoordinator:
    """All calls of one user agent.

    Commands raise `LocalProtocolError` with what is possible now, `Malformed` for a URI, reason or header that cannot
    be sent. What a peer sends never raises.
    """

    def __init__(
        self,
        uri: str,
        local: Address,
        *,
        dice: Random,
        settings: Settings | None = None,
        charts: Mapping[str, Chart] | None = None,
        on_trace: Callable[[TraceRow], None] | None = None,
        home: Callable[[Address], Address] | None = None,
        account: Account = NO_ACCOUNT,
        challenge: DigestPolicy | None = None,
    ) -> None:
        """`local` is where peers reach us; `home` says it for each peer where that differs."""
        self._endpoint = build_endpoint(
            sip_uri(uri),
            local,
            dice=dice,
            settings=settings or Settings(),
            charts=charts or {},
            on_trace=on_trace,
            account=account,
            challenge=challenge,
        )
        self._endpoint.home = home
        self._endpoint.mailbox.on_failure = self._failed

    # What the world does.

    def receive(self, data: bytes, source: Address, now: Seconds) -> None:
        """A datagram arrived on the SIP socket."""
        self._endpoint.mailbox.now = now
        arrive(self._endpoint, data, source)
        self._run(now)

    def expire(self, now: Seconds) -> None:
        """Run every timer that is due."""
        self._endpoint.mailbox.expire(now)
        self._settle()

    def transport_failed(self, destination: Address, reason: str, now: Seconds) -> None:
        """A datagram to this destination cannot be delivered: its port is unreachable, or its host has no address."""
        endpoint = self._endpoint
        endpoint.mailbox.now = now
        note(endpoint, "transport_failed", reason, destination)
        for open_one in [*endpoint.index.clients.values(), *endpoint.index.servers.values()]:
            if isinstance(open_one, Transaction) and open_one.destination == destination:
                open_one.post("transport_error", reason)
        self._run(now)

    def media_edge(self, session_id: SessionId, edge: Edge, facts: EdgeFacts, now: Seconds) -> None:
        """The media plane saw something happen for the first time. Edges of sessions that are gone are passed over."""
        session = self._endpoint.sessions.get(session_id)
        if session is not None:
            if edge is Edge.MEASURED:
                quality.measured(session, facts)
            else:
                heard = facts.extra if edge in RAW else facts
                for machine in session.hearers_of(edge):
                    self._endpoint.mailbox.post(machine, edge.value, heard)
            self._run(now)

    # What the user asks.

    def make_call(
        self,
        target: str,
        *,
        media: LocalMedia,
        now: Seconds,
        next_hop: Address | None = None,
        offer: bool = True,
        headers: Sequence[tuple[str, str]] = (),
        no_answer: Seconds | None = None,
    ) -> SessionId:
        """Send an INVITE. `media` is where we receive RTP; without `offer` the peer's 200 has to make the offer."""
        endpoint = self._endpoint
        uri = sip_uri(target)
        if uri.scheme != "sip" or uri.transport not in (None, "udp"):
            raise Malformed("only sip: URIs over UDP can be called", target)
        if uri != uri.as_target:
            raise Malformed("RFC 3261 §19.1.1: whom we call has no headers and no method; `headers` adds some", target)
        check_host(next_hop[0] if next_hop else uri.address[0], target)
        check_headers(headers)
        if no_answer is not None:
            check_seconds("no_answer", no_answer)
        tag = endpoint.tag()
        local = NameAddr(endpoint.uri).with_tag(tag)
        session = Session(
            endpoint, tag, Role.UAC, call_id=endpoint.call_id(), local=local, remote=NameAddr(uri), target=uri
        )
        session.negotiation.local_media = media
        session.negotiation.offering = offer
        session.next_hop = next_hop
        session.headers = tuple(headers)
        if no_answer is not None:
            session.call.set_parameter("NO_ANSWER", no_answer)
        endpoint.sessions[session.id] = session
        self._command(session.call, "place", None, now)
        return session.id

    def ring(self, session_id: SessionId, *, now: Seconds) -> None:
        """Send 180 Ringing."""
        self._command(self._known(session_id, "ring").call, "ring", None, now)

    def progress(self, session_id: SessionId, *, media: LocalMedia, now: Seconds) -> None:
        """Send 183 with our answer: media flows before the call is answered."""
        self._command(self._known(session_id, "progress").call, "progress", media, now)

    def defer(self, session_id: SessionId, timeout: Seconds | None = None, *, now: Seconds) -> None:
        """Send 182 Queued and put the decision off: without one, the caller gets 480 after so long."""
        call = self._known(session_id, "defer").call
        if timeout is not None:
            check_seconds("timeout", timeout)
            call.set_parameter("UNANSWERED", timeout)
        self._command(call, "defer", None, now)

    def accept(self, session_id: SessionId, *, media: LocalMedia, now: Seconds) -> None:
        """Send 200 with our answer (or our offer, when the INVITE had none)."""
        self._command(self._known(session_id, "accept").call, "accept", media, now)

    def reject(
        self,
        session_id: SessionId,
        status: int = 486,
        reason: str | None = None,
        *,
        now: Seconds,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Refuse with a final status, 400 to 699."""
        check_status("refusal", status, 400, 699)
        check_headers(headers)
        if reason is not None:
            check_text("reason", reason)
        refusal = FinalRefusal(status, reason, tuple(headers))
        self._command(self._known(session_id, "reject").call, "reject", refusal, now)

    def redirect(self, session_id: SessionId, contacts: Sequence[str], *, status: int = 302, now: Seconds) -> None:
        """Refuse with a 3xx that names where to call instead."""
        check_status("redirection", status, 300, 399)
        if not contacts:
            raise ValueError("a redirection needs at least one contact")
        headers = tuple(("Contact", f"<{sip_uri(contact)}>") for contact in contacts)
        refusal = FinalRefusal(status, None, headers)
        self._command(self._known(session_id, "redirect").call, "redirect", refusal, now)

    def hang_up(self, session_id: SessionId, *, now: Seconds, why: str | None = None) -> None:
        """End the call: CANCEL or 603 before the answer, BYE after. A call that has ended already stays so.

        `why` is the reason that our side is told.
        """
        session = self._endpoint.sessions.get(session_id)
        if session is not None:
            self._command(session.call, "hang_up", FinalRefusal(DECLINED, why) if why else None, now)

    def reinvite(self, session_id: SessionId, direction: MediaDirection, *, now: Seconds) -> int:
        """Offer another direction. What is in force changes when the peer has agreed.

        This and the next two give the number by which the `MediaEvent` tells what came of it.
        """
        return self._wish(session_id, "reinvite", direction, now=now)

    def hold(self, session_id: SessionId, *, music: bool = False, now: Seconds) -> int:
        """Offer to hold (RFC 3264 §8.4). Held, the peer hears silence, or with `music` what we play."""
        return self._wish(session_id, "hold", MediaDirection.SENDONLY, silent=not music, now=now)

    def resume(self, session_id: SessionId, *, now: Seconds) -> int:
        """Offer to end our hold."""
        return self._wish(session_id, "resume", MediaDirection.SENDRECV, now=now)

    def take_no_more_calls(self, why: str) -> None:
        """From now on a new INVITE gets 503 with Retry-After. Calls that are there go on."""
        self._endpoint.waiting.close(why)

    def register(self, *, now: Seconds) -> None:
        """Ask the registrar to keep our Contact, and keep it alive from then on."""
        self._command(self._registration("register"), "register", None, now)

    def unregister(self, *, now: Seconds) -> None:
        """Ask the registrar to forget our Contact."""
        self._command(self._registration("unregister"), "unregister", None, now)

    def send_dtmf(self, session_id: SessionId, digits: Digits, *, now: Seconds) -> None:
        """Send these digits one after the other; DtmfSent tells of each."""
        session = self._known(session_id, "send_dtmf")
        check_digits(digits.digits)
        check_milliseconds("duration_ms", digits.duration_ms, *DURATIONS_MS)
        check_milliseconds("gap_ms", digits.gap_ms, *GAPS_MS)
        check_one_of("via", digits.via, ("auto", "rtp", "info"))
        try:
            self._command(session.digits_out().machine, "send_dtmf", digits, now)
        except LocalProtocolError:
            # What the application knows is the call's state, and what it may do with the call.
            raise LocalProtocolError(f"send_dtmf by {digits.via}", session.call.state, session.call.possible) from None

    def close(self) -> None:
        """Nothing will happen any more: every session, transaction and timer is forgotten, and nothing is sent."""
        endpoint = self._endpoint
        endpoint.sessions.clear()
        endpoint.unsettled.clear()
        endpoint.index = Index()
        endpoint.mailbox.queue.clear()
        endpoint.mailbox.timers = TimerHeap()
        endpoint.registration = endpoint.on_trace = endpoint.trace = None
        for chute in (endpoint.transmits, endpoint.orders, endpoint.told):
            chute.clear()

    # What we hand out.

    def poll_transmit(self) -> Transmit | None:
        """The next SIP datagram to send."""
        return self._endpoint.transmits.popleft() if self._endpoint.transmits else None

    def poll_media(self) -> MediaOrder | None:
        """The next order for the media plane."""
        return self._endpoint.orders.popleft() if self._endpoint.orders else None

    def poll_event(self) -> SessionEvent | None:
        """The next event for the application."""
        return self._endpoint.told.popleft() if self._endpoint.told else None

    def next_deadline(self) -> Seconds | None:
        """When to call `expire` next: whatever retransmits, gives up or lingers has a timer of its own."""
        return self._endpoint.mailbox.next_deadline()

    # Getters.

    @property
    def sessions(self) -> Mapping[SessionId, Session]:
        """The sessions that still have something open, a while after their call has ended too."""
        return self._endpoint.sessions

    def session(self, session_id: SessionId) -> Session | None:
        """One session, or None once it is gone."""
        return self._endpoint.sessions.get(session_id)

    @property
    def counters(self) -> Mapping[str, int]:
        """What was dropped, rejected, refused or failed, and how often."""
        return self._endpoint.counters

    def open_machines(self) -> dict[str, int]:
        """How many transactions, dialogs and 2xx without ACK are still looked up: where a leak would show."""
        index = self._endpoint.index
        return {
            "transactions": len(index.clients) + len(index.servers),
            "dialogs": len(index.dialogs) + len(index.inviting),
            "answers": len(index.answers),
        }

    @property
    def registration(self) -> Registration | None:
        """Our binding at the registrar, if we have one to register with."""
        return self._endpoint.registration

    # Inside.

    def _registration(self, command: str) -> Machine:
        found = self._endpoint.registration
        if found is None:
            raise LocalProtocolError(command, "without a registrar", machine="the user agent")
        return found.registration

    def _known(self, session_id: SessionId, command: str) -> Session:
        session = self._endpoint.sessions.get(session_id)
        if session is None:
            raise LocalProtocolError(command, "over")
        return session

    def _wish(
        self, session_id: SessionId, command: str, direction: MediaDirection, *, silent: bool = False, now: Seconds
    ) -> int:
        """The call says whether it is answered, the machine of its wishes whether this is possible now."""
        session = self._known(session_id, command)
        self._command(session.call, command, None, now)
        session.negotiation.wishes += 1
        wish = Wish(session.negotiation.wishes, direction, silent)
        self._command(session.wishing(), command, wish, now)
        return wish.number

    def _command(self, machine: Machine, event: str, payload: object, now: Seconds) -> None:
        try:
            machine.feed(event, payload, now)
        finally:
            self._settle()

    def _run(self, now: Seconds) -> None:
        self._endpoint.mailbox.run(now)
        self._settle()

    def _settle(self) -> None:
        endpoint = self._endpoint
        while endpoint.unsettled:
            _, session = endpoint.unsettled.popitem()
            endpoint.told.extend(settle(session))
            if session.finished:
                session.leave()

    def _failed(self, machine: Machine, effect: str, error: Exception) -> None:
        """A fault of ours, never a peer's: the call goes on, and nobody loses the traceback."""
        self._endpoint.counters[f"fault.{machine.chart.id}.{effect}"] += 1
        log.error("effect %s of %s failed", effect, machine.label, exc_info=error)
