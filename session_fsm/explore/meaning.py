"""What the names in a call's charts mean when data are abstract: the counterpart of the functions in `session/`.

Each guard and effect says here what the function of the same name there does to what is kept of the data. A guard or
effect that is not listed, as in charts of a user's own, is open: the guard is tried both ways, the effect does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from session_fsm.explore.abstract import (
    NARROWED,
    RECEIVES,
    REVERSED,
    RTCP,
    SENDS,
    Key,
    Message,
    Place,
    Stand,
    branch_of,
)
from session_fsm.explore.rules import Rules
from session_fsm.explore.turn import Meaning, Stuck, Turn
from session_fsm.session.routing import is_application_event

CALL, DIALOG, OFFER_ANSWER, MEDIA = Key("call"), Key("dialog"), Key("offer_answer"), Key("media")
FATAL = (408, 481)
STATUSES = {"refusal": 486, "redirect": 302}
"Sends of the call chart that are no status themselves."

DECISIONS = ("invite_received", "accept", "progress")

Payload = Message | None
GuardMeaning = Callable[[Turn, Payload], bool | None]
EffectMeaning = Callable[[Turn, Key, Payload], None]


class CallMeaning(Meaning):
    """The data of one side of one call."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.finals = {name: frozenset(chart.final) for name, chart in rules.charts.items()}
        self.deciding = frozenset(state for (state, event), cell in rules.charts["call"].cells.items() if cell.rows and event in DECISIONS)
        "Where the application of a callee may still answer."

    def guard(self, turn: Turn, key: Key, name: str, payload: Payload) -> bool | None:
        """By the chart and the guard's name."""
        known = GUARDS.get((key.chart, name))
        return known(turn, payload) if known is not None else None

    def effect(self, turn: Turn, key: Key, kind: str, name: str, payload: Payload) -> None:
        """By the chart, the kind and the effect's name."""
        if kind == "emit":
            if not is_application_event(name):
                self._emit(turn, key, name, payload)
            return
        known = EFFECTS.get((key.chart, kind, name))
        if known is not None:
            known(turn, key, payload)
        elif kind == "send" and key.chart == "call":
            respond(turn, payload_of_invite(turn), int(name) if name.isdigit() else STATUSES.get(name, 400))
        elif kind == "send" and name.isdigit():
            respond(turn, payload, int(name))

    def _emit(self, turn: Turn, source: Key, name: str, payload: Payload) -> None:
        for target, event, of in self.rules.routes.get((source.chart, name), ()):
            if of and of != source.purpose:
                continue
            for key in self._hearers(turn, target, source, payload):
                turn.post(key, event, payload)

    def _hearers(self, turn: Turn, target: str, source: Key, payload: Payload) -> list[Key]:
        """As `session.emission` and `session.session` choose them; of a call there is one dialog."""
        if target == "dialog":
            return self._dialog(turn, source, payload)
        if target == "answer":
            return [key for key in turn.stands if key.chart == "answer"]
        if target == "invite_client":
            found = [key for key in turn.stands if key.chart == target and key.purpose == "INVITE"]
            return found[-1:]
        return [Key(target)]

    def _dialog(self, turn: Turn, source: Key, payload: Payload) -> list[Key]:
        if source.purpose == "INVITE" and turn.side == "uac" and payload is not None and 0 < payload.status < 300:
            if not payload.to_tag:
                return []
            open_dialog(turn)
        return [DIALOG] if DIALOG in turn.stands else []

    def settled(self, place: Place) -> Place:
        """Forget what no row can ask for any more: what was wanted when nothing is, and all of a call that is over."""
        facts = place.facts
        stands = dict(place.machines)
        if not _is_wanted(stands):
            facts = facts._replace(wanted="")
        call = stands[CALL].state if CALL in stands else ""
        if call and call not in self.deciding:
            facts = facts._replace(answered_early=False, incoming="", prepared="")
        if call in self.finals["call"]:
            facts = facts._replace(
                gave_up=False, tried=0, local="sendrecv"
            )
            if MEDIA in stands and stands[MEDIA].state in self.finals["media"]:
                facts = facts._replace(agreement="", open="", reinvites=0, retries=0, reoffer_seq=0)
        over = [key for key, stand in place.machines if self._is_over(key, stand, stands)]
        if not over:
            return Place(place.machines, facts)
        absorbed = {key for key in over if key.chart.endswith("_server") and key.purpose != "INVITE"}
        facts = facts._replace(
            absorbed=tuple(sorted(absorbed.union(facts.absorbed))),
            lingers=facts.lingers or any(key.chart.endswith("_client") for key in over),
        )
        return Place(tuple(pair for pair in place.machines if pair[0] not in over), facts)

    def _is_over(self, key: Key, stand: Stand, stands: Mapping[Key, Stand]) -> bool:
        """An answer that is acknowledged or given up; a transaction that can only repeat itself, and that nobody hears."""
        if key.chart == "answer":
            return stand.state in self.finals["answer"]
        if not key.chart.endswith(("_client", "_server")):
            return False
        if key.chart.endswith("_client") and stand.state in self.rules.inert[key.chart]:
            return True
        emits = self.rules.remaining(key.chart, stand.state)
        return emits is not None and not any(self._is_heard(key, name, stands) for name in emits)

    def _is_heard(self, source: Key, emission: str, stands: Mapping[Key, Stand]) -> bool:
        for target, event, of in self.rules.routes.get((source.chart, emission), ()):
            hearer = stands.get(Key(target))
            if of in ("", source.purpose) and (hearer is None or self.rules.hears(target, hearer.state, event)):
                return True
        return False


