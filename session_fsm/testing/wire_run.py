"""Fuzzed calls over real UDP: two processes, whose datagrams are delivered, lost and repeated by moves.

The moves are those of two phones, as far as a network can make them: no media edges, because the audio is real. A port
is refused while the socket that a side sends to is shut, a clock jumps for a process that is stopped meanwhile, and
(`unrestricted`) a message is spoilt on its way. Time is real too, ten times as fast as by default, so that a run is
not exactly the same when it is made again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial
from pathlib import Path

from session_fsm.chart import Chart
from session_fsm.machine import TraceRow
from session_fsm.session.building import shipped_charts
from session_fsm.testing.datagram import Datagram
from session_fsm.testing.pair_run import HOWS, LIED_ABOUT, MOST_HELD, WAITS, WEIGHTS
from session_fsm.testing.properties import never_impossible, no_fault, off_ladder, replays
from session_fsm.testing.runs import Choice, Move, Target
from session_fsm.testing.spoiling import SPOILS, spoilt
from session_fsm.testing.wire_bench import NAMES, SPEED, WireBench

OVER = ("Terminated", "Cancelled", "Failed")
PENDING = ("Initiating", "Queued", "Ringing", "Proceeding", "WaitingToCancel")
OF_CALLEE = ("accept", "ring", "progress", "reject", "redirect")
OF_BOTH = ("hang_up", "reinvite")
AT_ONCE = ("other branch", "other From tag", "other Call-ID")
"What would make another call of an INVITE that begins one: a run is about one call."
REFUSED, STOPPED = 2.0, 5.0  # seconds of a side's clock: several repetitions, and longer than any waits
ENDING = 20.0  # seconds: several times 64*T1


class WireRun:
    """Alice calls Bob through the relay, one move at a time."""

    names = NAMES

    def __init__(self, bench: WireBench, *, unrestricted: bool = False) -> None:
        self.bench = bench
        self.unrestricted = unrestricted
        self.fault: str | None = None
        self.made: list[Move] = []
        self.keys: set[Hashable] = set()
        self.pairs: set[tuple[str, ...]] = set()
        self.finished = False
        bench.renew()

    def choices(self) -> list[Choice]:
        """Deliveries first, then faults of the network, time, and what the users ask."""
        if not self.made:
            return [Choice(Move("call", "alice"), "call"), Choice(Move("call", "alice", "offerless"), "offerless")]
        return [Choice(move, self._key(move), weight) for move, weight in self._moves()]

    def _key(self, move: Move) -> tuple[object, ...]:
        return (move.verb, move.who, move.what, move.seconds, *self.states())

    def _moves(self) -> Iterator[tuple[Move, int]]:
        here = list(self._on_the_way())
        for verb, weight in (("deliver", 8), ("copy", 2), ("lose", 1)):
            yield from ((Move(verb, who, name, n), weight) for who, name, n in here)
        # Who waits past 64*T1 does little else.
        yield from ((Move("wait", seconds=seconds), weight) for seconds, weight in WAITS.items() if seconds < 10)
        yield from ((Move("refuse", who, seconds=REFUSED), 1) for who in NAMES)
        yield from ((Move("jump", who, seconds=STOPPED), 1) for who in NAMES)
        if self.unrestricted:
            for who, name, n in here[:LIED_ABOUT]:
                yield from ((Move(f"spoil:{spoil}", who, name, n), 1) for spoil in self._spoils(name))
        for who in NAMES:
            for command in self._commands(who):
                yield from ((Move(command, who, how), WEIGHTS.get(command, 1)) for how in HOWS.get(command, ("",)))

    def _spoils(self, name: str) -> Iterator[str]:
        """What can be changed in a message of this name."""
        return (spoil for spoil in SPOILS if name != "INVITE" or spoil not in AT_ONCE)

    def _commands(self, who: str) -> Sequence[str]:
        state = self._state(who, "call")
        if state in ("", *OVER):
            return ()
        pending = state in PENDING
        return (*(OF_CALLEE if who == "bob" and pending else ()), *(("hang_up",) if pending else OF_BOTH))

    def _on_the_way(self) -> Iterator[tuple[str, str, int]]:
        seen: Counter[tuple[str, str]] = Counter()
        held = {id(datagram) for datagram in self.bench.held[:MOST_HELD]}
        for datagram in self.bench.log:
            key = (self.bench.receiver(datagram), datagram.name)
            if id(datagram) in held:
                yield (*key, seen[key])
            seen[key] += 1

    def make(self, move: Move) -> bool:
        """Make a move. False when there is no such datagram now."""
        if self.fault is not None:
            return False
        step = self._step(move)
        if step is None:
            return False
        self.made.append(move)
        self.keys.add(self._key(move))
        step()
        self._note()
        return True

    def _step(self, move: Move) -> Callable[[], object] | None:
        bench = self.bench
        if move.verb == "call":
            host, port = bench.sides["alice"].socket.getsockname()
            return lambda: bench.ask("alice", "call", f"sip:bob@{host}:{port}", "no offer" if move.what else "offer")
        if move.verb == "wait":
            return lambda: bench.pump(lambda: False, move.seconds * SPEED)
        if move.verb == "refuse":
            return lambda: bench.refuse(move.who, move.seconds * SPEED)
        if move.verb == "jump":
            return lambda: bench.stop(move.who, move.seconds * SPEED)
        if move.verb in (*OF_CALLEE, *OF_BOTH):
            return lambda: bench.ask(move.who, move.verb, move.what)
        sent = [d for d in bench.log if d.name == move.what and bench.receiver(d) == move.who]
        found = next((held for held in bench.held if move.n < len(sent) and held is sent[move.n]), None)
        if found is None:
            return None
        if self.unrestricted and move.verb.startswith("spoil:"):
            data = spoilt(found.data, move.verb.removeprefix("spoil:"))
            return lambda: bench.deliver(replace(found, data=data))
        if move.verb not in ("deliver", "copy", "lose"):
            return None
        return lambda: self._pass_on(found, move.verb)

    def _pass_on(self, datagram: Datagram, verb: str) -> None:
        if verb != "copy":
            self.bench.held = [held for held in self.bench.held if held is not datagram]
        if verb != "lose":
            self.bench.deliver(datagram)

    def _note(self) -> None:
        faults = [fault for side in self.bench.sides.values() for fault in side.faults]
        self.fault = faults[0] if faults else None
        states = self.states()
        if len(states) == len(NAMES):
            self.pairs.add(states)

    def finish(self) -> None:
        """Hold nothing any more, hang up, and wait until both calls are over."""
        if self.finished:
            return
        self.finished = True
        self.bench.release()
        for who in NAMES:
            self.bench.ask(who, "hang_up")
        self.bench.pump(lambda: not self.open(), ENDING)
        self._note()

    def open(self) -> list[str]:
        """The sides whose call is not over, with their states."""
        stands = {who: self._state(who, "call") for who in NAMES}
        return [f"{who}'s call is still {state}" for who, state in stands.items() if state and state not in OVER]

    def states(self) -> tuple[str, ...]:
        """Call and media state of each side that has a call."""
        stands = ((self._state(who, "call"), self._state(who, "media")) for who in NAMES)
        return tuple(f"{call} / {media}" for call, media in stands if call)

    def _state(self, who: str, chart: str) -> str:
        return next((row.to_state for row in reversed(self.bench.sides[who].rows) if row.chart == chart), "")

    def media_paths(self, who: str) -> list[list[str]]:
        """The media states of one side, each once as it is entered; of every call that an INVITE has begun there.

        A copy that comes when its transaction has ended begins another.
        """
        paths: dict[str, list[str]] = {}
        for row in self.bench.sides[who].rows:
            if row.chart == "media":
                path = paths.setdefault(row.session, [])
                path += [row.to_state] if path[-1:] != [row.to_state] else []
        return list(paths.values())

    def traces(self) -> Sequence[Sequence[TraceRow]]:
        """Both sides' rows so far."""
        return tuple(self.bench.sides[who].rows for who in NAMES)


