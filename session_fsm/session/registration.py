"""Our own binding at a registrar: what the rows of `registration.toml` look at, do and send.

Source: RFC 3261 §10, RFC 5626 §4.5. One Call-ID for all of it, with rising CSeq numbers (RFC 3261 §10.2).
"""

from __future__ import annotations

from session_fsm.errors import Malformed, printable
from session_fsm.machine import Machine
from session_fsm.session.account import LONGEST_EXPIRES
from session_fsm.session.authentication import why_refused
from session_fsm.session.endpoint import Endpoint
from session_fsm.session.events import Role
from session_fsm.session.messages import first_hop, register
from session_fsm.session.registry import Registry
from session_fsm.session.settings import Seconds
from session_fsm.session.transaction import Transaction, start_client
from session_fsm.session.transaction_user import TransactionUser
from session_fsm.sip import NameAddr, Response, SipUri, reason_of
from session_fsm.sip.grammar import number

# A part of what was granted, in thousandths: early enough for a transaction that is repeated for some seconds, and
# drawn, so that many phones that start together do not stay together.
REFRESH_AT = (700, 900)
SOONEST_REFRESH: Seconds = 1.0  # whatever a registrar grants
WAIT_AT = (500, 1000)  # thousandths of the upper bound; RFC 5626 §4.5: "between 50 and 100% of the upper-bound"
MOST_DOUBLINGS = 30

# Besides Retry-After: what says nothing of us, but of the registrar's present state (RFC 3261 §21.4.9, §21.5).
TEMPORARY = frozenset({408, 423, 480, 500, 502, 503, 504})


class Registration(TransactionUser):
    """One binding of one user agent, and the transactions that keep it."""

    __slots__ = (
        "asked",
        "bindings",
        "call_id",
        "contact",
        "expires",
        "failures",
        "local",
        "reason",
        "registrar",
        "registration",
        "retry_in",
        "status",
        "transaction",
    )

    def __init__(self, endpoint: Endpoint, registrar: SipUri) -> None:
        super().__init__(endpoint, endpoint.tag(), Role.UAC)
        self.registrar = registrar
        self.call_id = endpoint.call_id()
        self.local = NameAddr(endpoint.uri).with_tag(self.id)
        self.contact = ""
        "Our Contact in the last REGISTER."
        self.asked = endpoint.account.expires
        "Seconds that we ask for."
        self.expires = 0
        "Seconds that were granted last; 0 while nothing is."
        self.bindings: tuple[str, ...] = ()
        "All Contacts that the registrar listed, ours too."
        self.failures = 0
        "How often it has failed since it last succeeded; only the waiting time depends on it."
        self.retry_in: Seconds | None = None
        self.status: int | None = None
        self.reason = ""
        self.transaction: Transaction | None = None
        self.registration: Machine = endpoint.machine("registration", Role.UAC, self, self)

    @property
    def session(self) -> Registration:
        """Itself: its chart has it as its context."""
        return self

    @property
    def state(self) -> str:
        """The state of its chart."""
        return self.registration.state

    @property
    def left(self) -> bool:
        """Whether nothing of it is known to the registrar, and nothing is outstanding."""
        return self.state == self.registration.chart.initial

    def sent_again(self, old: Transaction, new: Transaction) -> None:
        """Its newest REGISTER is the one that carries the answer."""
        self.transaction = new

    def granted(self, response: Response) -> int:
        """Seconds that a 2xx grants us: our Contact's, else Expires, else what we asked; 0 when we are not listed.

        RFC 3261 §10.2.4, §10.3 step 8. A registrar that lists nothing at all is believed.
        """
        if not response.has("Contact"):
            return min(self.asked if response.expires is None else response.expires, self.asked)
        ours = SipUri.parse(self.contact)
        for contact in response.contacts:
            if ours.matches(contact.uri):
                said = _seconds(contact.params.get("expires"), response.expires)
                return min(self.asked if said is None else said, self.asked)
        return 0


def _seconds(text: str | None, otherwise: int | None) -> int | None:
    try:
        return number(text, "RFC 3261 §20.10 expires") if text is not None else otherwise
    except Malformed:
        return otherwise


