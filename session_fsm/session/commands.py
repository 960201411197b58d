"""What the user of a coordinator asks of it: calls placed, taken, held, ended. Each command is one event of a chart.

Source: RFC 3261 §13, §15, §9; the charts say which command is possible when.
"""

from __future__ import annotations

from collections.abc import Sequence

from session_fsm.errors import LocalProtocolError, Malformed
from session_fsm.machine import Machine
from session_fsm.sdp import LocalMedia, MediaDirection
from session_fsm.session.call import DECLINED, FinalRefusal
from session_fsm.session.dtmf_sender import DURATIONS_MS, GAPS_MS, Digits
from session_fsm.session.endpoint import Endpoint
from session_fsm.session.events import Address, Role, SessionId
from session_fsm.session.negotiation import Wish
from session_fsm.session.possible import (
    any_uri,
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
from session_fsm.session.session import Session
from session_fsm.session.settings import Seconds
from session_fsm.session.turns import Turns
from session_fsm.sip import NameAddr


class Commanded:
    """The half of a coordinator that is asked. The other half hears the world, and hands out what came of both."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.turns = Turns(endpoint)
        "For whoever runs a coordinator: the doors of the world without their porters."
        self._command = self.turns.command

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
        headers = tuple(("Contact", f"<{any_uri(contact)}>") for contact in contacts)
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

    def mute(self, session_id: SessionId, *, now: Seconds) -> None:
        """Let silence leave in place of our audio, at any moment of a call. Packets go on: the peer sees no gap."""
        self._microphone(session_id, "mute", now)

    def unmute(self, session_id: SessionId, *, now: Seconds) -> None:
        """Let our audio leave again: what is written from now on."""
        self._microphone(session_id, "unmute", now)

    # Inside.

    def _microphone(self, session_id: SessionId, command: str, now: Seconds) -> None:
        session = self._known(session_id, command)
        try:
            self._command(session.watch("microphone"), command, None, now)
        except LocalProtocolError:
            raise LocalProtocolError(command, session.call.state, session.call.possible) from None

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
