"""Runs of a registration that the explorer finds, on a real coordinator: it must go the same way."""

from __future__ import annotations

from random import Random

import pytest

from session_fsm.explore.abstract import Event, Message, Place
from session_fsm.explore.counterexample import moves_of
from session_fsm.explore.registering import ASKS, RegisteringSide, RegistrarSide
from session_fsm.explore.search import begin
from session_fsm.machine import Machine
from session_fsm.session.account import Account, Credentials, server_uri
from session_fsm.session.building import shipped_charts
from session_fsm.session.coordinator import SessionCoordinator
from session_fsm.sip import Accepted, Echo, Request, read
from session_fsm.sip.digest import Challenge

ALICE, REGISTRAR = ("10.0.0.1", 5060), ("10.0.0.5", 5060)
STEPS, RUNS = 40, 20


class RealClient:
    """A coordinator that registers, and every REGISTER that it has sent."""

    def __init__(self) -> None:
        account = Account(
            registrar=server_uri("registrar", "10.0.0.5"),
            credentials=(Credentials("alice", "secret", "ours"),),
            expires=60,
        )
        self.at = SessionCoordinator("sip:alice@10.0.0.1", ALICE, dice=Random(1), account=account)
        self.sent: dict[int, Request] = {}
        self.now = 0.0
        self.nonces = 0
        registration = self.at.registration
        assert registration is not None
        self.registration = registration

    def do(self, event: Event) -> None:
        """One step of the run."""
        self.now += 0.001
        if event.message is not None:
            self.at.receive(self.response(event.message), REGISTRAR, self.now)
        elif event.kind == "command":
            getattr(self.at, event.name)(now=self.now)
        elif event.kind == "timer":
            machine = self.machine(event)
            machine.cancel_timer(event.name)
            machine.mailbox.post(machine, machine.fired(event.name))
            self.at.turns.run(self.now)
        else:
            self.at.transport_failed(REGISTRAR, "unreachable", self.now)
        while (transmit := self.at.poll_transmit()) is not None:
            verdict = read(transmit.data)
            assert isinstance(verdict, Accepted)
            assert isinstance(verdict.message, Request)
            self.sent[verdict.message.cseq.number] = verdict.message

    def machine(self, event: Event) -> Machine:
        """The one whose timer fires."""
        assert event.key is not None
        if event.key.chart == "registration":
            return self.registration.registration
        return next(one.machine for one in self.registration.transactions if one.request.cseq.number == event.key.cseq)

    def response(self, message: Message) -> bytes:
        """A real one that says the same."""
        request = self.sent[message.cseq]
        headers: list[tuple[str, str]] = []
        if message.note in ("ours", "stale", "foreign"):
            self.nonces += 1
            realm = "elsewhere" if message.note == "foreign" else "ours"
            asked = Challenge(realm=realm, nonce=f"n{self.nonces}", qop=("auth",), stale=message.note == "stale")
            headers = [("WWW-Authenticate", str(asked))]
        elif message.note == "bound":
            assert request.contact is not None
            headers = [("Contact", f"<{request.contact.uri}>;expires=60")]
        elif message.note == "longer":
            headers = [("Min-Expires", str(self.registration.asked + 1))]
        elif message.note == "later":
            headers = [("Retry-After", "5")]
        return Echo(request, to_tag="r").response(message.status, headers=headers)

    def states(self) -> dict[str, str]:
        """Where its machines stand."""
        found = {"registration": self.registration.state}
        for transaction in self.registration.transactions:
            if transaction.authentication is not None and transaction is self.registration.transaction:
                found["authentication"] = transaction.authentication.machine.state
        return found


def stands(place: Place) -> dict[str, str]:
    return {key.chart: stand.state for key, stand in place.machines if key.chart in ("registration", "authentication")}


@pytest.mark.parametrize("seed", range(3))
def test_a_real_client_registers_as_the_explored_one(seed):
    """The same commands, responses and timers: the same states, and the same REGISTER requests."""
    for run in range(RUNS):
        dice = Random(seed * RUNS + run)
        charts = list(shipped_charts().values())
        ours = RegisteringSide(charts, "uac", 6)
        found = begin(ours, RegistrarSide(charts, "uas"))
        real, here, place, told = RealClient(), found.standing(0), ours.start(), []
        for _ in range(STEPS):
            options = [
                one for one in moves_of(found, here) if one[1] != here and one[0].event.name not in ("e", "e_slow")
            ]
            if not options:
                break
            move, here = dice.choice(options)
            if move.side == 0:
                told.append(str(move.event))
                real.do(move.event)
                place = move.outcome.after
                assert stands(place).items() <= real.states().items(), "\n".join(told)
                for message in move.outcome.sent:
                    assert message.note.startswith(ASKS) == (real.sent[message.cseq].expires != 0), "\n".join(told)