def _min_expires(response: Response) -> int:
    return _seconds(response.get("Min-Expires"), None) or 0


# Guards.


def _accepted(at: Registration, response: Response) -> bool:
    return response.status < 300 and at.granted(response) > 0


def _too_brief(at: Registration, response: Response) -> bool:
    return response.status == 423 and at.asked < _min_expires(response) <= LONGEST_EXPIRES


def _temporary(at: Registration, response: Response) -> bool:
    return response.status >= 300 and (response.status in TEMPORARY or response.retry_after is not None)


def _bound(at: Registration, _: object) -> bool:
    return at.expires > 0


# Effects.


def _note_binding(at: Registration, response: Response) -> None:
    at.expires = at.granted(response)
    at.bindings = tuple(str(contact.uri) for contact in response.contacts)
    at.failures = 0
    at.retry_in, at.status, at.reason = None, response.status, ""
    refresh = at.expires * at.endpoint.dice.randint(*REFRESH_AT) / 1000
    at.registration.set_parameter("REFRESH", max(refresh, SOONEST_REFRESH))
    at.registration.set_parameter("LAPSE", max(float(at.expires), 2 * SOONEST_REFRESH))


def _ask_longer(at: Registration, response: Response) -> None:
    at.asked = _min_expires(response)


def _note_failure(at: Registration, response: Response) -> None:
    at.retry_in = None
    if response.status < 300:
        at.status, at.reason = response.status, "the registrar does not list our Contact"
        return
    said = printable(response.reason) or reason_of(response.status)
    why = why_refused(at.transaction, response) if at.transaction is not None else ""
    at.status, at.reason = response.status, f"{said} ({why})" if why else said


def _note_timeout(at: Registration, _: object) -> None:
    at.status, at.reason = 408, "the registrar does not answer"


def _note_undeliverable(at: Registration, why: object) -> None:
    at.status, at.reason = 503, str(why)


def _draw_wait(at: Registration, payload: object) -> None:
    """RFC 5626 §4.5: the bound doubles with each failure; a Retry-After is waited for in any case (RFC 3261 §20.33)."""
    at.failures += 1
    settings = at.endpoint.settings
    bound = min(settings.register_retry_most, settings.register_retry * 2 ** min(at.failures, MOST_DOUBLINGS))
    wait = bound * at.endpoint.dice.randint(*WAIT_AT) / 1000
    said = payload.retry_after if isinstance(payload, Response) else None
    at.retry_in = max(wait, min(float(said or 0), settings.register_retry_most))
    at.registration.set_parameter("RETRY", at.retry_in)


def _forget_binding(at: Registration, _: object) -> None:
    at.expires, at.bindings = 0, ()


def _note_lapsed(at: Registration, _: object) -> None:
    at.reason = "the binding lapsed"


def _note_left(at: Registration, _: object) -> None:
    at.status, at.reason = None, "unregistered"


# Sends.


def _send(at: Registration, expires: int) -> None:
    at.local_seq += 1
    destination = first_hop(at.endpoint, at.registrar)
    request = register(
        at.endpoint,
        at.registrar,
        towards=destination,
        from_=at.local,
        call_id=at.call_id,
        cseq=at.local_seq,
        expires=expires,
    )
    assert request.contact is not None  # it was written just now
    at.contact = str(request.contact.uri)
    at.transaction = start_client(at.endpoint, request, destination, purpose="REGISTER", session=at, role=at.role)


def _send_register(at: Registration, _: object) -> None:
    _send(at, at.asked)


def _send_removal(at: Registration, _: object) -> None:
    _send(at, 0)


REGISTRY = Registry(
    guards={"accepted": _accepted, "bound": _bound, "too_brief": _too_brief, "temporary": _temporary},
    effects={
        "note_binding": _note_binding,
        "ask_longer": _ask_longer,
        "note_failure": _note_failure,
        "note_timeout": _note_timeout,
        "note_undeliverable": _note_undeliverable,
        "draw_wait": _draw_wait,
        "forget_binding": _forget_binding,
        "note_lapsed": _note_lapsed,
        "note_left": _note_left,
    },
    sends={"REGISTER": _send_register, "removal": _send_removal},
)
