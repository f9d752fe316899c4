"""Builds the functions in this folder and in a copy, and checks the guarantees of docs/building.md.

    make check-build                              all functions
    make check-build ONLY="api-meta api-orders"   two functions

Prints each violated guarantee, and exits with status 1 if there is any.
"""

import hashlib
import json
import os
import re
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from samcli.lib.package.utils import make_zip_with_lambda_permissions

from shipped import Crate, functions, shipped

# Limits. Lambda's `provided.al2023` has glibc 2.34; a binary that needs a newer one does not start.
MAX_ZIP_BYTES = 5_500_000
MAX_GLIBC = (2, 34)
# Exception class of Rust panics that unwind. (On arm64 it is encoded in several instructions and is not found.)
UNWIND_MARKER = b"MOZ\0RUST"
# Machine numbers in the ELF header.
MACHINES = {"arm64": 183, "x86_64": 62}

ROOT = Path(__file__).resolve().parent.parent


def make(folder: Path, *arguments: str) -> tuple[str, float, float]:
    """Runs make in a folder; returns its output, wall-clock seconds and CPU seconds."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    if folder != ROOT:
        environment.pop("CARGO_TARGET_DIR", None)
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run = subprocess.run(
        ["make", *arguments], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode != 0:
        sys.exit(f"make {' '.join(arguments)} failed in {folder}")
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return run.stdout, time.monotonic() - started, spent


def sections(binary: bytes) -> set[str]:
    """Section names of a 64-bit little-endian ELF file."""
    (table,) = struct.unpack_from("<Q", binary, 0x28)
    size, count, names = struct.unpack_from("<HHH", binary, 0x3A)
    headers = [struct.unpack_from("<II2QQ", binary, table + index * size) for index in range(count)]
    start = headers[names][4]
    return {binary[start + name : binary.index(b"\0", start + name)].decode() for name, *_ in headers}


def violations(arch: str, binary: bytes, zip_size: int) -> list[str]:
    """Violated guarantees of a function's binary and its zip."""
    if binary[:6] != b"\x7fELF\x02\x01":
        return ["is not a 64-bit ELF file"]
    found = []
    if struct.unpack_from("<H", binary, 0x12)[0] != MACHINES[arch]:
        found.append(f"is not built for {arch}")
    kept = {name for name in sections(binary) if name == ".symtab" or name.startswith(".debug")}
    if kept:
        found.append(f"is not stripped: {', '.join(sorted(kept))}")
    if arch == "x86_64" and UNWIND_MARKER not in binary:
        found.append("aborts on a panic")
    versions = re.findall(rb"\0GLIBC_(\d+)\.(\d+)", binary)
    needed = max(((int(major), int(minor)) for major, minor in versions), default=(0, 0))
    if needed > MAX_GLIBC:
        found.append(f"needs glibc {needed[0]}.{needed[1]}")
    if zip_size > MAX_ZIP_BYTES:
        found.append(f"has a zip larger than {MAX_ZIP_BYTES:,} bytes")
    return found


def zipped_by_sam(folder: Path) -> bytes:
    """SAM's own zip of a folder, which `sam deploy` uploads."""
    with tempfile.TemporaryDirectory() as temporary:
        return Path(make_zip_with_lambda_permissions(f"{temporary}/function", str(folder))).read_bytes()


def report(folder: Path, arch: str, names: list[str]) -> list[str]:
    """Prints a table of the functions, and returns their violations."""
    errors, totals = [], [0, 0]
    print(f"{'function':<22}{'binary':>12}{'zip':>12}  SHA-256 of the zip")
    for name in names:
        binary = (folder / "target/lambda" / name / "bootstrap").read_bytes()
        zipped = zipped_by_sam(folder / "target/lambda" / name)
        print(f"{name:<22}{len(binary):>12,}{len(zipped):>12,}  {hashlib.sha256(zipped).hexdigest()}")
        errors += [f"{name} {violation}" for violation in violations(arch, binary, len(zipped))]
        totals = [totals[0] + len(binary), totals[1] + len(zipped)]
    print(f"{f'all {len(names)}':<22}{totals[0]:>12,}{totals[1]:>12,}")
    return errors


