"""Waiting for what happens by itself: asked again until it is there, within a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

PATIENCE = 120.0
"""Seconds that anything may take before a test gives up on it; a busy machine is slow, not wrong."""

BETWEEN = 1.0
"""Seconds between two questions: who asks the API more often than 100 times a minute is refused."""


def eventually(what: str, look: Callable[[], Found | None], patience: float = PATIENCE) -> Found:
    """What `look` finds, once it finds something.

    Fails, naming `what` was waited for, if it finds nothing in time.
    """
    deadline = time.monotonic() + patience
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience:.0f} s in vain: {what}")
        time.sleep(BETWEEN)
