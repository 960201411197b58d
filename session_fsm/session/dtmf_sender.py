"""What the rows of `dtmf_sender.toml` look at and do: the digits that are left, and how the next one travels.

Sources: RFC 4733 §2.5.1; RFC 6086 §3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from session_fsm.rtp.telephone_event import DIGITS
from session_fsm.session.endpoint import Endpoint
from session_fsm.session.events import DtmfMethod
from session_fsm.session.orders import SoundEvent
from session_fsm.session.registry import Registry
from session_fsm.session.transaction import start_client
from session_fsm.sip import Response
from session_fsm.sip.dtmf_info import RELAY, encode_digit

if TYPE_CHECKING:
    from session_fsm.session.session import Session

Via = Literal["auto", "rtp", "info"]

DURATION_MS = 160  # of a digit; ITU-T Q.24 asks for 40 ms at least, and what loses a packet or two needs more
GAP_MS = 80  # between two digits
DURATIONS_MS = (40, 60_000)  # Q.24 below; above, nobody keeps a finger on a key
GAPS_MS = (40, 10_000)
PATH_STOPPED = "the media path stopped sending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """What the application asks for."""

    digits: str
    duration_ms: int = DURATION_MS
    gap_ms: int = GAP_MS
    via: Via = "auto"
    "By RTP where the peer takes telephone events and by INFO where it does not, or always by one of them."

    def summary(self) -> dict[str, object]:
        """What a trace says of it."""
        return {"digits": self.digits, "via": self.via}


class DtmfSender:
    """The digits of one side of a call. Its state is its machine's."""

    __slots__ = ("asked", "digit", "endpoint", "left", "machine", "method", "reason", "session", "status")

    purpose = ""

    def __init__(self, session: Session) -> None:
        self.endpoint: Endpoint = session.endpoint
        self.session = session
        self.asked = Digits(digits="")
        self.left = ""
        "The digits that are not sent yet; the first one may be on its way."
        self.digit = ""
        "The one that was sent, or failed, last."
        self.method = DtmfMethod.RTP
        self.status: int | None = None
        self.reason = ""
        self.machine = session.endpoint.machine("dtmf_sender", session.role, self, session)

    def can_sound(self, digits: str) -> bool:
        """Whether RTP events may carry these digits."""
        agreement = self.session.negotiation.agreement
        if agreement is None or agreement.events is None or self.session.open_path is None:
            return False
        return agreement.direction.sends and all(DIGITS.index(digit) in agreement.events.codes for digit in digits)

    @property
    def can_ask(self) -> bool:
        """Whether there is a dialog for an INFO: somebody answered our call, or acknowledged that we answered its call.

        Before the ACK an INFO may overtake our 200, and the peer would not know the dialog.
        """
        answers = self.session.answers
        pending = any(each.purpose == "INVITE" and not each.machine.finished for each in answers)
        return self.session.winner is not None or (bool(answers) and not pending)


def _wanted(at: DtmfSender, payload: object) -> Digits:
    return payload if isinstance(payload, Digits) else at.asked


def _by_rtp(at: DtmfSender, payload: object) -> bool:
    wanted = _wanted(at, payload)
    return wanted.via != "info" and at.can_sound(wanted.digits)


def _by_info(at: DtmfSender, payload: object) -> bool:
    return _wanted(at, payload).via != "rtp" and not _by_rtp(at, payload) and at.can_ask


def _accepted(at: DtmfSender, response: Response) -> bool:
    return response.status < 300


def _fatal(at: DtmfSender, response: Response) -> bool:
    return response.status in (408, 481)


def _more(at: DtmfSender, _: object) -> bool:
    return bool(at.left)


def _take_digits(at: DtmfSender, asked: Digits) -> None:
    at.asked, at.left = asked, asked.digits


def _sound(at: DtmfSender, _: object) -> None:
    at.digit, at.method = at.left[0], DtmfMethod.RTP
    at.machine.set_parameter("GAP", at.asked.gap_ms / 1000)
    code, milliseconds = DIGITS.index(at.digit), at.asked.duration_ms
    at.endpoint.orders.append(SoundEvent(session_id=at.session.id, code=code, milliseconds=milliseconds))


def _send_info(at: DtmfSender, _: object) -> None:
    dialog = at.session.dialog
    assert dialog is not None  # `by_info` has looked
    at.digit, at.method = at.left[0], DtmfMethod.INFO
    # A gateway plays the tone for as long as the INFO says, beginning now.
    at.machine.set_parameter("GAP", (at.asked.duration_ms + at.asked.gap_ms) / 1000)
    body = encode_digit(at.digit, at.asked.duration_ms)
    request, destination = dialog.next_request("INFO", body, [("Content-Type", RELAY)])
    start_client(at.endpoint, request, destination, purpose="INFO", session=at.session, role=at.session.role)


def _count_digit(at: DtmfSender, _: object) -> None:
    at.left = at.left[1:]


def _note_cut(at: DtmfSender, _: object) -> None:
    at.digit, at.status, at.reason = at.left[0], None, PATH_STOPPED


def _note_answer(at: DtmfSender, response: Response) -> None:
    at.status, at.reason = response.status, response.reason


def _note_silence(at: DtmfSender, reason: object) -> None:
    at.status, at.reason = None, reason if isinstance(reason, str) and reason else "the INFO was not answered"


def _drop_digits(at: DtmfSender, _: object) -> None:
    at.left = ""


REGISTRY = Registry(
    guards={"by_rtp": _by_rtp, "by_info": _by_info, "accepted": _accepted, "fatal": _fatal, "more": _more},
    effects={
        "take_digits": _take_digits,
        "sound": _sound,
        "count_digit": _count_digit,
        "note_cut": _note_cut,
        "note_answer": _note_answer,
        "note_silence": _note_silence,
        "drop_digits": _drop_digits,
    },
    sends={"INFO": _send_info},
)
