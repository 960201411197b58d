"""One event in a few words. Works on the plain data of its JSON line, so that a live call and a demo read the same."""

from __future__ import annotations

from collections.abc import Callable

from session_fsm.command.jsonlines import Line
from session_fsm.errors import printable
from session_fsm.runtime.addresses import written


def describe(line: Line) -> str:
    """What the event has to tell beyond its name; empty when the name says it all."""
    said = _WORDS.get(str(line["type"]))
    return printable(said(line)) if said else ""


def brief(line: Line) -> str:
    """The event's name with the one word that tells it from others of its kind."""
    word = _BRIEF.get(str(line["type"]))
    return f"{line['type']} {word(line)}" if word else str(line["type"])


def _flows(line: Line) -> str:
    known = [name for name, field in (("RTP", "rtp_flowing"), ("RTCP", "rtcp_received")) if line[field]]
    return " and ".join(known) or "nothing yet"


def _channels(line: Line) -> str:
    can = [verb for verb in ("send", "receive") if line[f"can_{verb}"]]
    return " and ".join(can) or "held"


def _end(line: Line) -> str:
    return " ".join(str(part) for part in (line["status"], line["reason"]) if part)


def _binding(line: Line) -> str:
    others = [str(uri) for uri in _listed(line["bindings"]) if uri != line["contact"]]
    beside = f", beside {', '.join(others)}" if others else ""
    return f"{line['contact']} at {line['registrar']} for {line['expires']} s{beside}"


def _refusal(line: Line) -> str:
    said = f"{line['registrar']}: {_end(line)}"
    return said if line["retry_in"] is None else f"{said}; again in {line['retry_in']:.0f} s"


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _address(value: object) -> str:
    return written((value[0], value[1])) if isinstance(value, list | tuple) else str(value)


def _new_state(line: Line) -> str:
    return f"→ {line['new_state']}"


def _kind(line: Line) -> str:
    return str(line["event_type"]).replace("_", " ")


_BRIEF: dict[str, Callable[[Line], str]] = {
    "StateChanged": _new_state,
    "MediaStateChanged": _new_state,
    "DialogStateChanged": _new_state,
    "SdpEvent": _kind,
    "CallAnswered": lambda line: str(line["status"]),
    "MediaFlowEstablished": lambda line: str(line["direction"]),
    "RemoteMediaConfirmed": _flows,
    "MediaQualityChange": lambda line: str(line["quality"]),
    "MediaEvent": lambda line: str(line["event"]),
    "CallFailed": lambda line: str(line["status"] or ""),
}
_WORDS: dict[str, Callable[[Line], str]] = {
    **_BRIEF,
    "SessionCreated": lambda line: f"with {line['peer']}",
    "OutgoingCallPrepared": lambda line: str(line["target"]),
    "CallInitiated": lambda line: str(line["target"]),
    "IncomingCall": lambda line: f"from {line['caller']} to {line['target']}",
    "MediaSessionReady": lambda line: f"{line['codec']}, heard at {_address(line['local_addr'])}",
    "MediaNegotiated": lambda line: f"{line['codec']}, sent to {_address(line['remote_addr'])}",
    "AudioChannelsReady": _channels,
    "MediaEvent": lambda line: " ".join(str(line[field]) for field in ("event", "detail")).strip(),
    "CallEnded": _end,
    "CallFailed": _end,
    "Registered": _binding,
    "RegistrationFailed": _refusal,
    "Unregistered": lambda line: f"{line['registrar']}: {line['reason']}",
}
