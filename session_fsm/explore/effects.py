"""What the effects and sends of a call's charts do, when data are abstract. Each mirrors its function in `session/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from session_fsm.explore.abstract import NARROWED, RTCP, SENDS, Key, Message, branch_of
from session_fsm.explore.sending import (
    PEER_HOLD,
    Payload,
    judge,
    number_of,
    payload_of_invite,
    request,
    respond,
    send_answer,
    server_of,
)
from session_fsm.explore.turn import StuckError, Turn

EffectMeaning = Callable[[Turn, Key, Payload], None]


# Effects: the call.


def _follow_contact(turn: Turn, key: Key, payload: Payload) -> None:
    turn.facts["tried"] = number_of(turn, "tried") + 1


def _has_dialog(turn: Turn) -> bool:
    return any(key.chart == "dialog" for key in turn.stands)


def _make_offer(turn: Turn, direction: object) -> str:
    turn.facts["offered"] = direction
    turn.described = f"offer:{direction}"
    return turn.described


def _prepare_answer(turn: Turn, key: Key, payload: Payload) -> None:
    if turn.facts["incoming"] == "offerless":
        _make_offer(turn, turn.facts["local"])
    else:
        turn.facts["prepared"] = NARROWED.get((str(turn.facts["local"]), str(turn.facts["incoming"])), "")


def _send_invite(turn: Turn, key: Key, payload: Payload) -> None:
    number = turn.facts["local_seq"] = number_of(turn, "local_seq") + 1
    sdp = _make_offer(turn, turn.facts["offered"] or turn.facts["local"]) if turn.facts["offering"] else ""
    request(turn, "INVITE", number, "INVITE", sdp, lost=number > 1)


def _send_cancel(turn: Turn, key: Key, payload: Payload) -> None:
    number = number_of(turn, "local_seq")
    request(turn, "CANCEL", number, "CANCEL", lost=number > 1)


def _answer_body(turn: Turn) -> str:
    return f"answer:{turn.facts['prepared']}" if turn.facts["prepared"] else turn.described


def _send_183(turn: Turn, key: Key, payload: Payload) -> None:
    respond(turn, payload_of_invite(turn), 183, _answer_body(turn))


def _send_200(turn: Turn, key: Key, payload: Payload) -> None:
    send_answer(turn, payload_of_invite(turn), _answer_body(turn))


# Effects: the dialog.


def _win(turn: Turn, key: Key, payload: Payload) -> None:
    turn.facts["won"], turn.facts["dialog"] = True, key.fork


def _note_sequence(turn: Turn, key: Key, payload: Payload) -> None:
    if payload is None:
        raise StuckError("there is no request whose number it could note")
    turn.facts["fork_seq" if key.fork else "remote_seq"] = payload.cseq


def _send_ack(turn: Turn, key: Key, payload: Payload) -> None:
    """The same ACK each time; the first is made for the 2xx, with an answer when the 2xx made the offer."""
    if payload is None:
        raise StuckError("there is no 2xx that it could acknowledge")
    if turn.facts["won"] and key.fork != turn.facts["dialog"]:
        _acknowledge(turn, payload)
        return
    if not turn.facts["ack"]:
        found = judge(turn, payload) if not turn.facts["offering"] and turn.facts["won"] else None
        turn.facts["ack"] = f"answer:{found[1]}" if found else "plain"
    ack = str(turn.facts["ack"])
    _acknowledge(turn, payload, "" if ack == "plain" else ack)


def _acknowledge(turn: Turn, success: Message, sdp: str = "") -> None:
    branch = branch_of(turn.side, success.cseq, ack=True, fork=success.fork)
    turn.send(Message(turn.side, "ACK", 0, success.cseq, branch, True, sdp, fork=success.fork))


def _send_bye(turn: Turn, key: Key, payload: Payload) -> None:
    number = turn.facts["local_seq"] = number_of(turn, "local_seq") + 1
    purpose = "BYE" if key.fork == turn.facts["dialog"] else "BYE of a fork"
    request(turn, "BYE", number, purpose, fork=key.fork)


# Effects: offer and answer.


def _watch_peer(turn: Turn) -> None:
    if turn.facts["agreement"] and PEER_HOLD not in turn.stands:
        turn.open_machine(PEER_HOLD)


def _adopt(turn: Turn, key: Key, payload: Payload) -> None:
    found = judge(turn, payload)
    if payload is not None and found is not None and found[0] == "agreement":
        turn.facts["adopted"] = payload.fork
        _watch_peer(turn)
        turn.facts["agreement"] = found[1]
        turn.facts["local"] = turn.facts["offered"] or turn.facts["local"]


def _adopt_answer(turn: Turn, key: Key, payload: Payload) -> None:
    found = judge(turn, payload)
    if payload is not None and (payload.sdp or payload.to_tag):
        direction = found[1] if found is not None and found[0] == "answer" else ""
    else:
        direction = str(turn.facts["prepared"])
    if direction:
        turn.facts["adopted"] = payload.fork if payload is not None else 0
        _watch_peer(turn)
        turn.facts["agreement"] = direction
        turn.described = f"answer:{direction}"


def _prepare_offer(turn: Turn, key: Key, payload: Payload) -> None:
    _make_offer(turn, turn.facts["wanted"] or turn.facts["local"])


def _wish_direction(turn: Turn, key: Key, payload: Payload) -> None:
    waiting = turn.facts["waiting"]
    if not isinstance(waiting, tuple) or not waiting:
        raise StuckError("nothing is wished")
    turn.facts["wanted"], turn.facts["waiting"] = waiting[0], waiting[1:]


def _wish_hold(turn: Turn, key: Key, payload: Payload) -> None:
    turn.facts["wanted"] = "sendonly" if turn.facts["local"] in SENDS else "inactive"


def _wish_resume(turn: Turn, key: Key, payload: Payload) -> None:
    turn.facts["wanted"] = "sendrecv"


def _send_update(turn: Turn, key: Key, payload: Payload) -> None:
    if not _has_dialog(turn) or not turn.facts["offered"]:
        raise StuckError("there is no dialog or no offer")
    number = turn.facts["local_seq"] = number_of(turn, "local_seq") + 1
    request(turn, "UPDATE", number, "UPDATE", f"offer:{turn.facts['offered']}")


def _answer_update(turn: Turn, key: Key, payload: Payload) -> None:
    respond(turn, payload, 200, turn.described or f"answer:{turn.facts['agreement']}")


def _cancel_reinvite(turn: Turn, key: Key, payload: Payload) -> None:
    number = number_of(turn, "reoffer_seq")
    made = Message(turn.side, "CANCEL", 0, number, branch_of(turn.side, number), True)
    turn.open_machine(Key("non_invite_client", "CANCEL", made.branch, number), made)


def _prepare_reoffer(turn: Turn, key: Key, payload: Payload) -> None:
    _make_offer(turn, turn.facts["local"])


def _send_reinvite(turn: Turn, key: Key, payload: Payload) -> None:
    if not _has_dialog(turn) or not turn.facts["offered"]:
        raise StuckError("there is no dialog or no offer")
    number = turn.facts["local_seq"] = number_of(turn, "local_seq") + 1
    turn.facts["reoffer_seq"] = number
    request(turn, "INVITE", number, "re-INVITE", f"offer:{turn.facts['offered']}")


def _ack_reinvite(turn: Turn, key: Key, payload: Payload) -> None:
    if payload is None or not _has_dialog(turn):
        raise StuckError("there is no 2xx that it could acknowledge, or no dialog")
    _acknowledge(turn, payload)


def _answer_reinvite(turn: Turn, key: Key, payload: Payload) -> None:
    if payload is None or not _has_dialog(turn):
        raise StuckError("there is no re-INVITE that it could answer, or no dialog")
    send_answer(turn, payload, turn.described or f"answer:{turn.facts['agreement']}")


# Effects: media.


def _open_path(turn: Turn, key: Key, payload: Payload) -> None:
    if not turn.facts["agreement"]:
        raise StuckError("nothing is agreed")
    turn.facts["open"] = turn.facts["agreement"]


def _pause_path(turn: Turn, key: Key, payload: Payload) -> None:
    turn.facts["open"] = turn.facts["agreement"]


def _note_frame(turn: Turn, key: Key, payload: Payload) -> None:
    """From now on our RTCP tells the peer that it was heard. Only a peer that hears nothing itself needs that."""
    if turn.facts["agreement"] not in SENDS:
        turn.send(Message(turn.side, RTCP, fork=number_of(turn, "adopted")))


# Effects: transactions.


def _send_payload(turn: Turn, key: Key, payload: Payload) -> None:
    """The first time; what is sent again is in the network already."""
    if payload is not None and payload.sender == turn.side:
        turn.send(payload)


def _send_trying(turn: Turn, key: Key, payload: Payload) -> None:
    turn.send(Message(turn.side, "INVITE", 100, key.cseq, key.branch))


def _send_failure_ack(turn: Turn, key: Key, payload: Payload) -> None:
    lost = key.purpose == "INVITE" and key.cseq > 1
    turn.send(Message(turn.side, "ACK", 0, key.cseq, key.branch, True, lost=lost))


def _repeat_answer(turn: Turn, key: Key, payload: Payload) -> None:
    """Through the server transaction, which must let it pass."""
    server = [k for k in turn.stands if k.chart == "invite_server" and k.cseq == key.cseq]
    for found in server:
        turn.post(found, "send_success")


def _forget(turn: Turn, key: Key, payload: Payload) -> None:
    turn.stands.pop(key, None)


def _send_unusable(turn: Turn, key: Key, payload: Payload) -> None:
    invite = payload_of_invite(turn)
    if invite is None:
        raise StuckError("there is no INVITE that it could refuse")
    refusal = Message(turn.side, "INVITE", 488, invite.cseq, invite.branch, True, fork=invite.fork)
    turn.post(server_of(invite), "send_once", refusal)


EFFECTS: Mapping[tuple[str, str, str], EffectMeaning] = {
    ("call", "do", "follow_contact"): _follow_contact,
    ("call", "do", "prepare_answer"): _prepare_answer,
    ("call", "send", "INVITE"): _send_invite,
    ("call", "send", "CANCEL"): _send_cancel,
    ("call", "send", "183"): _send_183,
    ("call", "send", "200"): _send_200,
    ("call", "send", "unusable"): _send_unusable,
    ("dialog", "do", "win"): _win,
    ("dialog", "do", "note_sequence"): _note_sequence,
    ("dialog", "send", "ACK"): _send_ack,
    ("dialog", "send", "BYE"): _send_bye,
    ("offer_answer", "do", "adopt"): _adopt,
    ("offer_answer", "do", "adopt_answer"): _adopt_answer,
    ("offer_answer", "do", "prepare_offer"): _prepare_offer,
    ("offer_answer", "do", "prepare_reoffer"): _prepare_reoffer,
    ("offer_answer", "send", "re-INVITE"): _send_reinvite,
    ("offer_answer", "send", "UPDATE"): _send_update,
    ("offer_answer", "send", "answer"): _answer_update,
    ("offer_answer", "send", "CANCEL"): _cancel_reinvite,
    ("hold", "do", "wish_hold"): _wish_hold,
    ("hold", "do", "wish_resume"): _wish_resume,
    ("hold", "do", "wish_direction"): _wish_direction,
    ("offer_answer", "send", "ACK"): _ack_reinvite,
    ("offer_answer", "send", "200"): _answer_reinvite,
    ("media", "do", "open_path"): _open_path,
    ("media", "do", "pause_path"): _pause_path,
    ("media", "do", "note_frame"): _note_frame,
    ("invite_client", "send", "INVITE"): _send_payload,
    ("invite_client", "send", "ACK"): _send_failure_ack,
    ("non_invite_client", "send", "request"): _send_payload,
    ("invite_server", "send", "100"): _send_trying,
    ("invite_server", "send", "response"): _send_payload,
    ("invite_server", "send", "last"): lambda turn, key, payload: None,
    ("non_invite_server", "send", "response"): _send_payload,
    ("non_invite_server", "send", "last"): lambda turn, key, payload: None,
    ("answer", "send", "2xx"): _repeat_answer,
    **{(chart, "do", "forget"): _forget for chart in ("invite_client", "non_invite_client")},
    **{(chart, "do", "forget"): _forget for chart in ("invite_server", "non_invite_server")},
}
