"""What a SIP message is at one side: `session.arrivals` with abstract messages, asking the same `match`."""

from __future__ import annotations

from session_fsm.explore.abstract import CALL_ID, TAGS, Key, Message, Place, other
from session_fsm.explore.meaning import CallMeaning
from session_fsm.explore.rules import Rules
from session_fsm.explore.sending import CALL, DIALOG, MEDIA, OFFER_ANSWER, open_dialog, respond, server_of
from session_fsm.explore.turn import Turn
from session_fsm.session.arrivals import IN_DIALOG
from session_fsm.session.authentication import CHALLENGES
from session_fsm.session.matching import Identity, Index, Match, Owner, answer_key, client_key, match, server_key


def open_session(turn: Turn) -> None:
    """A call's own machines."""
    for key in (CALL, OFFER_ANSWER, MEDIA):
        turn.open_machine(key)


class Arrival:
    """A SIP message at one side: what `session.arrivals` makes of it, asked of the same `match`."""

    def __init__(self, turn: Turn, rules: Rules, meaning: CallMeaning, place: Place) -> None:
        self.turn = turn
        self.place = place
        self.index = self._index(place, meaning)

    def _index(self, place: Place, meaning: CallMeaning) -> Index[Key]:
        index: Index[Key] = Index()
        ours, theirs = TAGS[self.turn.side], TAGS[other(self.turn.side)]
        open_ones = [key for key, _ in place.machines if key.chart.endswith(("_client", "_server"))]
        answers = [key for key, _ in place.machines if key.chart == "answer"]
        call = dict(place.machines).get(CALL)
        for key in (*open_ones, *place.facts.absorbed):
            method = "INVITE" if key.chart.startswith("invite") else key.purpose
            tag = ours if key.to_tag else None
            seen = Identity(True, method, key.branch, other(self.turn.side), CALL_ID, tag, theirs, key.cseq)
            if key.chart.endswith("_client"):
                index.clients[client_key(seen)] = key
            else:
                index.servers[server_key(seen)] = key
        over = call is not None and call.state in meaning.finals["call"] and not (open_ones or answers)
        # The session has left then, and its dialogs with it, unless an ACK is still awaited: nobody counts those here.
        if over and not place.facts.lingers and (not place.facts.busy or self.turn.choose([True, False])):
            return index
        for key in answers:
            seen = Identity(True, "ACK", 0, 0, CALL_ID, ours, theirs, key.cseq)
            index.answers[answer_key(seen)] = key
        if DIALOG in self.turn.stands:
            index.dialogs[CALL_ID, ours, theirs] = DIALOG
        return index

    def of(self, message: Message) -> None:
        """Post the event that it is."""
        matched: Match[Key] = match(message.identity(), self.index)
        owner, found = matched.owner, matched.found
        if found is not None and message.status:
            self.turn.post(found, response_event(found, message), message)
        elif found is not None and owner is Owner.SERVER:
            again = "invite_received" if message.method == "INVITE" else "request_received"
            self.turn.post(found, "ack_received" if message.method == "ACK" else again, message)
        elif owner is Owner.CANCELLED:
            self._serve(message, 200)
            if found is not None and found.purpose == "INVITE":
                self.turn.post(CALL, "cancel_received", message)
        elif found is not None and owner is Owner.ANSWER:
            self.turn.post(found, "ack_received", message)
        elif owner is Owner.DIALOG:
            self._serve(message)
            self.turn.post(DIALOG, IN_DIALOG[message.method], message)
        elif owner is Owner.NOBODY:
            self._begin(message)
        elif owner in (Owner.NO_DIALOG, Owner.NO_TRANSACTION):
            self._refuse(message)

    def _refuse(self, request: Message) -> None:
        """481, of which nothing is kept (RFC 3261 §8.2.7): a copy may find what has begun meanwhile."""
        self.turn.send(Message(self.turn.side, request.method, 481, request.cseq, request.branch, True))

    def _serve(self, message: Message, status: int = 0) -> None:
        self.turn.open_machine(server_of(message))
        if status:
            respond(self.turn, message, status)

    def _begin(self, invite: Message) -> None:
        if invite.method == "INVITE" and DIALOG not in self.turn.stands and self.turn.side == "uas":
            open_session(self.turn)
            open_dialog(self.turn)
            self.turn.facts["remote_seq"] = invite.cseq
            self._serve(invite)
            self.turn.post(CALL, "invite_received", invite)


def response_event(client: Key, message: Message) -> str:
    """What a response is for its client transaction, as `session.arrivals` says."""
    if message.status < 200:
        return "provisional"
    if message.status in CHALLENGES:
        return "challenge"
    if client.chart == "non_invite_client":
        return "final"
    return "success" if message.status < 300 else "failure"
