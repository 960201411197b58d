"""Names of header fields: case-blind, with compact forms; and which of them may be comma lists (RFC 3261 §20, §7.3)."""

from __future__ import annotations

from session_fsm.errors import Malformed
from session_fsm.sip.grammar import is_token

_COMPACT = {
    "a": "Accept-Contact",  # RFC 3841
    "b": "Referred-By",  # RFC 3892
    "c": "Content-Type",
    "d": "Request-Disposition",  # RFC 3841
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",  # RFC 3841
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "o": "Event",  # RFC 6665
    "r": "Refer-To",  # RFC 3515
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",  # RFC 6665
    "v": "Via",
    "x": "Session-Expires",  # RFC 4028
}

_LISTS = (
    "Accept Accept-Encoding Accept-Language Alert-Info Allow Allow-Events Call-Info Contact Content-Encoding "
    "Content-Language Error-Info In-Reply-To Path Proxy-Require Record-Route Require Route Service-Route Supported "
    "Unsupported Via Warning Accept-Contact Reject-Contact Request-Disposition Reason P-Asserted-Identity Diversion "
    "History-Info"
)

_SINGLES = (
    "Authorization Call-ID Content-Disposition Content-Length Content-Type CSeq Date Event Expires From Max-Forwards "
    "MIME-Version Min-Expires Min-SE Organization Priority Proxy-Authenticate Proxy-Authorization RAck RSeq Refer-To "
    "Referred-By Replaces Reply-To Retry-After Server Session-Expires Subject Timestamp To User-Agent WWW-Authenticate"
)

LISTS = frozenset(_LISTS.split())
"Keys of the header fields whose value is a comma list; an unknown field is never split (RFC 4475 §3.1.1.1)."

SINGLES = ("From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Content-Type")
"Keys of the fields that must not appear twice in a message: a second one would make its meaning a matter of luck."

USUAL = frozenset(f"{_LISTS} {_SINGLES}".split())
"Names in the spelling that we send, each of which is its own key."

# Filled with the usual spellings once; never with what peers send, which would let them fill the memory.
KEYS = {
    spelling: name
    for name in USUAL
    for spelling in (
        name,
        name.lower(),
        name.upper(),
        name.title(),
        *(c for c, full in _COMPACT.items() if full == name),
    )
}
KEYS.update({compact.upper(): name for compact, name in _COMPACT.items()})
"Usual spellings of a name to its key, so that most names need one look-up."


def key_of(name: str) -> str:
    """The key of a header field's name: its usual spelling, else lower case. `Malformed` if it is no token."""
    key = KEYS.get(name) or unusual_key(name)
    if key is None:
        raise Malformed("RFC 3261 §7.3.1 header-name", name)
    return key


def unusual_key(name: str) -> str | None:
    """The key of a name that is not in `KEYS`, or None if it is no token."""
    bare = name.rstrip(" \t")
    if not is_token(bare):
        return None
    lower = bare.lower()
    return KEYS.get(lower, lower)
