"""Polling for results of background work."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

DEFAULT_TIMEOUT = 120.0
"""Seconds until a test fails. Generous, so that a busy machine does not fail it."""

POLL_INTERVAL = 1.0
"""Seconds between two polls. The API allows 100 reads a minute."""


def eventually(description: str, poll: Callable[[], Found | None], timeout: float = DEFAULT_TIMEOUT) -> Found:
    """Calls `poll` until it returns a truthy value, and returns that value.

    Fails with `description` at the timeout.
    """
    deadline = time.monotonic() + timeout
    while True:
        found = poll()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"timed out after {timeout:.0f} s: {description}")
        time.sleep(POLL_INTERVAL)
