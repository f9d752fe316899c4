"""The payment gateway of the deployment: the project's payment sandbox as a separate process."""

import json
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from polling import eventually
from processes import Process, free_port


class Payments:
    """A payment gateway. Its URL is known before it starts, because it is a parameter of the deployment."""

    def __init__(self, local: Path, folder: Path) -> None:
        self._local = local
        self._log = folder / "payments.log"
        self._process: Process | None = None
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self, key: str, webhook_secret: str, webhook_url: str) -> None:
        """Starts the gateway, which sends its webhooks to `webhook_url`."""
        command = [self._local, "payments", "--port", str(self._port), "--key", key]
        command += ["--webhook-secret", webhook_secret, "--webhook-url", webhook_url]
        self._process = Process(command, {}, self._log)
        eventually("the payment sandbox is listening", lambda: "http://" in self._output())

    def ledger(self) -> dict[str, Any]:
        """The sandbox's own record of charges and refunds."""
        with urllib.request.urlopen(f"{self.url}/sandbox/ledger", timeout=30) as response:
            return json.load(response)

    def pay(self, intent: str, card: str) -> None:
        """Pays a payment intent, as the buyer's browser does."""
        form = urllib.parse.urlencode({"payment_method": card}).encode()
        with urllib.request.urlopen(f"{self.url}/sandbox/payment_intents/{intent}/pay", form, timeout=30):
            pass

    def stop(self) -> None:
        """Stops the gateway if it is running."""
        if self._process is not None:
            self._process.stop()

    def _output(self) -> str:
        assert self._process is not None and self._process.is_running(), self._log.read_text()
        return self._process.output()
