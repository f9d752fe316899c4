"""Minimal base images from files of this machine, because the tests do not use a registry."""

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from buildah import Buildah

RUNTIME_FOLDER = "/var/runtime"
"""`LAMBDA_RUNTIME_DIR` of AWS's base images."""

ENTRY_POINT = "/lambda-entrypoint.sh"
"""Entry point of AWS's base images, which runs the program in `LAMBDA_RUNTIME_DIR`."""

SHARED_LIBRARY = re.compile(r"(/\S+) \(0x")
"""Path of a shared library in the output of `ldd`."""

COMMANDS = ["bash", "cp", "mkdir", "rm"]
"""Programs that the compiling stage runs, besides those that `STAND_INS` replaces."""

STAND_INS = {
    "apt-get": 'echo "apt-get $*"',
    "rustup": '[ "$1 $2" = "target add" ] && echo "$3" > /target',
    # Writes what it received into the program: its arguments, the added target, and a file of the sources.
    "make": "mkdir -p target/lambda/api-orders\n"
    '{ echo "make $*"; echo "$(< /target)"; echo "$(< functions/api-orders/Cargo.toml)"; } '
    "> target/lambda/api-orders/bootstrap",
}
"""Scripts in place of programs that need minutes or a network."""


def runtime(buildah: Buildah, folder: Path, tag: str, program: Path) -> None:
    """Builds an image like AWS's `provided.al2023`, with the shared libraries of a program only."""
    copy_files(shared_libraries(program), folder / "root")
    lines = [
        "FROM scratch",
        "COPY root /",
        f"ENV LAMBDA_RUNTIME_DIR={RUNTIME_FOLDER}",
        f'ENTRYPOINT ["{ENTRY_POINT}"]',
    ]
    (folder / "Dockerfile").write_text("\n".join(lines))
    buildah.build(folder, tag)


def rust(buildah: Buildah, folder: Path, tag: str) -> None:
    """Builds an image with the commands of the compiling stage, most of which are stand-ins."""
    root = folder / "root"
    programs = [Path(shutil.which(command)) for command in COMMANDS]
    copy_files({library for program in programs for library in shared_libraries(program)}, root)
    commands = root / "bin"
    commands.mkdir(parents=True, exist_ok=True)
    for program in programs:
        shutil.copy(program, commands / program.name)
    for name, script in STAND_INS.items():
        (commands / name).write_text(f"#!/bin/bash -e\n{script}\n")
        (commands / name).chmod(0o755)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY root /\nENV PATH=/bin\n")
    buildah.build(folder, tag)


def shared_libraries(program: Path) -> set[Path]:
    """Shared libraries that a program loads, with the loader."""
    output = subprocess.run(["ldd", program], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {Path(path) for path in SHARED_LIBRARY.findall(output)}


def copy_files(files: Iterable[Path], root: Path) -> None:
    """Copies files to the same paths below `root`."""
    for file in files:
        copy = root / file.relative_to("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
