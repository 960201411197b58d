"""What the names in a call's charts mean when data are abstract: the counterpart of the functions in `session/`.

Each guard and effect says what the function of the same name there does to what is kept of the data. A guard or effect
that is not listed, as in charts of a user's own, is open: the guard is tried both ways, the effect does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from session_fsm.explore.abstract import Key, Lingers, Place, Stand
from session_fsm.explore.effects import EFFECTS
from session_fsm.explore.guards import GUARDS
from session_fsm.explore.rules import APART, CALL_CHARTS, CLIENTS, SERVERS, Rules
from session_fsm.explore.sending import (
    CALL,
    DIALOG,
    HOLD,
    MEDIA,
    OFFER_ANSWER,
    Payload,
    number_of,
    open_dialog,
    payload_of_invite,
    respond,
)
from session_fsm.explore.turn import Meaning, Turn
from session_fsm.session.matching import Index

STATUSES = {"refusal": 486, "redirect": 302}
"Sends of the call chart that are no status themselves."

UNDECIDED = {"incoming": "", "prepared": ""}
"What nobody asks about once the call is answered or has ended."
ENDED = {"tried": 0, "waiting": (), "local": "sendrecv"}
"What nobody asks about once it has ended."
CLOSED = {"agreement": "", "open": "", "reinvites": 0, "retries": 0, "reoffer_seq": 0}
"What nobody asks about once its media are closed."

STAYING = frozenset(CALL_CHARTS)
"What a call has until it is forgotten."

DECISIONS = ("invite_received", "accept", "progress")


class CallMeaning(Meaning):
    """The data of one side of one call."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.finals = {name: frozenset(chart.final) for name, chart in rules.charts.items()}
        self.forgets = False
        "Whether a request that comes again is a new one, and what would keep an ended session open is not counted."
        self.indexes: dict[tuple[tuple[Key, ...], tuple[Key, ...], bool], Index[Key]] = {}
        "What messages are looked up in, by the machines that are open."
        self.last_index: tuple[Place, bool, Index[Key]] | None = None
        "That of the place that was asked for last; the next question is mostly for the same."
        cells = rules.charts["call"].cells
        self.deciding = frozenset(state for (state, event), cell in cells.items() if cell.rows and event in DECISIONS)
        "Where the application of a callee may still answer."

    def guard(self, turn: Turn, key: Key, name: str, payload: Payload) -> bool | None:
        """By the chart and the guard's name."""
        known = GUARDS.get((key.chart, name))
        return known(turn, payload) if known is not None else None

    def effect(self, turn: Turn, key: Key, kind: str, name: str, payload: Payload) -> None:
        """By the chart, the kind and the effect's name."""
        if kind == "emit":
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
        """As `session.emission` and `session.session` choose them; one machine of each chart, but for these."""
        if target == "dialog":
            return self._dialog(turn, source, payload)
        if target == "answer":
            return [key for key in turn.stands if key.chart == "answer"]
        if target in APART:
            return []
        if target == "invite_client":
            return sorted(key for key in turn.stands if key.chart == target)
        return [Key(target)]

    def _dialog(self, turn: Turn, source: Key, payload: Payload) -> list[Key]:
        """Of a response the one with its tag, else the one that counts; a refusal, or a winner, tells them all."""
        if source.chart == "dialog":
            return [key for key in turn.stands if key.chart == "dialog" and key != source]
        if source.purpose == "INVITE" and turn.side == "uac":
            if payload is None or not 0 < payload.status < 300:
                return [key for key in turn.stands if key.chart == "dialog"]
            return [open_dialog(turn, payload.fork)] if payload.to_tag else []
        key = DIALOG._replace(fork=number_of(turn, "dialog"))
        return [key] if key in turn.stands else []

    def settled(self, place: Place) -> Place:
        """Forget what no row can ask for any more: what was wanted when nothing is, and all of a call that is over."""
        facts = place.facts
        stands = dict(place.machines)
        changes: dict[str, object] = {}
        if facts.wanted and not _is_wanted(stands):
            changes["wanted"] = ""
        call = stands[CALL].state if CALL in stands else ""
        if call and call not in self.deciding:
            changes.update(UNDECIDED)
        if call in self.finals["call"]:
            changes.update(ENDED)
            if stands[MEDIA].state in self.finals["media"]:
                changes.update(CLOSED)
        clients = [pair for pair in place.machines if pair[0].chart in CLIENTS and not self._outlives(*pair)]
        lingers = self._lingering(clients, facts.lingers)
        changes["lingers"] = "" if self.forgets else lingers
        over = [
            key
            for key, stand in place.machines
            if key.chart not in STAYING and self._is_over(key, stand, stands, lingers)
        ]
        if not over:
            return Place(place.machines, facts._replace(**changes))  # type: ignore[arg-type]  # they are facts
        absorbed = {key for key in over if key.chart in SERVERS}
        busy = any(stands[key].state not in self.rules.quiet[key.chart] for key in absorbed)
        if not self.forgets:
            changes["absorbed"] = tuple(sorted(absorbed.union(facts.absorbed)))
            changes["busy"] = facts.busy or (busy and lingers != "firmly")
        left = tuple(pair for pair in place.machines if pair[0] not in over)
        return Place(left, facts._replace(**changes))  # type: ignore[arg-type]  # they are facts

    def _is_over(self, key: Key, stand: Stand, stands: Mapping[Key, Stand], lingers: Lingers) -> bool:
        """An answer that is acknowledged or given up; a transaction that can only repeat itself and is not heard.

        A client's keeps the session from being forgotten, so it must stay unless another will do that for ever.
        """
        if key.chart in ("answer", "hold", "peer_hold"):
            return stand.state in self.finals[key.chart]
        if key.chart in CLIENTS:
            if stand.state in self.rules.inert[key.chart]:
                return True
            if lingers != "firmly":
                return False
        elif key.chart not in SERVERS:
            return False
        emits = self.rules.remaining(key.chart, stand.state)
        return emits is not None and not any(self._is_heard(key, name, stands) for name in emits)

    def _outlives(self, key: Key, stand: Stand) -> bool:
        """As `Transaction.lingers`: a refused INVITE's only repeats its ACK, and keeps no session."""
        return key.chart == "invite_client" and stand.state in self.rules.quiet[key.chart]

    def _lingering(self, clients: Sequence[tuple[Key, Stand]], before: Lingers) -> Lingers:
        if before == "firmly" or any(stand.state in self.rules.permanent[key.chart] for key, stand in clients):
            return "firmly"
        inert = any(stand.state in self.rules.inert[key.chart] for key, stand in clients)
        return "loosely" if inert else before

    def _is_heard(self, source: Key, emission: str, stands: Mapping[Key, Stand]) -> bool:
        for target, event, of in self.rules.routes.get((source.chart, emission), ()):
            if target in APART:
                continue
            hearer = stands.get(Key(target))
            if of in ("", source.purpose) and (hearer is None or self.rules.hears(target, hearer.state, event)):
                return True
        return False


def _is_wanted(stands: Mapping[Key, Stand]) -> bool:
    """Whether a re-INVITE of ours is under way or waits for its time."""
    ours = stands.get(OFFER_ANSWER)
    wishes = stands.get(HOLD)
    waits = ours is not None and (bool(ours.postponed) or "glare" in ours.timers)
    waits = waits or (wishes is not None and wishes.state not in ("Live", "Held", "Over"))
    return waits or any(k.chart == "invite_client" and k.purpose == "re-INVITE" for k in stands)
