"""Why a call is silent, in one sentence: which side stands in which state, what has come, and what is missing.

Only looks: at states, evidence and counters that are there anyway. What stops packets is asked first, then what they
hold, then what the application does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from session_fsm.errors import printable
from session_fsm.runtime.addresses import is_wildcard, written
from session_fsm.runtime.media_stream import MediaStream
from session_fsm.sdp import Agreement, MediaDirection
from session_fsm.session.events import CallState, MediaState, Role
from session_fsm.session.session import Session

Seconds = float

PAUSE: Seconds = 2.0  # without a packet, although fifty a second are due: no network is as uneven as that
WORDLESS: Seconds = 3.0  # of digital silence, or of an application that writes nothing, before it is worth a word
UNREAD = 50  # frames that wait for their reader, a second's worth
UNMENTIONED = 2  # reports of the peer in a row, ten seconds or so, that do not mention us: RFC 3550 §6.4 wants it to
DEAF = 0.9  # share of our packets that the peer reports as lost: it hears nothing

UNANSWERED = (
    CallState.IDLE,
    CallState.INITIATING,
    CallState.PROCEEDING,
    CallState.RINGING,
    CallState.WAITING_TO_CANCEL,
    CallState.WAITING_TO_GIVE_UP,
)


def why_silent(session: Session, stream: MediaStream | None, reached: MediaState) -> str | None:
    """The sentence; None when both directions flow. `reached` is the last media state before the end."""
    if session.call.finished or stream is None or stream.closed:
        return why_unheard(session, stream, reached)
    for look in (_packets, _content):
        if (said := next(look(session, stream), None)) is not None:
            return said
    return None


def why_unheard(session: Session, stream: MediaStream | None, reached: MediaState) -> str | None:
    """The same for a call that is over: why its audio never came, or had stopped. None if it flowed until the end."""
    if stream is None or stream.agreement is None:
        ended = printable(" ".join(str(part) for part in (session.status, session.reason) if part))
        if session.call.finished:
            return f"the call ended before there was audio: {ended or 'no reason was given'}; media got to {reached}"
        return _unanswered(session)
    if reached is MediaState.ACTIVE or reached is MediaState.HELD:
        return None
    agreement = session.negotiation.agreement
    if agreement is not None and agreement.direction is not MediaDirection.SENDRECV:
        return f"media got to {reached}: {agreement.direction} was agreed, so {_wanted(agreement, stream)}"
    return f"media got to {reached}: {_sent(stream)}, {_came(stream)}{_dropped(stream)}"


def _packets(session: Session, stream: MediaStream) -> Iterator[str]:
    """What keeps packets from coming or going."""
    # What the charts agreed: a path that is paused still has the agreement before.
    state, agreement = session.media_state, session.negotiation.agreement
    if agreement is None or stream.agreement is None:
        yield _unanswered(session)
        return
    if state is MediaState.HELD or not agreement.direction.receives or not agreement.direction.sends:
        yield _one_way(session, agreement, stream)
    if state is MediaState.READY:
        why = f": {stream.noticed.refusal}" if stream.noticed.refusal else ""
        yield f"we are Ready: the path to {written(stream.destination)} does not open{why}"
    if state in (MediaState.ESTABLISHED, MediaState.STALLED):
        facts = f"{_sent(stream)}, {_came(stream)}{_refused(stream)}{_dropped(stream)}"
        yield f"we are {state}: {facts}{_unacknowledged(session)}"
    quiet = stream.silent_for
    if quiet > PAUSE:
        yield f"we are {state}: nothing has come from {written(stream.destination)} for {quiet:.1f} s{_dropped(stream)}"
    if stream.is_refused:
        yield f"we are {state}: we hear the peer, but our packets do not arrive{_refused(stream)}"
    report, reports = stream.reports.about_us, stream.reports
    if reports.unmentioned >= UNMENTIONED and stream.outgoing.packets >= UNREAD:
        yield (
            f"we are {state}: we hear the peer, but its last {reports.unmentioned} RTCP reports say nothing of the "
            f"{_count(stream.outgoing.packets, 'packet')} that we sent"
        )
    if report is not None and report.fraction_lost >= DEAF * 256:
        yield f"we are {state}: we hear the peer, but it reports that {report.fraction_lost / 256:.0%} of ours are lost"


def _content(session: Session, stream: MediaStream) -> Iterator[str]:
    """Packets flow both ways: is there anything in them, and does anybody take it?"""
    state, noticed, now = session.media_state, stream.noticed, stream.now
    if stream.receiver.closed:
        yield f"we are {state} and hear the peer, but the application has closed its receiver"
    elif stream.receiver.unread >= UNREAD:
        yield f"we are {state} and hear the peer, but the application does not read: {_unread(stream)}"
    silence = now - _since(noticed.sound_at, stream)
    if silence > WORDLESS:
        yield (
            f"we are {state} and hear the peer, but what it sends is digital silence "
            f"{_for_so_long(noticed.sound_at, silence)}: {stream.incoming.packets} packets without a sound at last"
        )
    if session.muted:
        yield f"we are {state} and the peer hears silence: this side is muted"
    unwritten = now - _since(noticed.written_at, stream)
    if unwritten > WORDLESS:
        yield (
            f"we are {state} and the peer hears silence: the application has written nothing "
            f"{_for_so_long(noticed.written_at, unwritten)}"
        )


def _unread(stream: MediaStream) -> str:
    dropped = f", {stream.receiver.dropped} were dropped" if stream.receiver.dropped else ""
    return f"{stream.receiver.unread} packets wait{dropped}"


def _unanswered(session: Session) -> str:
    """Nothing is agreed yet: who has to say something."""
    state, media = session.call_state, session.media_state
    peer = printable(session.remote_uri)
    if session.role is Role.UAS:
        return f"we are {state} and media is {media}: {_owed(session, peer)}"
    if state in UNANSWERED:
        said = {
            CallState.RINGING: f"{peer} rings and has not answered",
            CallState.PROCEEDING: f"{peer} has not rung or answered; something on the way is trying",
        }.get(state, f"nothing has come back from {peer}")
        return f"we are {state} and media is {media}: {said}, and no SDP answer has come"
    return f"we are {state} and media is {media}: {peer} never answered our SDP"


def _owed(session: Session, peer: str) -> str:
    """What a call that came in still needs."""
    if not session.answers:
        return "this side has not answered the call"
    ours = "answer" if session.invite is not None and session.invite.body else "offer"
    if session.id not in session.endpoint.waiting:
        lacks = "" if ours == "answer" else " brought no SDP answer, and it"
        return f"our SDP {ours} has left, and the ACK of {peer}{lacks} has opened nothing"
    brings = "" if ours == "answer" else ", which is to bring its SDP answer,"
    return f"our SDP {ours} has left, and the ACK of {peer}{brings} has not come"


def _one_way(session: Session, agreement: Agreement, stream: MediaStream) -> str:
    """Somebody holds somebody, or asked for one direction only."""
    held = session.hold is not None and session.hold.state == "Held"
    holds = session.peer_hold is not None and session.peer_hold.state == "Holding"
    who = {(True, True): "both sides hold", (True, False): "we hold the peer", (False, True): "the peer holds us"}
    why = who.get((held, holds), f"{agreement.direction} was agreed")
    return f"we are {session.media_state}: {why}, so {_wanted(agreement, stream)}"


def _wanted(agreement: Agreement, stream: MediaStream) -> str:
    """What is to flow, where it is not both ways, and what of it there was."""
    if agreement.direction.sends:
        return f"we send, and the peer is not to: {_sent(stream)}{_refused(stream)}"
    if agreement.direction.receives:
        return f"the peer may send, and we are not to: {_came(stream)}{_dropped(stream)}"
    return "neither side is to send"


def _sent(stream: MediaStream) -> str:
    return f"{_count(stream.outgoing.packets, 'packet')} sent to {written(stream.destination)}"


def _came(stream: MediaStream) -> str:
    if not stream.incoming.packets:
        heard = "; its RTCP comes" if stream.reports.received else ""
        where = "" if is_wildcard(stream.destination[0]) else f" from {written(stream.destination)}"
        return f"nothing received{' from there' if stream.sends else where}{heard}"
    return f"{_count(stream.incoming.packets, 'packet')} received, the last {stream.silent_for:.1f} s ago"


def _unacknowledged(session: Session) -> str:
    """Of a call that we answered: what the caller owes us besides."""
    consent = session.watches.get("consent")
    if consent is not None and consent.state == "Withheld":
        return "; no more leaves, because the caller has sent neither ACK nor RTP nor RTCP"
    if session.answers and session.id in session.endpoint.waiting:
        return "; our answer was not acknowledged"
    return ""


def _refused(stream: MediaStream) -> str:
    return f"; they are refused: {stream.noticed.refusal}" if stream.noticed.refusal and stream.is_refused else ""


def _dropped(stream: MediaStream) -> str:
    """What did come, and did not count."""
    said = [say(stream.counters[name], stream) for name, say in _REASONS.items() if name in stream.counters]
    return "".join(f"; {part}" for part in said)


def _stranger(count: int, stream: MediaStream) -> str:
    source = stream.noticed.stranger
    where = f" from {written(source)}" if source else ""
    return f"{_count(count, 'packet')}{where} {_were(count)} dropped as a stranger's"


def _unknown(count: int, stream: MediaStream) -> str:
    known = ", ".join(str(number) for number in sorted(stream.payload_types))
    return f"{_count(count, 'packet')} of a payload type that was not agreed {_were(count)} dropped (agreed: {known})"


_REASONS: dict[str, Callable[[int, MediaStream], str]] = {
    "stranger": _stranger,
    "probation": lambda count, _: f"{_count(count, 'packet')} of a source on probation {_were(count)} not believed",
    "unknown_payload": _unknown,
    "malformed": lambda count, _: f"{_count(count, 'datagram')} {_were(count)} no RTP",
    "too_long": lambda count, _: f"{_count(count, 'packet')} {_were(count)} longer than any audio",
}
"Counter of the stream -> how it is said."


def _since(moment: Seconds | None, stream: MediaStream) -> Seconds:
    return stream.opened_at if moment is None else moment


def _for_so_long(moment: Seconds | None, seconds: Seconds) -> str:
    return "from the beginning" if moment is None else f"for {seconds:.1f} s"


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
