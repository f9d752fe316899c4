"""Buildah, which builds and runs images without a daemon."""

import hashlib
import json
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class File:
    """A file in an image."""

    digest: str
    """SHA-256 of its contents."""
    mode: int
    owner: int


class Image:
    """A built image, in the OCI layout."""

    def __init__(self, layout: Path) -> None:
        self._blobs = layout / "blobs"
        index = json.loads((layout / "index.json").read_text())
        self._manifest = json.loads(self._blob(index["manifests"][0]).read_text())
        description = json.loads(self._blob(self._manifest["config"]).read_text())
        self.architecture: str = description["architecture"]
        self.config: dict[str, Any] = description["config"]

    def environment(self) -> dict[str, str]:
        """Environment variables of the image."""
        return dict(variable.split("=", 1) for variable in self.config["Env"])

    def files(self) -> dict[str, File]:
        """Regular files by their absolute path. Later layers replace files of earlier ones."""
        files = {}
        for layer in self._manifest["layers"]:
            with tarfile.open(self._blob(layer)) as archive:
                for entry in archive:
                    if entry.isfile():
                        content = archive.extractfile(entry).read()
                        file = File(hashlib.sha256(content).hexdigest(), entry.mode & 0o777, entry.uid)
                        files[f"/{entry.name.removeprefix('./')}"] = file
        return files

    def _blob(self, descriptor: dict[str, Any]) -> Path:
        return self._blobs / descriptor["digest"].replace(":", "/")


class Buildah:
    """The program `buildah`, with a separate storage."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Works without privileges and in containers.
        self._options = ["--root", folder / "storage", "--runroot", folder / "run", "--storage-driver", "vfs"]

    def build(
        self, folder: Path, tag: str, contexts: Mapping[str, Path] = MappingProxyType({}), **arguments: str
    ) -> None:
        """Builds the Dockerfile of a folder with named contexts and build arguments. Pulls no base image."""
        options = ["--isolation=chroot", "--pull=never", "--tag", tag]
        # The OCI format has no `SHELL`.
        options += ["--format=docker"]
        options += [f"--build-context={name}={context}" for name, context in contexts.items()]
        options += [f"--build-arg={name}={value}" for name, value in arguments.items()]
        completed = self._run("build", *options, folder)
        assert completed.returncode == 0, completed.stdout

    def image(self, tag: str) -> Image:
        """Exports an image."""
        layout = self._folder / tag.replace("/", "-").replace(":", "-")
        completed = self._run("push", tag, f"oci:{layout}:latest")
        assert completed.returncode == 0, completed.stdout
        return Image(layout)

    def run(self, tag: str, *command: str) -> tuple[int, str]:
        """Runs a command in a new container, as the user of the image; returns its exit status and output."""
        container = self._run("from", "--pull=never", tag).stdout.splitlines()[-1]
        completed = self._run("run", "--isolation", "chroot", container, "--", *command)
        return completed.returncode, completed.stdout

    def _run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["buildah", *self._options, *arguments],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
