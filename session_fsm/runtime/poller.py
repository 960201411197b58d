"""Wakes the owner of a socket when it can be read, has an error to tell, or can be written again.

All sockets of a user agent share one epoll, and the event loop watches that one. Two reasons. A wake-up of the loop
serves every socket that is ready, which matters with a socket a call. And uvloop drops the watch of a socket for ever
once the kernel reports an error on it, as an ICMP message does; the epoll itself never has one.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from typing import Protocol

OnReadable = Callable[[bool, bool], None]
"f(failed, alone): whether an error is to be told, and whether nothing else is ready."

OnWritable = Callable[[], None]

AT_ONCE = 64  # datagrams read in one wake-up, so that timers and tasks get their turn in between


class Poller(Protocol):
    """Watches sockets of one event loop."""

    def watch(self, fd: int, on_readable: OnReadable, on_writable: OnWritable) -> None:
        """Call `on_readable(failed, alone)` whenever a datagram waits, which it reads, or an error does."""

    def watch_writing(self, fd: int, wanted: bool) -> None:
        """Also call `on_writable` while there is room, or stop to."""

    def forget(self, fd: int) -> None:
        """Stop watching; must come before the socket is closed."""

    def close(self) -> None:
        """Release everything."""


class EpollPoller:
    """One epoll for all sockets, inside the event loop's own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._epoll = select.epoll()
        self._watched: dict[int, tuple[OnReadable, OnWritable]] = {}
        loop.add_reader(self._epoll.fileno(), self._wake)

    def watch(self, fd: int, on_readable: OnReadable, on_writable: OnWritable) -> None:
        """Call `on_readable(failed, alone)` whenever a datagram waits, which it reads, or an error does."""
        self._watched[fd] = (on_readable, on_writable)
        self._epoll.register(fd, select.EPOLLIN)

    def watch_writing(self, fd: int, wanted: bool) -> None:
        """Also call `on_writable` while there is room, or stop to."""
        self._epoll.modify(fd, select.EPOLLIN | select.EPOLLOUT if wanted else select.EPOLLIN)

    def forget(self, fd: int) -> None:
        """Stop watching; must come before the socket is closed."""
        if self._watched.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def close(self) -> None:
        """Release everything."""
        if not self._epoll.closed:
            self._loop.remove_reader(self._epoll.fileno())
            self._watched.clear()
            self._epoll.close()

    def _wake(self) -> None:
        """Let each that is ready read one datagram, and ask again: that costs less than to read where nothing waits."""
        served = 0
        while served < AT_ONCE and not self._epoll.closed:
            ready = self._epoll.poll(0, AT_ONCE)
            if not ready:
                return
            for fd, mask in ready:
                self._serve(fd, mask, len(ready) == 1)
            served += len(ready)

    def _serve(self, fd: int, mask: int, alone: bool) -> None:
        # One that was served before may have closed this one.
        owner = self._watched.get(fd)
        if owner is None:
            return
        if mask != select.EPOLLOUT:
            owner[0](mask & select.EPOLLERR != 0, alone)
        if mask & select.EPOLLOUT and fd in self._watched:
            owner[1]()


class LoopPoller:
    """Each socket watched by the event loop itself: for systems that have no epoll."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._watched: dict[int, OnWritable] = {}

    def watch(self, fd: int, on_readable: OnReadable, on_writable: OnWritable) -> None:
        """Call `on_readable(failed, alone)` whenever a datagram waits, which it reads, or an error does."""
        self._watched[fd] = on_writable
        # The loop does not tell whether there is an error or somebody else, so the owner looks each time.
        self._loop.add_reader(fd, on_readable, True, False)

    def watch_writing(self, fd: int, wanted: bool) -> None:
        """Also call `on_writable` while there is room, or stop to."""
        if wanted:
            self._loop.add_writer(fd, self._watched[fd])
        else:
            self._loop.remove_writer(fd)

    def forget(self, fd: int) -> None:
        """Stop watching; must come before the socket is closed."""
        if self._watched.pop(fd, None) is not None:
            self._loop.remove_reader(fd)
            self._loop.remove_writer(fd)

    def close(self) -> None:
        """Release everything."""
        for fd in list(self._watched):
            self.forget(fd)


def make_poller(loop: asyncio.AbstractEventLoop) -> Poller:
    """The best poller that this system has."""
    return EpollPoller(loop) if hasattr(select, "epoll") else LoopPoller(loop)
