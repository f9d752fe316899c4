"""Child processes that are stopped at the end of the tests."""

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

STOP_TIMEOUT = 20.0
"""Seconds between SIGTERM and SIGKILL."""


class Process:
    """A process with its children, whose output is written to a log file."""

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, env=environment, stdout=output, stderr=output, start_new_session=True
            )

    def is_running(self) -> bool:
        """Returns true if the process has not exited."""
        return self._process.poll() is None

    def output(self) -> str:
        """Output so far."""
        return self.log.read_text(errors="replace")

    def stop(self) -> None:
        """Terminates the process and its children, and kills them after `STOP_TIMEOUT`."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            pass
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        # The process leads its own process group, which includes children that outlive it.
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            pass


def run(command: Sequence[str | Path], environment: Mapping[str, str], folder: Path | None = None) -> str:
    """Runs a command, fails if it does not succeed, and returns its output."""
    completed = subprocess.run(
        command,
        env=environment,
        cwd=folder,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert completed.returncode == 0, f"{' '.join(map(str, command))} failed:\n{completed.stdout}"
    return completed.stdout


def free_port() -> int:
    """A free port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