def media_paths(run: WireRun) -> str | None:
    """Each side's media path is a prefix of the ladder, followed by what may come after it."""
    wrong = ((who, off_ladder(path)) for who in NAMES for path in run.media_paths(who))
    return next((f"{who}: {what}" for who, what in wrong if what is not None), None)


def both_end(run: WireRun) -> str | None:
    """Whatever was lost: once nothing is held and everybody has hung up, both calls end."""
    run.finish()
    return next(iter(run.open()), None)


def wire_target(
    *,
    folder: Path | None,
    charts: Mapping[str, Chart] | None,
    reachable: Callable[[], Set[tuple[str, ...]]],
    unrestricted: bool = False,
) -> Target[WireRun]:
    """Two user agents over UDP. Their processes begin with the first run; `close` ends them, or the end of this one."""
    used = list({**shipped_charts(), **(charts or {})}.values())
    benches: list[WireBench] = []

    def begin() -> WireRun:
        if not benches:
            benches.append(WireBench(folder))
        return WireRun(benches[0], unrestricted=unrestricted)

    def close() -> None:
        while benches:
            benches.pop().close()

    properties: Mapping[str, Callable[[WireRun], str | None]] = {
        "media-paths": media_paths,
        "both-end": both_end,
        # These look at the whole run, its end included.
        "no-fault": no_fault,
        "never-impossible": never_impossible,
        "replays": partial(replays, charts=used),
    }
    return Target(
        name="pair:wire",
        charts=used,
        begin=begin,
        properties=properties,
        reachable=reachable,
        tries=15,
        steady=False,
        close=close,
    )
