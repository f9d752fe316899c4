"""Gap: nothing is encrypted between the functions and the emulator, which are on one machine.

The queues refuse whoever speaks to them in the clear, and the emulator enforces that. Here every request counts as
encrypted, so that this one condition is not shown; all other conditions of all policies are.
"""

from ministack import app


def close() -> None:
    """Wraps where the emulator notes how a request came."""
    pin = app.pin_request_origin

    def pin_as_encrypted(source: str, _encrypted: bool) -> None:
        pin(source, True)

    app.pin_request_origin = pin_as_encrypted
