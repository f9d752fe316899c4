"""Gap: functions call the emulator over HTTP without TLS.

The queue policies deny requests without TLS, and the emulator enforces them. Here every request counts as
encrypted, so the tests do not cover this condition. They cover all other conditions of the policies.
"""

from ministack import app


def close() -> None:
    """Wraps the emulator's record of the origin of a request."""
    original = app.pin_request_origin

    def pin_as_encrypted(source: str, _encrypted: bool) -> None:
        original(source, True)

    app.pin_request_origin = pin_as_encrypted
