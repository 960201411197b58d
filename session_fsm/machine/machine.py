"""Runs one chart: state, timers and bound functions in; a trace row and effects out.

Knows nothing of SIP, sockets or the time of day. `now` is always given, in seconds of one monotonic clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from session_fsm.chart import NOWHERE, START, Chart, Seconds
from session_fsm.chart.display import picture, table
from session_fsm.errors import LocalProtocolError
from session_fsm.machine.binding import Action, Binding, Deed, Emit, Predicate, TimerPlan, bound
from session_fsm.machine.mailbox import Mailbox, Posted
from session_fsm.machine.snapshot import Convert, Plain, Saved, from_plain, to_plain
from session_fsm.machine.step import Step, decide
from session_fsm.machine.timers import Timed
from session_fsm.machine.trace import Origin, Trace, TraceRow

EFFECT_FAILED = "effect_failed"
"The event that a chart declares (as `world`) to hear of its own failed effects; its payload is the exception."


class Machine(Timed):
    """One session of a chart.

    Everything that happens to it goes through `feed` (from outside) or `Mailbox.post` (from inside an effect). At
    `start`, or else before its first event, it enters its initial state. It shares its mailbox with the machines that
    it talks to; without one it has its own.

    >>> from session_fsm.chart import Chart
    >>> def invited(guests, name): return name in guests
    >>> def greet(guests, name): print(f"Welcome, {name}!")
    >>> door = Machine(Chart.load("door.toml"), guards={"invited": invited}, effects={"greet": greet}, context={"Ada"})
    >>> door.feed("knock", "Ada", now=0.0).state
    Welcome, Ada!
    'Open'
    >>> door.feed("lock", now=1.0).verdict, door.next_deadline()    # it locks when it is shut, and it shuts by itself
    ('postponed', 5.0)
    >>> door.expire(5.0); door.state
    'Locked'
    """

    __slots__ = (
        "_grown",
        "_overrides",
        "_payload",
        "_postponed",
        "_state",
        "binding",
        "chart",
        "context",
        "label",
        "mailbox",
        "session",
        "trace",
    )

    def __init__(
        self,
        chart: Chart | Binding,
        *,
        guards: Mapping[str, Predicate] | None = None,
        effects: Mapping[str, Action] | None = None,
        sends: Mapping[str, Action] | None = None,
        emit: Emit | None = None,
        context: object = None,
        mailbox: Mailbox | None = None,
        parameters: Mapping[str, Seconds] | None = None,
        label: str = "",
        session: str = "",
        trace: Trace | None = None,
        engine: str | None = None,
    ) -> None:
        super().__init__()
        binding = bound(chart, guards, effects, sends, emit, parameters, engine)
        self.binding = binding
        self.chart = binding.chart
        # What the bound functions take it for: to say so by a cast would cost a call for each effect.
        self.context: Any = context
        self.mailbox = mailbox or Mailbox()
        self.label = label or binding.chart.id
        self.session = session
        self.trace = trace
        self._state = binding.table.states[NOWHERE]
        self._payload: object = None
        # Made when they are needed: most machines of a call never postpone, and many have no timer.
        self._postponed: list[Posted] | None = None
        self._grown: dict[str, Seconds] | None = None
        self._overrides: dict[str, Seconds] | None = None

    @property
    def state(self) -> str:
        """Where it is: the initial state even before it was entered."""
        return self._state.shown

    @property
    def origin(self) -> Origin:
        """What a trace says of it."""
        chart = self.chart
        return Origin(self.session, chart.role, self.label, chart.id, chart.version)

    @property
    def finished(self) -> bool:
        """Whether it has reached a final state."""
        return self._state.is_final

    @property
    def rests(self) -> bool:
        """Whether only time leads it on: what it hears makes it repeat what it sent, and nobody is told."""
        return self._state.rests

    @property
    def possible(self) -> tuple[str, ...]:
        """The commands that are possible now."""
        return self._state.commands

    def start(self, payload: object = None, now: Seconds | None = None) -> Step:
        """Enter the initial state: run its effects and start its timers. Without this, the first event does it."""
        return self.feed(START, payload, now)

    def feed(self, event: str, payload: object = None, now: Seconds | None = None) -> Step:
        """Let an event happen, and all that follows from it. Without `now` the mailbox's time stands still.

        Raises LocalProtocolError for a command that the chart refuses and for an event that it does not have.
        """
        mailbox = self.mailbox
        if mailbox.running:
            raise RuntimeError(f"{self.label} was fed {event} while it or another machine steps; use mailbox.post")
        if now is not None:
            mailbox.now = now
        if self._state.name == NOWHERE and event != START:
            mailbox.queue.append((self, START, None, None))
        mailbox.running = True
        try:
            if mailbox.queue:
                mailbox.drain()
            found = self.take(event, payload, None)
            if mailbox.queue or mailbox.ahead:
                mailbox.drain()
        finally:
            mailbox.running = False
        if mailbox.failures:
            mailbox.raise_failures()
        if found.verdict == "refused":
            command = self.chart.events[event].origin[0]
            # Rows of this very command may stand in the state, with guards that do not hold.
            others = [name for name in self.possible if name != command]
            raise LocalProtocolError(command, self.state, others, machine=self.label)
        return found

    def take(self, event: str, payload: object, cause: int | None) -> Step:
        """One step: decide, commit the state, write the row, run the effects. The mailbox calls this, nobody else."""
        before = self._state
        if before.name == NOWHERE and event != START:
            return self._enter_before(event, payload, cause)
        binding = self.binding
        self._payload = payload
        try:
            if binding.walk is None:
                cell = before.cells[event]
                found = cell if isinstance(cell, Step) else decide(cell, self._holds)
            else:
                found = binding.walk(before.name, event, self._holds)
        except KeyError:
            raise LocalProtocolError(event, before.shown, before.expected, machine=self.label) from None
        self._state = found.to or binding.table.states[found.state]
        self._payload = None
        mailbox = self.mailbox
        mailbox.row = number = mailbox.row + 1
        if self.trace is not None:
            self.trace.append(TraceRow(number, cause, mailbox.now, self, event, payload, before.name, found))
        if found.effects:
            deeds = binding.deeds[found.index] if found.index >= 0 else binding.deeds_of(found.effects)
            self._act(deeds, event, payload, number)
        elif found.row is None:
            self._account(found, event, payload, cause)
        if self._postponed and self._state is not before:
            mailbox.ahead.extend(reversed(self._postponed))
            self._postponed = None
        if mailbox.own:
            mailbox.settle()
        return found

    def _holds(self, guard: str) -> object:
        try:
            return self.binding.guards[guard](self.context, self._payload)
        except Exception as error:
            # A guard that fails does not hold; the failure is told, and the trace has the value that was used.
            self._failed(guard, error, "", None)
            return False

    def _act(self, deeds: list[Deed], event: str, payload: object, number: int) -> None:
        mailbox = self.mailbox
        mailbox.stepping = self
        mailbox.cause = number
        try:
            for deed in deeds:
                try:
                    deed.run(self, payload)
                except Exception as error:
                    self._failed(deed.name, error, event, number)
        finally:
            mailbox.stepping = None
            mailbox.cause = None

    def _account(self, found: Step, event: str, payload: object, cause: int | None) -> None:
        if found.verdict == "postponed":
            if self._postponed is None:
                self._postponed = []
            self._postponed.append((self, event, payload, cause))
        elif found.verdict == "impossible":
            self.mailbox.impossible += 1

    def _failed(self, name: str, error: Exception, event: str, number: int | None) -> None:
        # A chart that fails again while it hears of a failure does not hear of that one too.
        if EFFECT_FAILED in self.chart.events and event != EFFECT_FAILED:
            self.mailbox.own.append((self, EFFECT_FAILED, error, number))
        else:
            self.mailbox.failed(self, name, error)

    def _enter_before(self, event: str, payload: object, cause: int | None) -> Step:
        """The first event of a machine that was not started: it enters its initial state, and then takes the event."""
        if event not in self.chart.events:
            raise LocalProtocolError(event, self.state, self._state.expected, machine=self.label)
        self.mailbox.ahead.append((self, event, payload, cause))
        return self.take(START, None, cause)

    def expire(self, now: Seconds) -> None:
        """Fire what is due in the mailbox, for every machine that shares it."""
        self.mailbox.expire(now)

    def next_deadline(self) -> Seconds | None:
        """When to call `expire` next, or None when no timer of the mailbox runs."""
        return self.mailbox.next_deadline()

    def snapshot(self, now: Seconds | None = None, *, dump: Convert | None = None) -> Plain:
        """The machine as plain data, with what each timer has left. `dump` makes plain data of waiting payloads.

        Raises RuntimeError in the middle of a step: what is half done cannot be kept.
        """
        mailbox = self.mailbox
        if mailbox.running:
            raise RuntimeError(f"{self.label} cannot be kept while it or another machine steps")
        moment = mailbox.now if now is None else now
        saved = Saved(
            state=self._state.name,
            timers={timer: deadline - moment for timer, deadline in self.deadlines.items()},
            grown=dict(self._grown or {}),
            parameters=dict(self._overrides or {}),
            postponed=[(event, payload) for _, event, payload, _ in self._postponed or ()],
            queued=[(event, payload) for machine, event, payload, _ in mailbox.queue if machine is self],
        )
        return to_plain(saved, self.chart, self.label, self.session, dump)

    @classmethod
    def restore(
        cls,
        chart: Chart | Binding,
        data: Mapping[str, object],
        *,
        now: Seconds = 0.0,
        revive: Convert | None = None,
        guards: Mapping[str, Predicate] | None = None,
        effects: Mapping[str, Action] | None = None,
        sends: Mapping[str, Action] | None = None,
        emit: Emit | None = None,
        context: object = None,
        mailbox: Mailbox | None = None,
        parameters: Mapping[str, Seconds] | None = None,
        trace: Trace | None = None,
        engine: str | None = None,
    ) -> Machine:
        """A machine as it was kept: its timers go on with what they had left. Nothing is entered or run again.

        Raises ValueError when the snapshot is of another chart, version or role.
        """
        binding = bound(chart, guards, effects, sends, emit, parameters, engine)
        saved = from_plain(data, binding.chart, revive)
        label, session = str(data["label"]), str(data["session"])
        machine = cls(binding, context=context, mailbox=mailbox, label=label, session=session, trace=trace)
        machine._take_back(saved, now)
        return machine

    def _take_back(self, saved: Saved, now: Seconds) -> None:
        self._state = self.binding.table.states[saved.state]
        self._grown = dict(saved.grown) or None
        self._overrides = dict(saved.parameters) or None
        mailbox = self.mailbox
        mailbox.now = now
        for name, left in saved.timers.items():
            self._wait(mailbox.timers, name, now, left)
        self._postponed = [(self, event, payload, None) for event, payload in saved.postponed]
        mailbox.queue.extend((self, event, payload, None) for event, payload in saved.queued)

    def _repr_html_(self) -> str:
        """A picture for notebooks; a table where the drawing wing is not installed."""
        waiting = ", ".join(event for _, event, _, _ in self._postponed or ())
        timers = ", ".join(f"{timer} at {deadline:g} s" for timer, deadline in self.deadlines.items())
        row = (self.state, waiting, timers)
        return picture(self) or table(f"{self.label} ({self.chart.id})", ("state", "postponed", "timers"), [row])

    def set_parameter(self, name: str, seconds: Seconds) -> None:
        """Give this one machine another value of a parameter, for the timers that it starts from now on."""
        if name not in self.chart.parameters:
            raise KeyError(f"{self.chart.id} has no parameter {name}")
        self._overrides = {**(self._overrides or {}), name: seconds}

    def fired(self, timer: str) -> str:
        """The event that a timer raises."""
        return self.chart.timers[timer].event

    def rung(self, timer: str) -> None:
        """A timer has come up: its event is queued. The timers call this, nobody else."""
        self.mailbox.queue.append((self, self.fired(timer), None, None))

    def start_timer(self, plan: TimerPlan) -> None:
        """Start a timer, from the beginning if it runs. An effect calls this, nobody else."""
        name, seconds, mailbox = plan.name, plan.seconds, self.mailbox
        self._stop(mailbox.timers, name)
        if self._overrides is not None:
            seconds = plan.timer.after.seconds({**self.binding.parameters, **self._overrides})
        if plan.grow != 1.0:
            self._grown = self._grown or {}
            seconds = self._grown.get(name, seconds)
            self._grown[name] = min(seconds * plan.grow, plan.cap)
        self._wait(mailbox.timers, name, mailbox.now, seconds)

    def cancel_timer(self, name: str) -> None:
        """Cancel a timer, if it runs. An effect calls this, nobody else."""
        self._stop(self.mailbox.timers, name)
