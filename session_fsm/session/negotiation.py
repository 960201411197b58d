"""What one call's offers and answers lead to: our descriptions, the peer's as they are judged, and what is agreed.

Whose turn it is stands in `offer_answer.toml`; here is the data that its guards look at and its effects write.
Source: RFC 3264; RFC 3261 §13.2.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from session_fsm.sdp import (
    Agreement,
    Considered,
    LocalMedia,
    MediaDirection,
    Refusal,
    SessionDescription,
    WrittenAnswer,
    conclude,
    consider,
    decline,
    is_the_same,
    known_offer,
    learn_offer,
    write_answer,
)
from session_fsm.sdp import offer as make_offer
from session_fsm.session.descriptions import NO_DESCRIPTION, described, has_description
from session_fsm.session.events import Address
from session_fsm.session.received import Received
from session_fsm.sip import Message, Request, Response

if TYPE_CHECKING:
    from session_fsm.session.dialog import Dialog
    from session_fsm.session.endpoint import Endpoint


class Wish(NamedTuple):
    """What the application asks for within an answered call."""

    number: int
    "Each wish of a call has its own, by which whoever waits knows what came of it."
    direction: MediaDirection
    silent: bool = False
    "Whether silence is sent in place of what the application plays, as long as the wish is in force."

    def summary(self) -> dict[str, object]:
        """What a trace says of it."""
        return {"wish": self.number, "direction": str(self.direction)}


NO_WISH = Wish(0, MediaDirection.SENDRECV)


class Negotiation:
    """One side's view of what was offered, answered and agreed in one call."""

    __slots__ = (
        "adopted",
        "agreement",
        "before_hold",
        "considering_memo",
        "described_memo",
        "endpoint",
        "first_seq",
        "local",
        "local_media",
        "offer",
        "offered_media",
        "offered_silent",
        "offering",
        "peer_wish",
        "prepared",
        "put_off_by",
        "reack",
        "reading_memo",
        "reoffer_seq",
        "said",
        "silent",
        "wish",
        "wishes",
    )

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.local = endpoint.local
        self.local_media: LocalMedia | None = None
        self.said = b""
        "Our last description as it goes on the wire; empty when there is none."
        self.offer: SessionDescription | None = None
        "Our last offer."
        self.offering = True
        "Whether the first INVITE carries the offer."
        self.first_seq = 0
        "CSeq number of our first INVITE."
        self.prepared: WrittenAnswer | None = None
        "Our answer to the offer that was read last."
        self.agreement: Agreement | None = None
        self.adopted: Dialog | None = None
        "The dialog that the agreement was made in."
        self.offered_media: LocalMedia | None = None
        "What our last offer said; it is ours once the offer is answered."
        self.offered_silent = False
        self.silent = False
        "Whether silence leaves in place of what the application plays, as our last answered offer had it."
        self.wishes = 0
        "How many wishes the application has had."
        self.wish = NO_WISH
        "What we offer within the call, and offer again after glare."
        self.put_off_by: Response | None = None
        "The last response that put our offer off: mostly 491 (RFC 3261 §14.1)."
        self.before_hold = MediaDirection.SENDRECV
        "What to come back to when the hold ends."
        self.peer_wish = MediaDirection.SENDRECV
        "What the peer wishes, as it says itself: it holds us when it does not receive (RFC 6337 §5.3)."
        self.reack: tuple[int, bytes, Address] | None = None
        "CSeq number and octets of the last ACK to a re-INVITE."
        self.reoffer_seq: int | None = None
        "CSeq number of our last re-INVITE."
        self.considering_memo: tuple[object, LocalMedia, Considered | Refusal] | None = None
        "A message with an offer, our media, and what the one is for the other."
        self.described_memo: tuple[object, SessionDescription | Refusal] | None = None
        "A message, and what it describes."
        self.reading_memo: tuple[object, object] | None = None
        "A message with a description, and what it was judged to lead to."

    def forget(self) -> None:
        """The call is over. Whoever still holds it can read what was agreed."""
        self.adopted = self.reading_memo = self.considering_memo = self.described_memo = None

    # The peer's descriptions.

    def judge(self, message: object) -> WrittenAnswer | Agreement | Refusal:
        """What a message's description leads to: our answer to an offer, the agreement with an answer, or a refusal.

        The same message is judged once. RFC 3264; which of the two it is follows from RFC 3261 §13.2.1.
        """
        if self.reading_memo is None or self.reading_memo[0] is not message:
            self.reading_memo = (message, self._judge(message))
        # The memo keeps its message as an object; the second half is what `_judge` returned.
        return self.reading_memo[1]  # type: ignore[return-value]

    def _judge(self, payload: object) -> WrittenAnswer | Agreement | Refusal:
        message = payload.request if isinstance(payload, Received) else payload
        if not isinstance(message, Message):
            return NO_DESCRIPTION
        if self._offers(message):
            media = self.media_to_answer()
            found = self._considered(message, media)
            return found if isinstance(found, Refusal) else write_answer(found, media, self.said)
        theirs = self._described(message)
        if isinstance(theirs, Refusal):
            return theirs
        if self.offer is None:
            return NO_DESCRIPTION
        return conclude(self.offer, theirs, self.media_to_answer())

    def takes_offer_of(self, invite: Request, media: LocalMedia) -> bool:
        """Whether an incoming INVITE's offer can be answered with this media of ours."""
        return not isinstance(self._considered(invite, media), Refusal)

    def _considered(self, message: Message, media: LocalMedia) -> Considered | Refusal:
        """A guard considers an offer, a later one again, and the effect behind it answers: considered once."""
        memo = self.considering_memo
        if memo is None or memo[0] is not message:
            memo = self.considering_memo = (message, media, self._consider(message, media))
        elif memo[1] is not media:
            found = memo[2] if is_the_same(memo[2], memo[1], media) else self._consider(message, media)
            memo = self.considering_memo = (message, media, found)
        return memo[2]

    def _consider(self, message: Message, media: LocalMedia) -> Considered | Refusal:
        found = known_offer(message.body, media) if has_description(message) else None
        if found is not None:
            return found
        theirs = self._described(message)
        if isinstance(theirs, Refusal):
            return theirs
        considered = consider(theirs, media)
        if isinstance(considered, Considered):
            learn_offer(message.body, media, considered)
        return considered

    def _described(self, message: Message) -> SessionDescription | Refusal:
        if self.described_memo is None or self.described_memo[0] is not message:
            self.described_memo = (message, described(message))
        return self.described_memo[1]

    def _offers(self, message: Message) -> bool:
        """RFC 3261 §13.2.1: an INVITE or UPDATE offers; so does the 2xx to our first INVITE without an offer."""
        if isinstance(message, Request):
            return message.method in ("INVITE", "UPDATE")
        return not self.offering and message.cseq.number == self.first_seq

    def adopt(self, agreement: Agreement, dialog: Dialog | None) -> None:
        """The peer answered our offer in this dialog: what was offered is in force."""
        self.agreement, self.adopted = agreement, dialog
        # The answer to an offer in which we do not send has to say that the peer does not receive.
        if self.offered_media is None or self.offered_media.direction.sends:
            self.peer_wish = agreement.theirs
        self.silent = self.offered_silent
        self.local_media = self.offered_media or self.local_media

    def adopt_answer(self, answer: WrittenAnswer, dialog: Dialog | None) -> None:
        """We answered the peer's offer in this dialog."""
        self.said, self.agreement, self.adopted = answer.octets, answer.agreement, dialog
        self.peer_wish = answer.agreement.theirs

    # Ours.

    @property
    def direction(self) -> MediaDirection:
        """Which way media may go; inactive until something is agreed."""
        return self.agreement.direction if self.agreement else MediaDirection.INACTIVE

    def offer_again(self) -> bytes:
        """The offer that was made, for an INVITE that is redirected; a new one when there is none."""
        return self.offer.encode() if self.offer else self.make_offer(self.media_to_answer())

    def answer_octets(self) -> bytes:
        """The answer that was prepared; without one, the offer that our 2xx makes."""
        return self.prepared.octets if self.prepared else self.said

    def media_to_answer(self) -> LocalMedia:
        """Our side of the media; before the application has opened a port, what would be answered if it did."""
        return self.local_media or self.endpoint.media_at(self.local)

    def make_offer(self, media: LocalMedia, *, silent: bool = False) -> bytes:
        """Our description as an offer, sent next."""
        self.offered_media, self.offered_silent = media, silent
        self.offer = make_offer(media, self._previous())
        self.said = self.offer.encode()
        return self.said

    def _previous(self) -> SessionDescription | None:
        return SessionDescription.parse(self.said) if self.said else None

    def prepare_answer(self, invite: Received, media: LocalMedia) -> None:
        """Answer the INVITE's offer with this media of ours; a refusal leaves nothing prepared."""
        self.local_media = media
        self.reading_memo = None
        judged = self.judge(invite)
        self.prepared = judged if isinstance(judged, WrittenAnswer) else None

    def answer_for_ack(self, response: Response, *, wanted: bool) -> bytes:
        """The answer that the ACK carries when the 2xx carried the offer; empty otherwise.

        RFC 3261 §13.2.2.4: it is there also when a BYE follows, because nothing agrees or the fork is not `wanted`.
        """
        theirs = self._described(response)
        if self.offering or isinstance(theirs, Refusal):
            return b""
        judged = self.judge(response) if wanted else None
        if isinstance(judged, WrittenAnswer):
            return judged.octets
        return decline(theirs, self.media_to_answer(), self._previous()).encode()
