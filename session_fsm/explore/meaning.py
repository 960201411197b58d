"""What the names in a call's charts mean when data are abstract: the counterpart of the functions in `session/`.

Each guard and effect says what the function of the same name there does to what is kept of the data. A guard or effect
that is not listed, as in charts of a user's own, is open: the guard is tried both ways, the effect does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from session_fsm.chart import is_application_event
from session_fsm.explore.abstract import Key, Lingers, Place, Stand
from session_fsm.explore.effects import EFFECTS
from session_fsm.explore.guards import GUARDS
from session_fsm.explore.rules import APART, Rules
from session_fsm.explore.sending import (
    CALL,
    DIALOG,
    HOLD,
    MEDIA,
    OFFER_ANSWER,
    Payload,
    open_dialog,
    payload_of_invite,
    respond,
)
from session_fsm.explore.turn import Meaning, Turn

STATUSES = {"refusal": 486, "redirect": 302}
"Sends of the call chart that are no status themselves."

DECISIONS = ("invite_received", "accept", "progress")


class CallMeaning(Meaning):
    """The data of one side of one call."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.finals = {name: frozenset(chart.final) for name, chart in rules.charts.items()}
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
        if target in APART:
            return []
        if target == "invite_client":
            return sorted(key for key in turn.stands if key.chart == target)
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
            facts = facts._replace(gave_up=False, tried=0, waiting=(), local="sendrecv")
            if MEDIA in stands and stands[MEDIA].state in self.finals["media"]:
                facts = facts._replace(agreement="", open="", reinvites=0, retries=0, reoffer_seq=0)
        lingers = self._lingering(stands, facts.lingers)
        if lingers != facts.lingers:
            facts = facts._replace(lingers=lingers)
        over = [key for key, stand in place.machines if self._is_over(key, stand, stands, lingers)]
        if not over:
            return Place(place.machines, facts)
        absorbed = {key for key in over if key.chart.endswith("_server")}
        busy = any(stands[key].state not in self.rules.quiet[key.chart] for key in absorbed)
        absorbed.update(facts.absorbed)
        facts = facts._replace(absorbed=tuple(sorted(absorbed)), busy=facts.busy or (busy and lingers != "firmly"))
        return Place(tuple(pair for pair in place.machines if pair[0] not in over), facts)

    def _is_over(self, key: Key, stand: Stand, stands: Mapping[Key, Stand], lingers: Lingers) -> bool:
        """An answer that is acknowledged or given up; a transaction that can only repeat itself and is not heard.

        A client's keeps the session from being forgotten, so it must stay unless another will do that for ever.
        """
        if key.chart in ("answer", "hold", "peer_hold"):
            return stand.state in self.finals[key.chart]
        if not key.chart.endswith(("_client", "_server")):
            return False
        if key.chart.endswith("_client") and stand.state in self.rules.inert[key.chart]:
            return True
        if key.chart.endswith("_client") and lingers != "firmly":
            return False
        emits = self.rules.remaining(key.chart, stand.state)
        return emits is not None and not any(self._is_heard(key, name, stands) for name in emits)

    def _lingering(self, stands: Mapping[Key, Stand], before: Lingers) -> Lingers:
        clients = [(key, stand) for key, stand in stands.items() if key.chart.endswith("_client")]
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