def _is_wanted(stands: Mapping[Key, Stand]) -> bool:
    """Whether a re-INVITE of ours is under way or waits for its time."""
    ours = stands.get(OFFER_ANSWER)
    waits = ours is not None and (ours.postponed or "glare" in ours.timers)
    return waits or any(k.chart == "invite_client" and k.purpose == "re-INVITE" for k in stands)


def open_dialog(turn: Turn) -> None:
    """The dialog, at the first message that names it."""
    if DIALOG not in turn.stands:
        turn.open_machine(DIALOG)


def server_of(message: Message) -> Key:
    """The server transaction of a request."""
    chart = "invite_server" if message.method == "INVITE" else "non_invite_server"
    inside = message.to_tag and message.method == "INVITE"
    return Key(chart, "re-INVITE" if inside else message.method, message.branch, message.cseq, message.to_tag)


def payload_of_invite(turn: Turn) -> Message:
    """The INVITE that made this callee's call."""
    return Message("uac", "INVITE", cseq=1, branch=branch_of("uac", 1))


def respond(turn: Turn, request: Payload, status: int, sdp: str = "") -> None:
    """A response goes to the server transaction, which sends it."""
    if request is None:
        raise Stuck("there is no request that it could answer")
    to_tag = status > 100
    response = Message(turn.side, request.method, status, request.cseq, request.branch, to_tag, sdp)
    key = server_of(request)
    invite = key.chart == "invite_server"
    if status < 200:
        turn.post(key, "send_provisional", response)
    elif not invite:
        turn.post(key, "send_final", response)
    else:
        turn.post(key, "send_success" if status < 300 else "send_failure", response)


def request(turn: Turn, method: str, cseq: int, purpose: str, sdp: str = "", *, lost: bool = False) -> None:
    """A request within the dialog, or the first INVITE, goes to a client transaction of its own."""
    inside = purpose not in ("INVITE", "CANCEL")
    made = Message(turn.side, method, 0, cseq, branch_of(turn.side, cseq), inside, sdp, lost)
    chart = "invite_client" if method == "INVITE" else "non_invite_client"
    turn.open_machine(Key(chart, purpose, made.branch, cseq), made)


def send_answer(turn: Turn, invite: Message, sdp: str) -> None:
    """A 2xx, and the machine that repeats it until its ACK comes."""
    key = Key("answer", "re-INVITE" if invite.to_tag else "INVITE", 0, invite.cseq)
    turn.facts["answer_seq"] = invite.cseq
    respond(turn, invite, 200, sdp)
    turn.open_machine(key)


def judge(turn: Turn, message: Payload) -> tuple[str, str] | None:
    """(`answer` or `agreement`, our direction), or None. As `Session.judge`; whether the codecs fit is open."""
    if message is None:
        return None
    if message not in turn.judged:
        turn.judged[message] = _judge(turn, message)
    return turn.judged[message]


def _judge(turn: Turn, message: Message) -> tuple[str, str] | None:
    facts = turn.facts
    if not message.sdp:
        return None
    is_offer = message.sdp.startswith("offer")
    if not is_offer and not facts["offered"]:
        return None
    if not turn.choose([True, False]):
        return None
    ours = str(facts["local"] if is_offer else facts["offered"])
    return ("answer" if is_offer else "agreement", NARROWED[ours, message.direction])


# Guards.


def _offer_acceptable(turn: Turn, payload: Payload) -> bool:
    """Judged when the INVITE comes, and remembered, as the INVITE does not change."""
    if not turn.facts["incoming"]:
        if payload is None or not payload.sdp:
            turn.facts["incoming"] = "offerless"
        else:
            turn.facts["incoming"] = payload.direction if judge(turn, payload) else "bad"
    return turn.facts["incoming"] in REVERSED


