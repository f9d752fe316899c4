"""Releases to deploy: the repository's template with built functions."""

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
    """A folder in which `sam deploy` runs: a copy of the repository's files, so that releases can differ."""

    def __init__(self, folder: Path, functions: Path) -> None:
        """`functions` is the folder of the built functions."""
        self.folder = folder
        folder.mkdir()
        for name in FILES:
            shutil.copyfile(REPOSITORY / name, folder / name)
        self._set_default_origin()
        for function in (REPOSITORY / "functions").iterdir():
            target = self.program(function.name)
            target.parent.mkdir(parents=True)
            link_or_copy(built_program(functions, function.name), target)

    def _set_default_origin(self) -> None:
        """Gives the parameter `CorsOrigin` its configured value as a default.

        The emulator runs SAM's transformation without parameters, and cannot create an API whose origins are
        still a reference. AWS runs it with parameters.
        """
        path, declaration = self.folder / "template.yaml", "  CorsOrigin:\n"
        text = path.read_text()
        assert text.count(declaration) == 1, "the template declares CorsOrigin once"
        default = f'{declaration}    Default: "{self.configured("dev")["CorsOrigin"]}"\n'
        path.write_text(text.replace(declaration, default))

    def program(self, function: str) -> Path:
        """Path of a function's program."""
        return self.folder / "target" / "lambda" / function / "bootstrap"

    def configured(self, stage: str) -> dict[str, str]:
        """Parameters of a stage in `samconfig.toml`, without those that it reads from a file."""
        configuration = tomllib.loads((self.folder / "samconfig.toml").read_text())
        environment = "default" if stage == "dev" else stage
        overrides = configuration[environment]["deploy"]["parameters"]["parameter_overrides"]
        return dict(pair.split("=", 1) for pair in overrides if not pair.startswith("file:"))

    def write_fingerprint(self, parameters: Mapping[str, str]) -> None:
        """Writes a digest of the parameters into the package of each function.

        SAM publishes a new version of a function, which the API and the queues invoke, only if its package
        changes. The digest changes the package when a parameter changes.
        """
        digest = hashlib.sha256(json.dumps(dict(parameters), sort_keys=True).encode()).hexdigest()
        for function in (self.folder / "target" / "lambda").iterdir():
            (function / "fingerprint").write_text(digest)

    def with_changed_code(self, folder: Path, function: str) -> "Release":
        """A release in which the program of one function has other bytes and the same behaviour.

        Data after the end of an executable is ignored.
        """
        release = Release(folder, self.folder / "target" / "lambda")
        program = release.program(function)
        code = program.read_bytes()
        program.unlink()
        program.write_bytes(code + b"\nchanged")
        program.chmod(0o755)
        return release


def built_program(functions: Path, function: str) -> Path:
    """Program of a function in the output of `cargo build` or of `make build`, which has a folder for each."""
    built = functions / function
    return built if built.is_file() else built / "bootstrap"


def link_or_copy(built: Path, target: Path) -> None:
    """Creates a hard link to a built program, or a copy if that is not possible."""
    try:
        os.link(built, target)
    except OSError:
        shutil.copy2(built, target)
