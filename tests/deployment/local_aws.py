"""AWS on this machine: no account, no Docker, nothing that other machines can reach."""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import boto3

from processes import Process, free_port
from waiting import eventually

REGION = "eu-central-1"
HERE = Path(__file__).parent
SERVICES_OF_FUNCTIONS = ["DYNAMODB", "SQS", "SESV2"]


class LocalAws:
    """A running emulator whose state is in a folder."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        scratch = folder / "tmp"
        scratch.mkdir()
        self._process = Process(
            [sys.executable, "-B", HERE / "emulator.py"], self._settings(folder, scratch), folder / "aws.log"
        )

    def wait(self) -> None:
        """Returns once it answers."""
        eventually("the local AWS answers", self._answers)

    def stop(self) -> None:
        """Ends it, with the functions that run in it."""
        self._process.stop()

    def said(self) -> str:
        """Its log, in which the functions' own lines are."""
        return self._process.said()

    def client(self, service: str) -> Any:
        """A client of one of its services, with the account's own credentials."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def letters(self) -> list[dict[str, Any]]:
        """The e-mails that were handed to SES, which AWS would have sent."""
        with urllib.request.urlopen(f"{self.url}/_ministack/ses/messages", timeout=30) as answer:
            of_accounts = json.load(answer)["messages"].values()
        return [letter for letters in of_accounts for letter in letters]

    def environment(self) -> dict[str, str]:
        """What a command line tool needs to use it, as it would need it for AWS."""
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
            # It would listen to the whole network otherwise.
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": REGION,
            "STATE_DIR": str(folder / "state"),
            "S3_DATA_DIR": str(folder / "s3"),
            # Requests are refused unless they are signed by somebody whose policies grant them: functions too, by their roles.
            "AUTH": "true",
            "AWS_ENDPOINT_URL": self.url,
            **self._endpoints(),
        }

    def _endpoints(self) -> dict[str, str]:
        # Functions inherit these from the emulator: they read an address for each service, and none for all of them.
        return {f"AWS_ENDPOINT_URL_{service}": self.url for service in SERVICES_OF_FUNCTIONS}

    def _answers(self) -> bool:
        assert self._process.is_running(), self.said()
        try:
            with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


def inherited(*names: str) -> dict[str, str]:
    """Those variables of this process, and no credentials that happen to be there."""
    return {name: os.environ[name] for name in names if name in os.environ}