def copy_sources(folder: Path) -> None:
    """Copies all tracked and untracked, not ignored files, and links the installed tools."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    ).stdout
    for path in filter(None, listed.split("\0")):
        if (ROOT / path).is_file():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, folder / path)
    (folder / ".venv").symlink_to(ROOT / ".venv")


def different(folder: Path, names: list[str]) -> list[str]:
    """Functions whose zip differs between the two folders."""
    zips = {name: [zipped_by_sam(root / "target/lambda" / name) for root in (ROOT, folder)] for name in names}
    changed = [name for name, (first, second) in zips.items() if first != second]
    return [f"{name} differs when built in another folder" for name in changed]


def artifacts(output: str, triple: str) -> list[dict]:
    """Artifacts for the target, new or up to date, parsed from cargo's JSON messages."""
    messages = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    found = [message for message in messages if message["reason"] == "compiler-artifact"]
    return [artifact for artifact in found if any(f"/{triple}/" in path for path in artifact["filenames"])]


def crate(artifact: dict) -> Crate:
    """Crate of an artifact, from its package id: `…#name@version` or `…/name#version`."""
    source, _, named = artifact["package_id"].rpartition("#")
    name, _, version = named.rpartition("@")
    return (name or source.rpartition("/")[2], version)


def incremental_build(folder: Path, changed: str, triple: str, flags: list[str]) -> tuple[list[str], set[Crate]]:
    """Adds a line to a function and builds; returns violations (other rebuilt artifacts), and all compiled crates."""
    with (folder / "functions" / changed / "src/lib.rs").open("a") as source:
        source.write("\n// Added by check_build.py.\n")
    output, seconds, spent = make(folder, "build", "FLAGS=--message-format json", *flags)
    print(f"one-line change in {changed} built in {seconds:,.0f} s, {spent:,.0f} s CPU time", flush=True)
    found = artifacts(output, triple)
    rebuilt = {(crate(artifact)[0], artifact["target"]["kind"][0]) for artifact in found if not artifact["fresh"]}
    errors = [f"a change of {changed} rebuilds {name} ({kind})" for name, kind in sorted(rebuilt) if name != changed]
    if (changed, "bin") not in rebuilt:
        errors.append(f"a change of {changed} does not relink it")
    return errors, {crate(artifact) for artifact in found}


def unlisted(built: set[Crate], listed: set[Crate]) -> list[str]:
    """Differences between the compiled crates and the bill of materials."""
    only_built = [f"{name} {version}: compiled but not in the bill of materials" for name, version in sorted(built - listed)]
    only_listed = [f"{name} {version}: in the bill of materials but not compiled" for name, version in sorted(listed - built)]
    return only_built + only_listed


def main() -> int:
    arch, triple, only = os.environ["ARCH"], os.environ["TRIPLE"], os.environ["ONLY"].split()
    names = only or functions(ROOT)
    flags = [f"ARCH={arch}", f"ONLY={' '.join(only)}"]
    print(f"{triple}; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} before the builds")
    _, seconds, spent = make(ROOT, "build", *flags)
    print(f"built in {seconds:,.0f} s, {spent:,.0f} s CPU time", flush=True)
    errors = report(ROOT, arch, names)
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary)
        copy_sources(copy)
        _, seconds, spent = make(copy, "build", *flags)
        print(f"built from clean in another folder in {seconds:,.0f} s, {spent:,.0f} s CPU time", flush=True)
        errors += different(copy, names)
        rebuilt, built = incremental_build(copy, names[0], triple, flags)
        # Selected functions do not use all crates, so the comparison needs a build of all functions.
        errors += rebuilt + ([] if only else unlisted(built, shipped(ROOT, triple)))
    print("\n".join(errors) or "all checks passed")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
