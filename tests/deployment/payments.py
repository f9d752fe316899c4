"""The payment gateway of the deployment: the project's sandbox, alone."""

import json
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from processes import Process, free_port
from waiting import eventually


class Payments:
    """A payment gateway at an address that is known before it runs: the deployment is told it."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._log = folder / "payments.log"
        self._process: Process | None = None
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"

    def open(self, key: str, webhook_secret: str, webhook_url: str) -> None:
        """Begins to take payments; what happens to them is told to `webhook_url`."""
        command = [self._program, "payments", "--port", str(self._port), "--key", key]
        command += ["--webhook-secret", webhook_secret, "--webhook-url", webhook_url]
        self._process = Process(command, {}, self._log)
        eventually("the payment sandbox answers", lambda: "http://" in self._said())

    def ledger(self) -> dict[str, Any]:
        """What was really charged."""
        with urllib.request.urlopen(f"{self.url}/sandbox/ledger", timeout=30) as answer:
            return json.load(answer)

    def pay(self, intent: str, card: str) -> None:
        """Pays, as the buyer's browser would."""
        form = urllib.parse.urlencode({"payment_method": card}).encode()
        with urllib.request.urlopen(f"{self.url}/sandbox/payment_intents/{intent}/pay", form, timeout=30):
            pass

    def close(self) -> None:
        """Ends it."""
        if self._process is not None:
            self._process.stop()

    def _said(self) -> str:
        assert self._process is not None and self._process.is_running(), self._log.read_text()
        return self._process.said()
