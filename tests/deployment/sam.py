"""The AWS SAM CLI, called as an operator calls it."""

import json
from collections.abc import Mapping
from pathlib import Path

from local_aws import LocalAws
from processes import run
from release import Release

STACK = "agora-dev"
"""Name of the stack in `samconfig.toml`."""


class Sam:
    """`sam` against the AWS emulator."""

    def __init__(self, program: Path, aws: LocalAws) -> None:
        self._program = program
        self._aws = aws

    def deploy(self, release: Release, parameters: Mapping[str, str]) -> None:
        """Deploys a release. Parameters that are not named keep their values."""
        file = release.folder / "parameters.yaml"
        file.write_text(json.dumps(dict(parameters)))
        self._run(
            release.folder,
            "deploy",
            "--no-confirm-changeset",
            "--no-fail-on-empty-changeset",
            "--parameter-overrides",
            f"file://{file}",
        )

    def delete(self, release: Release) -> None:
        """Deletes the stack."""
        self._run(release.folder, "delete", "--no-prompts")

    def _run(self, folder: Path, *arguments: str) -> None:
        run([self._program, *arguments], self._aws.environment(), folder)
