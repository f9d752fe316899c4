"""The secrets of a deployment, as the project's own command makes them and as it says how to create them."""

import base64
import json
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from processes import run

STAGE = "dev"
CREATION = re.compile(r"aws secretsmanager create-secret --name (\S+) --secret-string file://(\S+)")


class Secrets:
    """What is secret about one stage. Values are in files, whose folder the command knows, until they are on AWS."""

    def __init__(self, local: Path, template: Path, folder: Path, manager: Any) -> None:
        self._local = local
        self._template = template
        self._folder = folder
        self._manager = manager

    def make(self, of_gateway: Mapping[str, str]) -> None:
        """Makes the first ones; the payment gateway's are written where the command asks for them, by parts of their
        names."""
        said = self._command("secrets", "--template", str(self._template))
        for name, file in CREATION.findall(said):
            for part, value in of_gateway.items():
                if part in name:
                    Path(file).write_text(value)
        self._create(said)

    def rotate_signing_key(self) -> None:
        """Takes the next step with the keys that sign tokens."""
        self._create(self._command("keys", "rotate"))

    def deployed(self) -> None:
        """Notes that the last step is deployed."""
        self._command("keys", "deployed")

    def replace(self, name: str) -> str:
        """A new value of 32 random bytes, under a new name: it is given back."""
        new = f"{name}-{secrets.token_hex(4)}"
        value = base64.b64encode(secrets.token_bytes(32)).decode()
        self._manager.create_secret(Name=new, SecretString=value)
        return new

    def value(self, name: str) -> str:
        """What a secret holds."""
        return self._manager.get_secret_value(SecretId=name)["SecretString"]

    def parameters(self) -> dict[str, str]:
        """What the next deployment is told of the keys that sign tokens: names, and public halves."""
        return json.loads((self._folder / STAGE / "parameters.yaml").read_text())

    def _command(self, *arguments: str) -> str:
        return run([self._local, *arguments, "--stage", STAGE, "--deployments", self._folder], {})

    def _create(self, said: str) -> None:
        """Does what the command says."""
        for name, file in CREATION.findall(said):
            self._manager.create_secret(Name=name, SecretString=Path(file).read_text())
            Path(file).unlink()
