"""The requests that a user agent makes: pure functions from what is known to a `Request`.

Source: RFC 3261 §8.1.1 (outside a dialog), §12.2.1.1 (within one), §9.1 (CANCEL), §17.1.1.3 (ACK to a failure).
"""

from __future__ import annotations

from collections.abc import Sequence

from session_fsm.session.admission import ALLOW
from session_fsm.session.endpoint import Endpoint, bracketed
from session_fsm.session.events import Address
from session_fsm.sip import HeaderValue, NameAddr, Request, Response, SipUri

Header = tuple[str, HeaderValue]
Uri = SipUri | str

MAX_FORWARDS = 70  # RFC 3261 §8.1.1.6
SDP = "application/sdp"


def via(endpoint: Endpoint, towards: Address) -> Header:
    """Our Via, with a new branch; `rport` asks for the answer at the port we send from (RFC 3581 §3)."""
    host, port = endpoint.reached_by(towards)
    return ("Via", f"SIP/2.0/UDP {bracketed(host)}:{port};rport;branch={endpoint.branch()}")


def capabilities(endpoint: Endpoint) -> list[Header]:
    """What a response or request says of us."""
    return [ALLOW, ("User-Agent", endpoint.settings.product)]


def invite(
    endpoint: Endpoint,
    target: Uri,
    *,
    towards: Address,
    from_: NameAddr,
    to: NameAddr,
    call_id: str,
    cseq: int,
    body: bytes,
    headers: Sequence[Header] = (),
) -> Request:
    """An INVITE outside a dialog (RFC 3261 §13.2.1), as it is sent to `towards`."""
    fields: list[Header] = [
        via(endpoint, towards),
        ("Max-Forwards", MAX_FORWARDS),
        ("From", from_),
        ("To", to),
        ("Call-ID", call_id),
        ("CSeq", f"{cseq} INVITE"),
        endpoint.contact_for(towards),
        *capabilities(endpoint),
        *headers,
    ]
    return Request("INVITE", str(target), _with_type(fields, body), body)


def register(
    endpoint: Endpoint,
    registrar: SipUri,
    *,
    towards: Address,
    from_: NameAddr,
    call_id: str,
    cseq: int,
    expires: int,
) -> Request:
    """A REGISTER for our own address (RFC 3261 §10.2), as it is sent to `towards`."""
    name, contact = endpoint.contact_for(towards)
    fields: list[Header] = [
        via(endpoint, towards),
        ("Max-Forwards", MAX_FORWARDS),
        ("From", from_),
        ("To", NameAddr(endpoint.uri)),
        ("Call-ID", call_id),
        ("CSeq", f"{cseq} REGISTER"),
        (name, f"{contact};expires={expires}"),
        ("Expires", expires),
        *capabilities(endpoint),
        *preloaded_route(endpoint),
    ]
    return Request("REGISTER", str(registrar), fields)


def preloaded_route(endpoint: Endpoint) -> list[Header]:
    """RFC 3261 §8.1.2: an outbound proxy is a route set of one for what is sent outside a dialog."""
    proxy = endpoint.account.proxy
    return [] if proxy is None else [("Route", f"<{proxy}>")]


def first_hop(endpoint: Endpoint, target: Uri) -> Address:
    """Where a request outside a dialog goes: to the proxy, if there is one."""
    return address_of(endpoint.account.proxy or target)


def cancel(request: Request) -> Request:
    """RFC 3261 §9.1: the INVITE's Request-URI, Via, From, To, Call-ID, CSeq number and Route, and nothing else."""
    return _twin(request, "CANCEL", request.to)


def ack_to_failure(request: Request, response: Response) -> Request:
    """RFC 3261 §17.1.1.3: like the INVITE, with the response's To."""
    return _twin(request, "ACK", response.to)


def _twin(request: Request, method: str, to: NameAddr) -> Request:
    fields: list[Header] = [
        ("Via", request.via),
        ("Max-Forwards", MAX_FORWARDS),
        *[("Route", route) for route in request.routes],
        ("From", request.from_),
        ("To", to),
        ("Call-ID", request.call_id),
        ("CSeq", f"{request.cseq.number} {method}"),
    ]
    return Request(method, request.uri, fields)


def in_dialog(
    endpoint: Endpoint,
    method: str,
    *,
    target: Uri,
    routes: Sequence[NameAddr],
    from_: NameAddr,
    to: NameAddr,
    call_id: str,
    cseq: int,
    body: bytes = b"",
    headers: Sequence[Header] = (),
) -> tuple[Request, Address]:
    """A request within a dialog, and where it goes next (RFC 3261 §12.2.1.1, §8.1.2)."""
    uri, route, next_hop = _routed(target, routes)
    destination = address_of(next_hop)
    fields: list[Header] = [
        via(endpoint, destination),
        ("Max-Forwards", MAX_FORWARDS),
        *[("Route", value) for value in route],
        ("From", from_),
        ("To", to),
        ("Call-ID", call_id),
        ("CSeq", f"{cseq} {method}"),
        *([endpoint.contact_for(destination)] if method in ("INVITE", "UPDATE") else []),
        ("User-Agent", endpoint.settings.product),
        *headers,
    ]
    return Request(method, uri, _with_type(fields, body), body), destination


def _routed(target: Uri, routes: Sequence[NameAddr]) -> tuple[str, list[str], Uri]:
    """Request-URI, Route values and next hop. A first route without `lr` takes the Request-URI (a strict router)."""
    if not routes:
        return str(target), [], target
    first = routes[0].uri
    if not isinstance(first, SipUri) or first.is_loose:
        return str(target), [str(route) for route in routes], first if isinstance(first, SipUri) else target
    return str(first), [*map(str, routes[1:]), f"<{target}>"], first


def address_of(uri: Uri) -> Address:
    """Host and port of a SIP URI; the host may be a name."""
    return (SipUri.parse(uri) if isinstance(uri, str) else uri).address


def _with_type(fields: list[Header], body: bytes) -> list[Header]:
    typed = not body or any(name == "Content-Type" for name, _ in fields)
    return fields if typed else [*fields, ("Content-Type", SDP)]
