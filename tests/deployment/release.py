"""What is deployed: the template of the repository as it is, beside built functions."""

import hashlib
import json
import os
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
FILES = ["template.yaml", "samconfig.toml"]


class Release:
    """A folder that `sam deploy` is started in. The repository's own is left alone, so that a release can differ."""

    def __init__(self, folder: Path, functions: Path) -> None:
        """Takes the functions from a folder that has a program for each, or a folder with a `bootstrap`."""
        self.folder = folder
        folder.mkdir()
        for name in FILES:
            shutil.copyfile(REPOSITORY / name, folder / name)
        for function in (REPOSITORY / "functions").iterdir():
            target = self.program(function.name)
            target.parent.mkdir(parents=True)
            built = functions / function.name
            place(built if built.is_file() else built / "bootstrap", target)

    def program(self, function: str) -> Path:
        """Where a function's code is."""
        return self.folder / "target" / "lambda" / function / "bootstrap"

    def configured(self, stage: str) -> dict[str, str]:
        """The parameters that `samconfig.toml` has for a stage, but for those of a file."""
        configuration = tomllib.loads((self.folder / "samconfig.toml").read_text())
        environment = "default" if stage == "dev" else stage
        overrides = configuration[environment]["deploy"]["parameters"]["parameter_overrides"]
        return dict(pair.split("=", 1) for pair in overrides if not pair.startswith("file:"))

    def fingerprint(self, parameters: Mapping[str, str]) -> None:
        """Notes beside the code what it is deployed with.

        SAM publishes a version of a function, which is what the API and the queues invoke, only if its code is new; so
        a parameter that changes has to change the code.
        """
        digest = hashlib.sha256(json.dumps(dict(parameters), sort_keys=True).encode()).hexdigest()
        for function in (self.folder / "target" / "lambda").iterdir():
            (function / "fingerprint").write_text(digest)

    def changed(self, folder: Path, function: str) -> "Release":
        """A release in which the code of one function differs, and does the same: what follows the end of a program is
        no part of it."""
        release = Release(folder, self.folder / "target" / "lambda")
        program = release.program(function)
        code = program.read_bytes()
        program.unlink()
        program.write_bytes(code + b"\nchanged")
        program.chmod(0o755)
        return release


def place(built: Path, target: Path) -> None:
    """Puts a built program where it belongs, without a copy if that is possible."""
    try:
        os.link(built, target)
    except OSError:
        shutil.copy2(built, target)
