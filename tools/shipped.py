"""Which crates end up in the functions' binaries."""

import re
import subprocess
from pathlib import Path

Crate = tuple[str, str]
"""A crate's name and version."""


def functions(root: Path) -> list[str]:
    """The functions, by their folders."""
    return sorted(path.name for path in (root / "functions").iterdir())


def shipped(root: Path, triple: str) -> set[Crate]:
    """The crates that the functions are linked from, with the features that they are built with.

    Crates that run at build time are not among them: procedural macros, build scripts, tests, and what those need.
    """
    printed = subprocess.run(
        ["cargo", "tree", "--locked", "--target", triple, "--edges", "normal,no-proc-macro", "--prefix", "none",
         "--format", "{p}", *(f"--package={function}" for function in functions(root))],
        cwd=root, stdout=subprocess.PIPE, text=True, check=True,
    ).stdout
    return set(re.findall(r"^(\S+) v(\S+)", printed, re.MULTILINE))