def _followable(turn: Turn, payload: Payload) -> bool | None:
    """A Contact that was not tried may be there; one redirection is followed."""
    return None if payload is not None and 300 <= payload.status < 400 and not turn.facts["tried"] else False


def _current(turn: Turn, payload: Payload) -> bool:
    """A response to our last re-INVITE, or the ACK to our last 2xx."""
    if payload is None:
        return False
    return payload.cseq == turn.facts["reoffer_seq" if payload.status else "answer_seq"]


GUARDS: Mapping[tuple[str, str], GuardMeaning] = {
    ("call", "offering"): lambda turn, _: bool(turn.facts["offering"]),
    ("call", "ringing"): lambda turn, payload: payload is not None and payload.status == 180,
    ("call", "followable"): _followable,
    ("call", "nobody_answered"): lambda turn, _: bool(turn.facts["gave_up"]),
    ("call", "offer_acceptable"): _offer_acceptable,
    ("call", "offerless"): lambda turn, _: turn.facts["incoming"] == "offerless",
    ("call", "answer_sent"): lambda turn, _: bool(turn.facts["answered_early"]),
    ("call", "on_hold"): lambda turn, _: turn.facts["agreement"] not in ("", "sendrecv"),
    ("dialog", "carries_sdp"): lambda turn, payload: payload is not None and bool(payload.sdp),
    ("dialog", "first_answer"): lambda turn, _: not turn.facts["won"],
    ("dialog", "stale"): lambda turn, p: p is not None and 0 < p.cseq <= _number(turn, "remote_seq"),
    ("offer_answer", "agreeable"): lambda turn, payload: judge(turn, payload) is not None,
    # There is one dialog: whatever comes, comes from the one whose answer was adopted.
    ("offer_answer", "other_fork"): lambda turn, payload: False,
    ("offer_answer", "reliable"): lambda turn, payload: payload is None or not 0 < payload.status < 200,
    ("offer_answer", "current"): _current,
    ("offer_answer", "offerless"): lambda turn, payload: payload is not None and not payload.sdp,
    ("offer_answer", "glaring"): lambda turn, payload: payload is not None and payload.status == 491,
    ("offer_answer", "fatal"): lambda turn, payload: payload is not None and payload.status in FATAL,
    ("media", "inactive"): lambda turn, _: turn.facts["agreement"] in ("", "inactive"),
    ("media", "expects_rtp"): lambda turn, _: turn.facts["agreement"] in RECEIVES,
    ("media", "only_sends"): lambda turn, _: turn.facts["agreement"] == "sendonly",
    ("media", "sends"): lambda turn, _: turn.facts["agreement"] in SENDS,
    ("media", "path_changed"): lambda turn, _: turn.facts["agreement"] != turn.facts["open"],
}


# Effects: the call.


def _number(turn: Turn, name: str) -> int:
    return int(str(turn.facts[name]))


def _give_up(turn: Turn, key: Key, payload: Payload) -> None:
    turn.facts["gave_up"] = True


def _follow_contact(turn: Turn, key: Key, payload: Payload) -> None:
    turn.facts["tried"] = _number(turn, "tried") + 1


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
    number = turn.facts["local_seq"] = _number(turn, "local_seq") + 1
    sdp = _make_offer(turn, turn.facts["offered"] or turn.facts["local"]) if turn.facts["offering"] else ""
    request(turn, "INVITE", number, "INVITE", sdp, lost=number > 1)


def _send_cancel(turn: Turn, key: Key, payload: Payload) -> None:
    number = _number(turn, "local_seq")
    request(turn, "CANCEL", number, "CANCEL", lost=number > 1)


def _answer_body(turn: Turn) -> str:
    return f"answer:{turn.facts['prepared']}" if turn.facts["prepared"] else turn.described


def _send_183(turn: Turn, key: Key, payload: Payload) -> None:
    respond(turn, payload_of_invite(turn), 183, _answer_body(turn))
    turn.facts["answered_early"] = True


def _send_200(turn: Turn, key: Key, payload: Payload) -> None:
    send_answer(turn, payload_of_invite(turn), _answer_body(turn))


# Effects: the dialog.


def _win(turn: Turn, key: Key, payload: Payload) -> None:
    turn.facts["won"] = True


def _note_sequence(turn: Turn, key: Key, payload: Payload) -> None:
    if payload is None:
        raise Stuck("there is no request whose number it could note")
    turn.facts["remote_seq"] = payload.cseq


