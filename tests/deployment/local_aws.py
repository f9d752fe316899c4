"""The AWS emulator: it needs no account and no Docker, and listens on the loopback interface only."""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import boto3

from polling import eventually
from processes import Process, free_port

REGION = "eu-central-1"
HERE = Path(__file__).parent
SERVICES_OF_FUNCTIONS = ["DYNAMODB", "SQS", "SESV2"]


class LocalAws:
    """A running emulator that keeps its state in a folder."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        scratch = folder / "tmp"
        scratch.mkdir()
        self._process = Process(
            [sys.executable, "-B", HERE / "emulator.py"], self._settings(folder, scratch), folder / "aws.log"
        )

    def wait(self) -> None:
        """Waits until the emulator is healthy."""
        eventually("the AWS emulator is healthy", self._is_healthy)

    def stop(self) -> None:
        """Stops the emulator and the functions that it runs."""
        self._process.stop()

    def log(self) -> str:
        """Log of the emulator, which includes the logs of the functions."""
        return self._process.output()

    def client(self, service: str) -> Any:
        """A client of an AWS service with the credentials of the account."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def emails(self) -> list[dict[str, Any]]:
        """E-mails that SES accepted."""
        with urllib.request.urlopen(f"{self.url}/_ministack/ses/messages", timeout=30) as response:
            by_account = json.load(response)["messages"].values()
        return [email for emails in by_account for email in emails]

    def environment(self) -> dict[str, str]:
        """Environment in which a command-line tool uses the emulator instead of AWS."""
        return {
            **inherited("PATH", "HOME", "LANG", "VIRTUAL_ENV"),
            "AWS_ENDPOINT_URL": self.url,
            **self._endpoints(),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_TELEMETRY": "0",
        }

    def _settings(self, folder: Path, scratch: Path) -> dict[str, str]:
        return {
            **inherited("PATH", "LANG"),
            "HOME": str(folder),
            "TMPDIR": str(scratch),
            # The default is all interfaces.
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": REGION,
            "STATE_DIR": str(folder / "state"),
            "S3_DATA_DIR": str(folder / "s3"),
            # Enables IAM: each request must be signed and granted by a policy, including those of functions.
            "AUTH": "true",
            "AWS_ENDPOINT_URL": self.url,
            **self._endpoints(),
        }

    def _endpoints(self) -> dict[str, str]:
        # Functions inherit these variables.
        return {f"AWS_ENDPOINT_URL_{service}": self.url for service in SERVICES_OF_FUNCTIONS}

    def _is_healthy(self) -> bool:
        assert self._process.is_running(), self.log()
        try:
            with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=5) as response:
                return response.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


def inherited(*names: str) -> dict[str, str]:
    """The named variables of this process, if they are set. Credentials are not inherited."""
    return {name: os.environ[name] for name in names if name in os.environ}
