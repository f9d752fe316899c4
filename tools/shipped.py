"""Lists the crates that are linked into the functions' binaries."""

import re
import subprocess
from pathlib import Path

Crate = tuple[str, str]
"""Name and version of a crate."""


def functions(root: Path) -> list[str]:
    """Names of the functions, which are the names of their folders."""
    return sorted(path.name for path in (root / "functions").iterdir())


def shipped(root: Path, triple: str) -> set[Crate]:
    """Crates that the functions are linked from, with the enabled features.

    Excludes crates that only run at build time: procedural macros, build scripts, tests, and their dependencies.
    """
    output = subprocess.run(
        ["cargo", "tree", "--locked", "--target", triple, "--edges", "normal,no-proc-macro", "--prefix", "none",
         "--format", "{p}", *(f"--package={function}" for function in functions(root))],
        cwd=root, stdout=subprocess.PIPE, text=True, check=True,
    ).stdout
    return set(re.findall(r"^(\S+) v(\S+)", output, re.MULTILINE))
