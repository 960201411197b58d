"""INVITEs that came once while room was short: who means it sends the same one again.

A caller over UDP repeats its INVITE after T1 (RFC 3261 §17.1.1.2, timer A), so the first one may be lost to it.
Whoever floods us in made-up names has to send everything twice, and to keep what it made up. Of each INVITE a
fingerprint is kept, of 64 bits and keyed, so that nobody can aim at another's, and the moment at which it came.

No chart: nothing is going on yet that could be in a state. Here are figures, what came and when, and they are forgotten
by time and by number: two generations, of which the older one goes when the newer one is old or full.
"""

from __future__ import annotations

from hashlib import blake2s
from random import Random

from session_fsm.session.events import Address
from session_fsm.session.matching import Identity
from session_fsm.session.settings import Seconds
from session_fsm.session.waiting_room import source_of

KEY_BITS = 128
FINGERPRINT_OCTETS = 8

USUAL_T1 = 0.5  # RFC 3261 §17.1.1.1: of callers, whatever ours is; it should not be less, and may be more

# A network that doubles a datagram does so within milliseconds. A caller with a smaller T1 comes again once more.
SOONEST = 0.1  # of T1

# Timer A fires after 1, 3 and 7 times T1: so two repetitions may be lost on their way.
GENERATION = 8  # times T1

MOST = 32_768  # fingerprints of one generation; at 20,000 INVITEs a second it lasts 1.6 s, which is three times T1


class SeenOnce:
    """What came once. Bounded: some 7 MB hold two full generations."""

    __slots__ = ("_began", "_dice", "_generation", "_key", "_new", "_old", "_soonest")

    def __init__(self, dice: Random, t1: Seconds) -> None:
        """`t1` is ours: a smaller one lets callers come again sooner, a larger one lets them come later."""
        self._dice = dice
        self._soonest: Seconds = SOONEST * min(t1, USUAL_T1)
        self._generation: Seconds = GENERATION * max(t1, USUAL_T1)
        self._key = b""
        "Rolled when it is needed first."
        self._new: dict[bytes, Seconds] = {}
        "Fingerprint -> when it came first."
        self._old: dict[bytes, Seconds] = {}
        self._began: Seconds = 0.0
        "When the newer generation began."

    def __len__(self) -> int:
        return len(self._new) + len(self._old)

    def repeats(self, invite: Identity, source: Address, now: Seconds) -> bool:
        """Whether this INVITE came before, long enough ago for its caller to have sent it again; now it has come."""
        self.forget(now)
        fingerprint = self._fingerprint(invite, source)
        came = self._new.get(fingerprint, self._old.get(fingerprint))
        if came is None:
            self._new[fingerprint] = now
            return False
        return now - came >= self._soonest

    def forget(self, now: Seconds) -> None:
        """Let the older generation go when it is time; both, when nothing has come for so long."""
        age = now - self._began
        if age >= self._generation or len(self._new) >= MOST:
            self._old = self._new if age < 2 * self._generation else {}
            self._new = {}
            self._began = now

    def _fingerprint(self, invite: Identity, source: Address) -> bytes:
        if not self._key:
            self._key = self._dice.getrandbits(KEY_BITS).to_bytes(KEY_BITS // 8, "big")
        named = (invite.branch, invite.sent_by, invite.call_id, invite.remote_tag, invite.cseq, source_of(source[0]))
        return blake2s(ascii(named).encode("ascii"), key=self._key, digest_size=FINGERPRINT_OCTETS).digest()
