"""Whether a request may be looked at further: the inspections of RFC 3261 §8.2, in its order. Pure."""

from __future__ import annotations

from typing import NamedTuple

from session_fsm.session.settings import ALLOWED, SUPPORTED
from session_fsm.sip import METHODS, Request, SipUri

ALLOW = ("Allow", ", ".join(ALLOWED))
ACCEPT = ("Accept", "application/sdp")
ACCEPT_ENCODING = ("Accept-Encoding", "identity")
CAPABILITIES = (ALLOW, ACCEPT, ACCEPT_ENCODING, ("Accept-Language", "en"), ("Supported", ""))
"What a 200 to OPTIONS says, within a dialog and outside (RFC 3261 §11.2). Reasons and warnings are in English."
RETRY_AFTER = ("Retry-After", "5")  # seconds; how soon a caller may try again when we are full, or leave


class Refused(NamedTuple):
    """The answer to a request that may not pass."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    why: str = ""
    "For the trace, where the status alone does not say it."


def admit(request: Request) -> Refused | None:
    """None if the request may pass, else its answer. ACK and CANCEL never come here."""
    refused = _method(request) or _uri(request)
    if refused is None and request.demands:
        refused = _extensions(request)
    # Without a body there is nothing to understand, and what asks for nothing is answered with SDP.
    return _content(request) if refused is None and (request.body or request.demands) else refused


def _method(request: Request) -> Refused | None:
    """RFC 3261 §8.2.1; 501 for a method that nobody knows (§21.5.2)."""
    if request.method in ALLOWED:
        return None
    return Refused(405 if request.method in METHODS else 501, (ALLOW,))


def _uri(request: Request) -> Refused | None:
    """RFC 3261 §8.2.2.1. Any user is ours: who is called is the application's to judge.

    `sips:` promises TLS to the caller, and asks for a `sips:` Contact (§12.1.1): there is none here.
    """
    uri = request.uri
    return None if isinstance(uri, SipUri) and uri.scheme == "sip" else Refused(416)


def _extensions(request: Request) -> Refused | None:
    """RFC 3261 §8.2.2.3. Proxy-Require is a proxy's business, but one that reached us names what nobody handled."""
    if not (request.has("Require") or request.has("Proxy-Require")):
        return None
    wanted = [*request.require, *request.proxy_require]
    unknown = [tag for tag in wanted if tag not in SUPPORTED]
    return Refused(420, (("Unsupported", ", ".join(unknown)),)) if unknown else None


def _content(request: Request) -> Refused | None:
    """RFC 3261 §8.2.3 for what we are sent, §20.1 for what may be sent back."""
    if request.body and _must_understand(request) and request.content_type != "application/sdp":
        return Refused(415, (ACCEPT, ACCEPT_ENCODING))
    encoding = request.get("Content-Encoding")
    if request.body and encoding and encoding.strip().lower() != "identity":
        return Refused(415, (ACCEPT, ACCEPT_ENCODING))
    if request.method in ("INVITE", "UPDATE") and not request.accepts("application/sdp"):
        return Refused(406, (ACCEPT,))
    return None


def _must_understand(request: Request) -> bool:
    """RFC 3261 §20.11: a body whose handling is optional may be passed over; those of INVITE and UPDATE are read."""
    disposition = (request.get("Content-Disposition") or "").lower()
    return request.method in ("INVITE", "UPDATE") and "handling=optional" not in disposition.replace(" ", "")
