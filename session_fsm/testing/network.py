"""The virtual network: datagrams between user agents, faults on the way, and time that jumps.

Time stands still until somebody asks it to run, and then it jumps from one thing that is due to the next. Faults are
verbs: `net.drop(Method.ACK, count=1)`, `net.hold(status=200, sender=bob)` … `net.release()`.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count as counting
from random import Random

from session_fsm.session.events import Address
from session_fsm.session.settings import Seconds
from session_fsm.testing.befalling import Reachable, Rule, matching
from session_fsm.testing.datagram import Datagram, Log, Match, What, matcher
from session_fsm.testing.media import MediaPlane

OVERTAKEN = 0.6  # seconds: more than T1, so that repeats overtake too
MOST_STEPS = 20_000  # at one moment; more is a loop that never ends


class NoRestError(AssertionError):
    """The network did not come to rest, or a thing that was waited for did not happen, in the time that was given."""


class Network:
    """Joins phones and scripted peers.

    `delay` is every datagram's time on the way, `jitter` the most that is added to it by chance (so that datagrams
    overtake each other), `loss`, `duplication` and `reordering` are probabilities; a datagram that is reordered is late
    by OVERTAKEN, so that what is sent next arrives before it. All chance comes from `seed`.
    """

    def __init__(
        self,
        *sides: Reachable,
        seed: int = 0,
        delay: Seconds = 0.0,
        jitter: Seconds = 0.0,
        loss: float = 0.0,
        duplication: float = 0.0,
        reordering: float = 0.0,
    ) -> None:
        self.now: Seconds = 0.0
        self.dice = Random(seed)
        self.latency = delay
        self.jitter = jitter
        self.loss = loss
        self.duplication = duplication
        self.reordering = reordering
        self.log = Log()
        "Everything that anybody sent."
        self.media = MediaPlane(delay=delay)
        self.names: dict[str, str] = {}
        "Host names and their addresses."
        self.sides: list[Reachable] = []
        self._at: dict[Address, Reachable] = {}
        self._rules: list[Rule] = []
        self._held: list[Datagram] = []
        self._refused: set[Address] = set()
        self._flying: list[tuple[Seconds, int, Datagram, str]] = []
        self._number = counting()
        self._awake: list[Reachable] = []
        for side in sides:
            self.add(side)

    def add(self, side: Reachable) -> Network:
        """Put one more on the network."""
        self.sides.append(side)
        self._at[side.address] = side
        side.attach(self)
        return self

    # What befalls datagrams.

    def drop(
        self,
        what: What = None,
        *,
        method: str | None = None,
        status: int | None = None,
        sender: Reachable | None = None,
        receiver: Reachable | None = None,
        count: int | None = None,
    ) -> Network:
        """Lose what matches."""
        return self._rule("drop", matching(what, method, status, sender, receiver), count)

    def delay(
        self,
        what: What = None,
        seconds: Seconds = 0.0,
        *,
        method: str | None = None,
        status: int | None = None,
        sender: Reachable | None = None,
        receiver: Reachable | None = None,
        count: int | None = None,
    ) -> Network:
        """Let what matches be late by so many seconds more."""
        return self._rule("delay", matching(what, method, status, sender, receiver), count, seconds)

    def duplicate(
        self,
        what: What = None,
        *,
        method: str | None = None,
        status: int | None = None,
        sender: Reachable | None = None,
        receiver: Reachable | None = None,
        count: int | None = None,
    ) -> Network:
        """Deliver what matches once more."""
        return self._rule("duplicate", matching(what, method, status, sender, receiver), count)

    def hold(
        self,
        what: What = None,
        *,
        method: str | None = None,
        status: int | None = None,
        sender: Reachable | None = None,
        receiver: Reachable | None = None,
        count: int | None = None,
    ) -> Network:
        """Keep what matches until `release`."""
        return self._rule("hold", matching(what, method, status, sender, receiver), count)

    def release(self, what: What = None, *, newest_first: bool = False, copy: bool = False) -> Network:
        """Let go of what is held and matches, or of a copy of it. With no match named, nothing is held any more."""
        matches = matcher(what)
        freed = [datagram for datagram in self._held if matches(datagram)]
        if not copy:
            self._held = [datagram for datagram in self._held if not matches(datagram)]
        if what is None and not copy:
            self._rules = [rule for rule in self._rules if rule.verb != "hold"]
        for datagram in reversed(freed) if newest_first else freed:
            self._fly(datagram, self.now)
        return self

    def discard(self, what: What = None) -> Network:
        """Lose what is held and matches."""
        matches = matcher(what)
        self._held = [datagram for datagram in self._held if not matches(datagram)]
        return self

    @property
    def held(self) -> Log:
        """What is held now."""
        return Log(self._held)

    def refuse(self, side: Reachable) -> Network:
        """From now on whoever sends to this one hears that its port is unreachable."""
        self._refused.add(side.address)
        return self

    def unplug(self, side: Reachable) -> Network:
        """From now on nothing reaches this one and nobody is told."""
        self._at.pop(side.address, None)
        return self

    def mute(self, side: Reachable, is_muted: bool = True) -> Network:
        """Stop, or let go on, the audio of this one, as a broken microphone or path would."""
        for stream in self.media.streams.values():
            if stream.address[0] == side.address[0]:
                stream.is_muted = is_muted
        self.media.look(self.now)
        return self

    # Time.

    def deliver(self) -> Network:
        """Let everything arrive that is on its way, audio too. Timers that are due meanwhile fire."""
        while (due := self._next(timers=False)) is not None:
            self._step(min(due, self._next() or due))
        return self

    def run_until_quiet(self, *, within: Seconds = 3600.0) -> Network:
        """Run until nothing is on its way and no timer runs."""
        return self._run(lambda: False, self.now + within, "the network does not come to rest")

    def run_until(self, done: Callable[[], bool], *, within: Seconds = 3600.0) -> Network:
        """Run until something is so."""
        until = self.now + within
        self._run(done, until, "what was waited for did not happen")
        if not done():
            raise NoRestError(f"what was waited for did not happen; all is quiet at {self.now:g} s")
        return self

    def run_for(self, seconds: Seconds) -> Network:
        """Run for so long."""
        until = self.now + seconds
        while (due := self._next()) is not None and due <= until:
            self._step(due)
        self.now = until
        return self

    def _run(self, done: Callable[[], bool], until: Seconds, failure: str) -> Network:
        while not done() and (due := self._next()) is not None:
            if due > until:
                raise NoRestError(
                    f"{failure} within the time given; it is {self.now:g} s, the next thing is due at {due:g} s"
                )
            self._step(due)
        return self

    def _next(self, *, timers: bool = True) -> Seconds | None:
        times = [self._flying[0][0]] if self._flying else []
        media = self.media.next_due(frames_only=not timers)
        if media is not None:
            times.append(media)
        if timers:
            times += [due for side in self.sides if (due := side.next_deadline()) is not None]
        return max(self.now, min(times)) if times else None

    def _step(self, now: Seconds) -> None:
        """Everything that is due at one moment: what arrives first, then timers."""
        self.now = now
        for _ in range(MOST_STEPS):
            if self._flying and self._flying[0][0] <= now:
                self._arrive(*heappop(self._flying)[2:])
            elif self._awake:
                self._awake.pop().drain()
            elif (due := self.media.next_due()) is not None and due <= now:
                self.media.expire(now)
            else:
                late = [side for side in self.sides if (due := side.next_deadline()) is not None and due <= now]
                if not late:
                    return
                late[0].expire(now)
        raise NoRestError(f"more than {MOST_STEPS} things happened at {now:g} s")

    # What the sides ask.

    def send(self, data: bytes, source: Address, destination: Address) -> Datagram:
        """A side sends a datagram."""
        datagram = Datagram(data, source, self._resolved(destination), self.now)
        self.log.append(datagram)
        if datagram.destination in self._refused or not _is_address(datagram.destination[0]):
            heappush(self._flying, (self.now, next(self._number), datagram, "refused"))
            return datagram
        self._befall(datagram)
        return datagram

    def wake(self, side: Reachable) -> None:
        """A side's media saw something; it looks at it soon."""
        if side not in self._awake:
            self._awake.append(side)

    def _resolved(self, destination: Address) -> Address:
        return (self.names.get(destination[0], destination[0]), destination[1])

    def _rule(self, verb: str, matches: Match, count: int | None, seconds: Seconds = 0.0) -> Network:
        self._rules.append(Rule(verb, matches, count, seconds))
        return self

    def _befall(self, datagram: Datagram) -> None:
        due, copies = self.now + self.latency, 1
        for rule in self._rules:
            if not rule.applies(datagram):
                continue
            if rule.verb == "drop":
                return
            if rule.verb == "hold":
                self._held.append(datagram)
                return
            due += rule.seconds
            copies += rule.verb == "duplicate"
        if self.loss and self.dice.random() < self.loss:
            return
        if self.duplication and self.dice.random() < self.duplication:
            copies += 1
        if self.reordering and self.dice.random() < self.reordering:
            due += OVERTAKEN
        for _ in range(copies):
            self._fly(datagram, due + (self.dice.random() * self.jitter if self.jitter else 0.0))

    def _fly(self, datagram: Datagram, due: Seconds) -> None:
        heappush(self._flying, (due, next(self._number), datagram, "delivered"))

    def _arrive(self, datagram: Datagram, fate: str) -> None:
        if fate == "refused":
            host, _ = datagram.destination
            reason = "the port is unreachable" if _is_address(host) else f"the host {host} is unknown"
            self._at[datagram.source].unreachable(datagram.destination, reason)
            return
        side = self._at.get(datagram.destination)
        if side is not None:
            datagram.arrivals.append(self.now)
            side.receive(datagram)


def _is_address(host: str) -> bool:
    return ":" in host or host.rpartition(".")[2].isdigit()
