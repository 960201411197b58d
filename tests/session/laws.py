"""What must be so of every run on the virtual network, whatever was played in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise

from session_fsm.session.events import (
    AckReceived,
    AckSent,
    AudioChannelsReady,
    CallAccepted,
    CallAnswered,
    CallEnded,
    CallFailed,
    CallInitiated,
    CallState,
    DialogEstablished,
    DialogStateChanged,
    IncomingCall,
    MediaFlowEstablished,
    MediaNegotiated,
    MediaSessionReady,
    MediaStateChanged,
    OutgoingCallPrepared,
    SdpEvent,
    SessionCreated,
    SessionEvent,
    StateChanged,
)
from session_fsm.testing import Leftovers, Line, Network, Phone
from session_fsm.testing.properties import off_ladder


def finish(net: Network, phones: Iterable[Phone]) -> None:
    """Leave the registrars, hang up whatever still stands, and wait until all is quiet."""
    net.release()
    for phone in phones:
        if phone.coordinator.registration is not None:
            phone.unregister()
        for line in phone.lines:
            line.hang_up()
    net.run_until_quiet()


def broken(phones: Iterable[Phone]) -> list[str]:
    """Every law that a finished run broke, in words."""
    return [f"{phone.name}: {text}" for phone in phones for text in _of_phone(phone)]


def _of_phone(phone: Phone) -> Iterator[str]:
    if phone.leftovers != Leftovers():
        yield f"{phone.leftovers} is left"
    yield from _answers(phone)
    yield from _acknowledgements(phone)
    for line in phone.lines:
        laws = (*_states(line), *_machines(line), *_told(line), *_descriptions(line), *_media(line))
        yield from (f"{line.role} {text}" for text in laws)


def _answers(phone: Phone) -> Iterator[str]:
    """Each request that is no ACK gets one final response, however often it comes; a failure is not repeated as 2xx."""
    asked = {(d.message.branch, d.method) for d in phone.received if d.message and d.status is None}
    given: dict[tuple[str, str], set[int]] = {}
    for datagram in phone.sent:
        if datagram.status is not None and datagram.status >= 200:
            given.setdefault((datagram.message.branch, datagram.method), set()).add(datagram.status)
    if any(row.event == "transport_error" for row in phone.rows):
        return  # an answer that cannot be delivered is not tried again
    for key in asked:
        if key[1] != "ACK" and len(given.get(key, ())) != 1:
            yield f"the {key[1]} {key[0]} was answered with {sorted(given.get(key, ())) or 'nothing'}"


def _acknowledgements(phone: Phone) -> Iterator[str]:
    """Each final response to an INVITE of ours gets an ACK, each time that it arrives while its transaction lives."""
    dropped = {"dropped.stray response", "dropped.one fork too many"} & phone.counters.keys()
    acks = Counter((d.message.cseq.number, d.message.call_id, d.message.to_tag) for d in phone.sent.of("ACK"))
    for datagram in phone.received:
        if datagram.status is not None and datagram.status >= 200 and datagram.method == "INVITE":
            key = (datagram.message.cseq.number, datagram.message.call_id, datagram.message.to_tag)
            if not acks[key] and not dropped:
                yield f"{datagram.name} {key} got no ACK"


def _states(line: Line) -> Iterator[str]:
    """Every change of state is told, in order, and nothing else."""
    if line.state not in line.session.call.chart.final:
        yield f"is {line.state} when all is quiet"
    # A redirected call enters Initiating again, which its path does not show twice.
    told = [state for state, _ in groupby(str(event.new_state) for event in line.told(StateChanged))]
    if told != [state for state in line.call_path if state != "Idle"]:
        yield f"went through {line.call_path} and told of {told}"
    path = [state for state in line.media_path if state != "Idle"]
    if (told := [str(e.new_state) for e in line.told(MediaStateChanged)]) != path:
        yield f"had media {path} and told of {told}"
    entered = [r for r in line.rows if r.chart == "dialog" and r.from_state != r.to_state and r.event != "[start]"]
    if (told := [str(e.new_state) for e in line.told(DialogStateChanged)]) != [row.to_state for row in entered]:
        yield f"had dialogs {[row.to_state for row in entered]} and told of {told}"


def _machines(line: Line) -> Iterator[str]:
    """Each machine begins and ends where it should."""
    if line.call_path[1:2] not in (["Initiating"], ["Failed"], ["Cancelled"]):
        yield f"began with {line.call_path[:3]}"
    if "OnHold" in line.call_path and "Active" not in line.call_path[: line.call_path.index("OnHold")]:
        yield f"was on hold before it was answered: {line.call_path}"
    exchange = line.path("offer_answer")
    if exchange[-1] != "Closed":
        yield f"leaves its offer and answer {exchange[-1]}"
    failed = {"negotiation_failed", "dialog_lost"}
    # An INFO may find out as well that the peer has lost the dialog.
    by_info = any(("emit", "dialog_lost") in row.effects for row in line.rows if row.chart == "dtmf_sender")
    if any(row.chart == "call" and row.event in failed for row in line.rows) and not (by_info or "Refused" in exchange):
        yield f"failed to agree, and was never Refused: {exchange}"
    last = {row.machine: row for row in line.rows if row.chart == "dialog"}
    for row in last.values():
        # A caller's dialog with a fork that never answered is forgotten with the session.
        if row.to_state not in ("Terminated", "Unwanted", *(["Early", "Overtaken"] if line.role == "UAC" else [])):
            yield f"leaves the dialog {row.machine} {row.to_state}"


def _descriptions(line: Line) -> Iterator[str]:
    """Each offer and each answer of a re-INVITE is told."""
    phone, call_id = line.phone, line.session.call_id
    told = Counter(str(event.event_type) for event in line.told(SdpEvent))
    for ours, theirs, sent, received in (
        (phone.sent, phone.received, "sent", "received"),
        (phone.received, phone.sent, "received", "sent"),
    ):
        # A challenged re-INVITE is asked again with the same offer, which is told once.
        challenged = {d.message.cseq.number for code in (401, 407) for d in theirs.of(code) if d.method == "INVITE"}
        asked = {
            d.message.cseq.number: d
            for d in ours.of("INVITE")
            if d.message.call_id == call_id and d.message.to_tag and d.message.cseq.number not in challenged
        }
        answered = {
            d.message.cseq.number
            for d in theirs.of(200, method="INVITE")
            if d.message.call_id == call_id and d.message.cseq.number in asked and d.message.body
        } - {d.message.cseq.number for d in ours.of("INVITE") if d.message.call_id == call_id and not d.message.to_tag}
        first = [d for d in ours.of("INVITE") if d.message.call_id == call_id and not d.message.to_tag]
        if sent == "sent" and any(d.message.body for d in first):
            told["offer_sent"] -= 1
        for number, invite in asked.items():
            if invite.message.body and (number in answered or sent == "sent"):
                told[f"offer_{sent}"] -= 1
            if number in answered:
                told[f"answer_{received}" if invite.message.body else f"offer_{received}"] -= 1
    if min(told.values(), default=0) < 0:
        yield f"told too little of its descriptions: {[str(event.event_type) for event in line.told(SdpEvent)]}"


def _told(line: Line) -> Iterator[str]:
    """The milestones of a call are told once each, when they are reached and only then."""
    answered = CallState.ACTIVE in line.call_path
    won = any(("do", "win") in row.effects for row in line.rows) or (line.role == "UAS" and answered)
    acked = any(
        row.event == "acknowledged" and row.chart == "dialog" and row.from_state == "Moratorium" for row in line.rows
    )
    placed = line.role == "UAC" and line.call_path[:1] == ["Idle"] and len(line.call_path) > 1
    asked = line.role == "UAS" and "Initiating" in line.call_path
    wanted: dict[type[SessionEvent], int] = {
        SessionCreated: 1,
        CallAnswered: answered,
        DialogEstablished: won,
        CallAccepted: answered and line.role == "UAS",
        AckSent: won and line.role == "UAC",
        AckReceived: acked and line.role == "UAS",
        OutgoingCallPrepared: placed,
        IncomingCall: asked,
        CallEnded: line.state in ("Terminated", "Cancelled"),
        CallFailed: line.state == "Failed",
    }
    for kind, count in wanted.items():
        if len(line.told(kind)) != count:
            yield f"told {kind.__name__} {len(line.told(kind))} times, not {int(count)}"
    if placed and not line.told(CallInitiated):
        yield "never told CallInitiated"


def _media(line: Line) -> Iterator[str]:
    """The media ladder is climbed in order, and its rungs are told."""
    if (wrong := off_ladder(line.media_path)) is not None:
        yield wrong
    if line.media_path[-1:] != ["Closed"]:
        yield f"media is {line.media_path[-1:]} when all is quiet"
    ready = "Ready" in line.media_path
    for kind in (MediaSessionReady, MediaNegotiated):
        if len(line.told(kind)) != ready:
            yield f"told {kind.__name__} {len(line.told(kind))} times, Ready {int(ready)}"
    if len(line.told(AudioChannelsReady)) != _entries(line, "Active"):
        yield f"told AudioChannelsReady {len(line.told(AudioChannelsReady))} times"
    outward = [row for row in line.rows if row.chart == "media" and row.row == "sending"]
    confirmed = _entries(line, "Active")
    if len(line.told(MediaFlowEstablished)) != len(outward) + confirmed:
        yield f"told MediaFlowEstablished {len(line.told(MediaFlowEstablished))} times"
    if ready and len(line.told(SdpEvent)) < 2:
        yield f"is Ready and told {[str(event.event_type) for event in line.told(SdpEvent)]}"


def _entries(line: Line, state: str) -> int:
    """How often this media state was entered on new evidence."""
    path = line.media_path
    return sum(b == state and a == "Established" for a, b in pairwise(path))
