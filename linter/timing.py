"""Where the time of a run goes: seconds by phase, told on request and never part of a result."""

import time
from collections.abc import Callable, Iterator


class Clock:
    """Adds up the time between laps under the name of the phase that has just ended."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._last = now()
        self.seconds: dict[str, float] = {}

    def __call__(self, phase: str) -> None:
        """Give the time since the last call to `phase`."""
        now = self._now()
        self.seconds[phase] = self.seconds.get(phase, 0.0) + now - self._last
        self._last = now

    def lines(self) -> Iterator[str]:
        """Yield one line for each phase in the order in which they began, and the sum."""
        total = sum(self.seconds.values())
        for phase, seconds in [*self.seconds.items(), ("in all", total)]:
            yield f"{seconds:8.3f} s  {seconds / total if total else 0:4.0%}  {phase}"


def unheard(phase: str) -> None:
    """Tell nobody: what stands in for a clock where nobody has asked for one."""
