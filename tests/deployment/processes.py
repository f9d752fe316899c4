"""Processes that end with the test, however it ends."""

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

GRACE = 20.0
"""Seconds that a process is given to end by itself."""


class Process:
    """A process with all that it starts, and a file with what it says."""

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, env=environment, stdout=output, stderr=output, start_new_session=True
            )

    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def said(self) -> str:
        """What it said so far."""
        return self.log.read_text(errors="replace")

    def stop(self) -> None:
        """Ends it with all that it started: asked first, then killed."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            pass
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        # Its own session is its own group, and children that it leaves behind stay in that.
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            pass


def run(command: Sequence[str | Path], environment: Mapping[str, str], folder: Path | None = None) -> str:
    """Runs a command to its end, which must be a success; gives back what it said."""
    ran = subprocess.run(
        command, env=environment, cwd=folder, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert ran.returncode == 0, f"{' '.join(map(str, command))} fails:\n{ran.stdout}"
    return ran.stdout


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
