"""The secrets of a deployment, as an operator makes and rotates them."""

import base64
import json
import secrets
from pathlib import Path
from typing import Any

from processes import run

STAGE = "dev"


class Keys:
    """The keys that sign tokens, rotated by the project's own command."""

    def __init__(self, local: Path, folder: Path) -> None:
        self._local = local
        self._folder = folder

    def init(self) -> dict[str, str]:
        """Makes the first key: what is to be deployed."""
        return self._step("init")

    def rotate(self) -> dict[str, str]:
        """Takes the next step: what is to be deployed."""
        return self._step("rotate")

    def deployed(self) -> None:
        """Notes that it was."""
        self._step("deployed")

    def _step(self, step: str) -> dict[str, str]:
        run([self._local, "keys", step, "--stage", STAGE, "--deployments", self._folder], {})
        return json.loads((self._folder / STAGE / "parameters.yaml").read_text())


def random_key() -> str:
    """32 random bytes in base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def keep(secrets_manager: Any, name: str, value: str) -> str:
    """Keeps a secret under a new name, which is what the deployment is told."""
    secrets_manager.create_secret(Name=name, SecretString=value)
    return name
