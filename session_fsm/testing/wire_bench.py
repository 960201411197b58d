"""Two user agents in processes of their own, and a relay between them that holds every datagram until it is told.

Nothing here sleeps: what is waited for is a line of a process, a datagram, or an absolute moment.
"""

from __future__ import annotations

import atexit
import io
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from session_fsm.machine import TraceRow, read_jsonl
from session_fsm.testing.datagram import Datagram

T1 = 0.05  # seconds: ten times as fast as the default
SPEED = T1 / 0.5
PATIENCE = 30.0  # seconds for a process to begin, or to do one thing
NAMES = ("alice", "bob")

Address = tuple[str, int]


@dataclass(slots=True)
class Side:
    """One process, and the relay's socket that it takes for the other side."""

    socket: socket.socket
    process: subprocess.Popen[bytes] | None = None
    address: Address = ("127.0.0.1", 0)
    unread: bytes = b""
    done: int = 0
    rows: list[TraceRow] = field(default_factory=list)
    earlier: set[str] = field(default_factory=set)
    "The sessions of earlier calls: what becomes of them is not told."
    faults: list[str] = field(default_factory=list)


class WireBench:
    """Made once for many runs, because a process takes half a second to begin. `close` ends both processes."""

    def __init__(self, folder: Path | None = None) -> None:
        self.sides = {name: Side(_open()) for name in NAMES}
        self.log: list[Datagram] = []
        "What was sent in the call that is going on."
        self.held: list[Datagram] = []
        self.holding = True
        self._call_id: str | None = None
        self._earlier: set[str | None] = set()
        self._selector = selectors.DefaultSelector()
        atexit.register(self.close)
        for name, side in self.sides.items():
            host, port = self.sides[self.other(name)].socket.getsockname()
            command = [sys.executable, "-m", "session_fsm.testing.wire_side", name, f"{host}:{port}", str(T1)]
            command += [str(folder)] if folder is not None else []
            side.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self._selector.register(side.socket, selectors.EVENT_READ, (name, "datagram"))
            self._selector.register(cast(Any, side.process.stdout), selectors.EVENT_READ, (name, "line"))
        self.pump(lambda: all(side.address[1] for side in self.sides.values()), PATIENCE)

    def close(self) -> None:
        """No process is left."""
        atexit.unregister(self.close)
        for side in self.sides.values():
            if side.process is not None:
                side.process.kill()
                side.process.communicate()
                side.process = None
            side.socket.close()
        self._selector.close()

    def renew(self) -> None:
        """Begin a new call: what is under way of earlier ones, and is sent again, passes by itself from now on."""
        self.release()
        self._earlier.add(self._call_id)
        self.log, self.held, self.holding, self._call_id = [], [], True, None
        for name, side in self.sides.items():
            self.ask(name, "forget")
            side.earlier |= {row.session for row in side.rows if row.session}
            side.rows, side.faults = [], []

    def ask(self, who: str, *words: str) -> bool:
        """Let one side do something, and everything settle. False when its process is gone."""
        side = self.sides[who]
        process = side.process
        if process is None or process.stdin is None or process.poll() is not None:
            return False
        for command in (list(words), ["settle"], ["settle"]):
            before = side.done
            try:
                process.stdin.write(json.dumps(command).encode() + b"\n")
                process.stdin.flush()
            except BrokenPipeError:
                return False
            if not self.pump(lambda before=before: side.done > before, PATIENCE):  # type: ignore[misc]
                return False
        return True

    def deliver(self, datagram: Datagram) -> None:
        """Hand a datagram over, and let its receiver settle."""
        who = self.receiver(datagram)
        self._send(datagram)
        self.ask(who, "settle")

    def refuse(self, who: str, seconds: float) -> None:
        """For so long nobody listens where one side sends to: its kernel hears so at once, and tells it."""
        side = self.sides[who]
        address = side.socket.getsockname()
        self._selector.unregister(side.socket)
        side.socket.close()
        self.pump(lambda: False, seconds)
        side.socket = _open(address)
        self._selector.register(side.socket, selectors.EVENT_READ, (who, "datagram"))
        self.ask(who, "settle")

    def stop(self, who: str, seconds: float) -> None:
        """For so long one side's process does nothing; then whatever was due meanwhile is overdue at once."""
        process = self.sides[who].process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGSTOP)
        try:
            self.pump(lambda: False, seconds)
        finally:
            process.send_signal(signal.SIGCONT)
        self.ask(who, "settle")

    def release(self) -> None:
        """Nothing is held from now on."""
        self.holding = False
        held, self.held = self.held, []
        for datagram in held:
            self._send(datagram)

    def pump(self, done: Callable[[], bool], seconds: float) -> bool:
        """Take in what comes until this is so; False when it is not so after so many seconds."""
        until = time.monotonic() + seconds
        while not done():
            left = until - time.monotonic()
            if left <= 0:
                return False
            for key, _ in self._selector.select(left):
                name, kind = key.data
                (self._carry if kind == "datagram" else self._listen)(name)
        return True

    def receiver(self, datagram: Datagram) -> str:
        """To whom it goes."""
        return next(name for name, side in self.sides.items() if side.address == datagram.destination)

    def other(self, who: str) -> str:
        """The other side."""
        return NAMES[1 - NAMES.index(who)]

    def _carry(self, who: str) -> None:
        """Everything that one side has sent."""
        side, to = self.sides[who], self.sides[self.other(who)]
        while True:
            try:
                data = side.socket.recv(65536)
            except OSError:
                return  # nothing more, or the process is gone
            datagram = Datagram(data, side.address, to.address, time.monotonic())
            message = datagram.message
            call_id = message.call_id if message is not None else None
            is_new = datagram.name == "INVITE" and call_id not in self._earlier
            if self._call_id is None and self.holding and is_new:
                self._call_id = call_id
            if call_id != self._call_id or not self.holding:
                self._send(datagram)
                continue
            self.log.append(datagram)
            self.held.append(datagram)

    def _send(self, datagram: Datagram) -> None:
        try:
            self.sides[self.receiver(datagram)].socket.sendto(datagram.data, datagram.destination)
        except OSError:
            return  # as a network loses it

    def _listen(self, who: str) -> None:
        side = self.sides[who]
        assert side.process is not None  # it was registered with its pipe
        assert side.process.stdout is not None
        data = os.read(side.process.stdout.fileno(), 1 << 16)
        if not data:
            self._selector.unregister(side.process.stdout)
            side.faults.append(f"{who}'s process ended")
            return
        *lines, side.unread = (side.unread + data).split(b"\n")
        for line in lines:
            self._told(who, json.loads(line))

    def _told(self, who: str, said: dict[str, Any]) -> None:
        side = self.sides[who]
        if "bound" in said:
            side.address = ("127.0.0.1", said["bound"])
        elif "done" in said:
            side.done += 1
        elif "fault" in said:
            side.faults.append(f"{who}: {said['fault']}")
        else:
            (row,) = read_jsonl(io.StringIO(json.dumps(said["row"])))
            call_id = row.payload.get("call_id") if isinstance(row.payload, dict) else None
            if call_id is not None and call_id in self._earlier and row.session:
                side.earlier.add(row.session)
            if row.session not in side.earlier:
                side.rows.append(row)


def _open(address: Address = ("127.0.0.1", 0)) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind(address)
    opened.setblocking(False)
    return opened
