"""What a SIP message is at one side: `session.arrivals` with abstract messages, asking the same `match`."""

from __future__ import annotations

from session_fsm.explore.abstract import CALL_ID, Key, Message, Place, Side, other, tag_of
from session_fsm.explore.meaning import CallMeaning
from session_fsm.explore.rules import CLIENTS, SERVERS
from session_fsm.explore.sending import CALL, DIALOG, MEDIA, OFFER_ANSWER, open_dialog, respond, server_of
from session_fsm.explore.turn import Turn
from session_fsm.session.arrivals import IN_DIALOG
from session_fsm.session.authentication import CHALLENGES
from session_fsm.session.matching import (
    Identity,
    Index,
    Owner,
    answer_key,
    client_key,
    inviting_key,
    match,
    server_key,
)


def open_session(turn: Turn) -> None:
    """A call's own machines."""
    for key in (CALL, OFFER_ANSWER, MEDIA):
        turn.open_machine(key)


class Arrival:
    """A SIP message at one side: what `session.arrivals` makes of it, asked of the same `match`."""

    def __init__(self, turn: Turn, meaning: CallMeaning, place: Place) -> None:
        self.turn = turn
        self.place = place
        has_left = self._has_left(place, meaning)
        last = meaning.last_index
        if last is None or last[0] is not place or last[1] != has_left:
            last = meaning.last_index = (place, has_left, self._index(place, meaning, has_left))
        self.index = last[2]

    def _index(self, place: Place, meaning: CallMeaning, has_left: bool) -> Index[Key]:
        asked = (tuple([key for key, _ in place.machines]), place.facts.absorbed, has_left)
        index = meaning.indexes.get(asked)
        if index is None:
            index = meaning.indexes[asked] = _index(self.turn.side, *asked)
        return index

    def _has_left(self, place: Place, meaning: CallMeaning) -> bool:
        """Whether the session is gone, and its dialogs with it.

        A transaction that still awaits its ACK keeps it: nobody counts those here, so both ways are tried.
        """
        call = self.turn.stands.get(CALL)
        if call is None or call.state not in meaning.finals["call"] or place.facts.lingers:
            return False
        if any(key.chart in CLIENTS or key.chart in SERVERS or key.chart == "answer" for key, _ in place.machines):
            return False
        return not (place.facts.busy or meaning.forgets) or self.turn.choose([True, False])

    def of(self, message: Message) -> None:
        """Post the event that it is."""
        matched = match(message.identity(), self.index)
        owner, found = matched
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
        elif found is not None and owner in (Owner.DIALOG, Owner.INVITING):
            dialog = found if owner is Owner.DIALOG else open_dialog(self.turn, message.fork)
            self._serve(message)
            self.turn.post(dialog, IN_DIALOG[message.method], message)
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


def _index(side: Side, keys: tuple[Key, ...], absorbed: tuple[Key, ...], has_left: bool) -> Index[Key]:
    """What the coordinator of a side looks messages up in, when these machines are open."""
    index: Index[Key] = Index()
    ours, theirs = tag_of(side), tag_of(other(side))
    for key in (*(key for key in keys if key.chart in CLIENTS or key.chart in SERVERS), *absorbed):
        method = "INVITE" if key.chart.startswith("invite") else key.purpose
        tag = ours if key.to_tag else None
        seen = Identity(True, method, key.branch, other(side), CALL_ID, tag, theirs, key.cseq)
        if key.chart in CLIENTS:
            index.clients[client_key(seen)] = key
        else:
            index.servers[server_key(seen)] = key
    if has_left:
        return index
    for key in keys:
        if key.chart == "invite_client" and key.purpose == "INVITE":
            seen = Identity(True, "BYE", 0, 0, CALL_ID, ours, theirs, key.cseq)
            index.inviting[inviting_key(seen)] = key
        if key.chart == "answer":
            seen = Identity(True, "ACK", 0, 0, CALL_ID, ours, theirs, key.cseq)
            index.answers[answer_key(seen)] = key
        if key.chart == "dialog":
            index.dialogs[CALL_ID, ours, tag_of(other(side), key.fork)] = key
    return index
