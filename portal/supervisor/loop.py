"""The supervisor's loop: one thread that forwards lines, restarts what ended and stops in order."""

from __future__ import annotations

import selectors
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from portal.supervisor.child import Child, ChildSpec

# How long one turn waits for output; also how late a signal or an end is noticed.
TURN_SECONDS = 0.2
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class GaveUp(Exception):
    """A child ended again and again. `name`, how often (`times`), and its last line."""

    def __init__(self, name: str, times: int, last_line: str) -> None:
        super().__init__(name)
        self.name = name
        self.times = times
        self.last_line = last_line


@dataclass(frozen=True)
class RestartPolicy:
    """When an ended child starts again: after `first_seconds`, doubling up to `longest_seconds`.

    A child that ran `steady_seconds` counts as healthy again. After `limit` ends without a healthy
    time between them the supervisor gives up: a sentence a person reads beats a loop nobody sees.
    """

    first_seconds: float = 0.5
    longest_seconds: float = 30.0
    steady_seconds: float = 60.0
    limit: int = 5

    def delay(self, failures: int) -> float:
        """Seconds to wait after this many ends in a row."""
        return float(min(self.first_seconds * 2 ** (failures - 1), self.longest_seconds))


@dataclass
class _Watch:
    """A child with the supervisor's memory of it; times are of the monotonic clock."""

    child: Child
    failures: int = 0
    started_at: float = 0.0
    start_at: float | None = None


class Supervisor:
    """Runs children until SIGINT, SIGTERM or SIGHUP. `say(name, line)` receives every line."""

    def __init__(
        self,
        specs: Sequence[ChildSpec],
        run_folder: Path,
        say: Callable[[str, str], None],
        policy: RestartPolicy | None = None,
    ) -> None:
        self._watches = [_Watch(Child(spec, run_folder)) for spec in specs]
        self._say = say
        self._policy = policy or RestartPolicy()
        self._selector = selectors.DefaultSelector()
        self._requests = 0

    def run(self, on_ready: Callable[[], None]) -> None:
        """Start the children in order, call `on_ready`, watch, and stop them in reverse order.

        Returns after a stop signal, or when nobody listens to `say` any more (OSError). Raises
        GaveUp, OSError when a program is missing, and whatever `on_ready` raises; in each case
        every child has ended before.
        """
        with self._signals():
            try:
                if self._start_all():
                    on_ready()
                while not self._requests:
                    self._turn()
            finally:
                self._stop_all()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        previous = {number: signal.signal(number, self._request) for number in STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _request(self, number: int, frame: FrameType | None) -> None:
        # A second request means «now»: the waiting for farewells is cut short.
        self._requests += 1

    def _tell(self, name: str, line: str) -> None:
        try:
            self._say(name, line)
        except OSError:
            # The terminal or the pipe is gone (`handover up | head`): the same as being asked to
            # stop, and stopping must not fail for want of a listener.
            self._say = _silence
            self._requests += 1

    def _start_all(self) -> bool:
        for watch in self._watches:
            self._start(watch)
            ready = watch.child.spec.ready
            while not self._requests and ready is not None and not ready():
                self._turn()
            if self._requests:
                return False
        return True

    def _start(self, watch: _Watch) -> None:
        watch.child.start()
        watch.started_at = time.monotonic()
        watch.start_at = None
        self._selector.register(watch.child.output, selectors.EVENT_READ, watch.child)

    def _turn(self) -> None:
        self._forward(TURN_SECONDS)
        now = time.monotonic()
        for watch in self._watches:
            if watch.child.pid is None:
                continue
            if watch.start_at is not None and now >= watch.start_at:
                self._start(watch)
            elif watch.start_at is None and watch.child.status is not None:
                self._note_end(watch, now)

    def _forward(self, wait: float) -> None:
        for key, _ in self._selector.select(wait):
            child: Child = key.data
            lines = child.read_lines()
            if lines is None:
                self._selector.unregister(key.fd)
            for line in lines or ():
                self._tell(child.spec.name, line)

    def _note_end(self, watch: _Watch, now: float) -> None:
        self._drain(watch.child)
        name, status = watch.child.spec.name, watch.child.status
        if now - watch.started_at >= self._policy.steady_seconds:
            watch.failures = 0
        watch.failures += 1
        watch.child.kill()
        if watch.failures >= self._policy.limit:
            raise GaveUp(name, watch.failures, watch.child.last_line)
        delay = self._policy.delay(watch.failures)
        watch.start_at = now + delay
        self._tell(name, f"ended ({_manner(status)}); starting again in {delay:g} s")

    def _drain(self, child: Child) -> None:
        if child.output not in self._selector.get_map():
            return
        while lines := child.read_lines():
            for line in lines:
                self._tell(child.spec.name, line)
        self._selector.unregister(child.output)

    def _stop_all(self) -> None:
        # Reverse order: the web server takes no more work, the worker finishes what it has, and
        # the broker ends when nobody needs it.
        for watch in reversed(self._watches):
            try:
                self._stop(watch)
            finally:
                watch.child.kill()
                watch.child.close()
        self._selector.close()

    def _stop(self, watch: _Watch) -> None:
        asked = self._requests
        watch.child.ask_to_end()
        until = time.monotonic() + watch.child.spec.stop_seconds
        while watch.child.status is None and time.monotonic() < until:
            if self._requests > max(asked, 1):
                return
            self._forward(TURN_SECONDS / 4)
        if watch.child.status is None:
            self._tell(watch.child.spec.name, "did not end in time and is killed")


def _silence(name: str, line: str) -> None:
    """The listener after the listener has gone."""


def _manner(status: int | None) -> str:
    if status is not None and status < 0:
        return f"signal {signal.Signals(-status).name}"
    return f"status {status}"