def _send_ack(turn: Turn, key: Key, payload: Payload) -> None:
    """The same ACK each time; the first is made for the 2xx, with an answer when the 2xx made the offer."""
    if payload is None:
        raise Stuck("there is no 2xx that it could acknowledge")
    if not turn.facts["ack"]:
        found = judge(turn, payload) if not turn.facts["offering"] and turn.facts["won"] else None
        turn.facts["ack"] = f"answer:{found[1]}" if found else "plain"
    ack = str(turn.facts["ack"])
    _acknowledge(turn, payload, "" if ack == "plain" else ack)


def _acknowledge(turn: Turn, success: Message, sdp: str = "") -> None:
    branch = branch_of(turn.side, success.cseq, ack=True)
    turn.send(Message(turn.side, "ACK", 0, success.cseq, branch, True, sdp))


def _send_bye(turn: Turn, key: Key, payload: Payload) -> None:
    number = turn.facts["local_seq"] = _number(turn, "local_seq") + 1
    request(turn, "BYE", number, "BYE")


# Effects: offer and answer.


def _adopt(turn: Turn, key: Key, payload: Payload) -> None:
    found = judge(turn, payload)
    if found is not None and found[0] == "agreement":
        turn.facts["agreement"] = found[1]
        turn.facts["local"] = turn.facts["offered"] or turn.facts["local"]


def _adopt_answer(turn: Turn, key: Key, payload: Payload) -> None:
    found = judge(turn, payload)
    if payload is not None and (payload.sdp or payload.to_tag):
        direction = found[1] if found is not None and found[0] == "answer" else ""
    else:
        direction = str(turn.facts["prepared"])
    if direction:
        turn.facts["agreement"] = direction
        turn.described = f"answer:{direction}"


def _forget_offer(turn: Turn, key: Key, payload: Payload) -> None:
    turn.facts["offered"] = ""


def _prepare_offer(turn: Turn, key: Key, payload: Payload) -> None:
    _make_offer(turn, turn.facts["wanted"] or turn.facts["local"])


def _prepare_reoffer(turn: Turn, key: Key, payload: Payload) -> None:
    _make_offer(turn, turn.facts["local"])


def _send_reinvite(turn: Turn, key: Key, payload: Payload) -> None:
    if DIALOG not in turn.stands or not turn.facts["offered"]:
        raise Stuck("there is no dialog or no offer")
    number = turn.facts["local_seq"] = _number(turn, "local_seq") + 1
    turn.facts["reoffer_seq"] = number
    request(turn, "INVITE", number, "re-INVITE", f"offer:{turn.facts['offered']}")


def _ack_reinvite(turn: Turn, key: Key, payload: Payload) -> None:
    if payload is None or DIALOG not in turn.stands:
        raise Stuck("there is no 2xx that it could acknowledge, or no dialog")
    _acknowledge(turn, payload)


def _answer_reinvite(turn: Turn, key: Key, payload: Payload) -> None:
    if payload is None or DIALOG not in turn.stands:
        raise Stuck("there is no re-INVITE that it could answer, or no dialog")
    send_answer(turn, payload, turn.described or f"answer:{turn.facts['agreement']}")


# Effects: media.


def _open_path(turn: Turn, key: Key, payload: Payload) -> None:
    if not turn.facts["agreement"]:
        raise Stuck("nothing is agreed")
    turn.facts["open"] = turn.facts["agreement"]


def _pause_path(turn: Turn, key: Key, payload: Payload) -> None:
    turn.facts["open"] = turn.facts["agreement"]


def _note_frame(turn: Turn, key: Key, payload: Payload) -> None:
    """From now on our RTCP tells the peer that it was heard. Only a peer that hears nothing itself needs that."""
    if turn.facts["agreement"] not in SENDS:
        turn.send(Message(turn.side, RTCP))


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


EFFECTS: Mapping[tuple[str, str, str], EffectMeaning] = {
    ("call", "do", "note_no_answer"): _give_up,
    ("call", "do", "follow_contact"): _follow_contact,
    ("call", "do", "prepare_answer"): _prepare_answer,
    ("call", "send", "INVITE"): _send_invite,
    ("call", "send", "CANCEL"): _send_cancel,
    ("call", "send", "183"): _send_183,
    ("call", "send", "200"): _send_200,
    ("dialog", "do", "win"): _win,
    ("dialog", "do", "note_sequence"): _note_sequence,
    ("dialog", "send", "ACK"): _send_ack,
    ("dialog", "send", "BYE"): _send_bye,
    ("offer_answer", "do", "adopt"): _adopt,
    ("offer_answer", "do", "adopt_answer"): _adopt_answer,
    ("offer_answer", "do", "forget_offer"): _forget_offer,
    ("offer_answer", "do", "prepare_offer"): _prepare_offer,
    ("offer_answer", "do", "prepare_reoffer"): _prepare_reoffer,
    ("offer_answer", "send", "re-INVITE"): _send_reinvite,
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
