"""Builds the functions here and in another folder, and holds the binaries against what docs/building.md promises.

    make check-build                              all functions
    make check-build ONLY="api-meta api-orders"   two of them

A promise that is not kept is printed, and ends the command with 1.
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

# The promises. Lambda's `provided.al2023` has glibc 2.34; what asks for more does not start.
LARGEST_ZIP = 5_000_000
NEWEST_GLIBC = (2, 34)
# What Rust marks the panics with that unwind. (On arm64 it is spread over instructions, and is not looked for.)
UNWINDS = b"MOZ\0RUST"
# Numbers of the processors in the header of an ELF file.
MACHINES = {"arm64": 183, "x86_64": 62}

ROOT = Path(__file__).resolve().parent.parent


def make(folder: Path, *arguments: str) -> tuple[str, float, float]:
    """Runs make in a folder: what it printed, the seconds it took, and the processor's seconds."""
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
    """The names of the sections of a 64-bit little-endian ELF file."""
    (table,) = struct.unpack_from("<Q", binary, 0x28)
    size, count, names = struct.unpack_from("<HHH", binary, 0x3A)
    headers = [struct.unpack_from("<II2QQ", binary, table + index * size) for index in range(count)]
    start = headers[names][4]
    return {binary[start + name : binary.index(b"\0", start + name)].decode() for name, *_ in headers}


def broken_promises(arch: str, binary: bytes, zipped: int) -> list[str]:
    """What a function's binary, or its zip of so many bytes, should not be."""
    if binary[:6] != b"\x7fELF\x02\x01":
        return ["is no 64-bit ELF file"]
    found = []
    if struct.unpack_from("<H", binary, 0x12)[0] != MACHINES[arch]:
        found.append(f"is not for {arch}")
    kept = {name for name in sections(binary) if name == ".symtab" or name.startswith(".debug")}
    if kept:
        found.append(f"is not stripped: {', '.join(sorted(kept))}")
    if arch == "x86_64" and UNWINDS not in binary:
        found.append("ends its process when something in it panics")
    versions = re.findall(rb"\0GLIBC_(\d+)\.(\d+)", binary)
    needed = max(((int(major), int(minor)) for major, minor in versions), default=(0, 0))
    if needed > NEWEST_GLIBC:
        found.append(f"needs glibc {needed[0]}.{needed[1]}")
    if zipped > LARGEST_ZIP:
        found.append(f"has a zip of more than {LARGEST_ZIP:,} bytes")
    return found


def zipped_by_sam(folder: Path) -> bytes:
    """What `sam deploy` uploads for a folder: SAM's own zip of it."""
    with tempfile.TemporaryDirectory() as place:
        return Path(make_zip_with_lambda_permissions(f"{place}/function", str(folder))).read_bytes()


def report(folder: Path, arch: str, names: list[str]) -> list[str]:
    """Prints a table of the functions, and returns what is wrong with them."""
    wrong, sums = [], [0, 0]
    print(f"{'function':<22}{'binary':>12}{'zip':>12}  SHA-256 of the zip")
    for name in names:
        binary = (folder / "target/lambda" / name / "bootstrap").read_bytes()
        zipped = zipped_by_sam(folder / "target/lambda" / name)
        print(f"{name:<22}{len(binary):>12,}{len(zipped):>12,}  {hashlib.sha256(zipped).hexdigest()}")
        wrong += [f"{name} {promise}" for promise in broken_promises(arch, binary, len(zipped))]
        sums = [sums[0] + len(binary), sums[1] + len(zipped)]
    print(f"{f'all {len(names)}':<22}{sums[0]:>12,}{sums[1]:>12,}")
    return wrong


def copy_sources(folder: Path) -> None:
    """Copies what git knows or would take, and leads to the tools that are installed here."""
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
    """The functions whose zip from another folder has other bytes."""
    zips = {name: [zipped_by_sam(root / "target/lambda" / name) for root in (ROOT, folder)] for name in names}
    changed = [name for name, (here, there) in zips.items() if here != there]
    return [f"{name} has other bytes when it is built in another folder" for name in changed]


def artifacts(output: str, triple: str) -> list[dict]:
    """What cargo made for the functions' processor, or found made, by the messages that it printed."""
    messages = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    made = [one for one in messages if one["reason"] == "compiler-artifact"]
    return [one for one in made if any(f"/{triple}/" in path for path in one["filenames"])]


def crate(artifact: dict) -> Crate:
    """The crate that an artifact was made from, by its package id: `…#name@version`, or `…/name#version`."""
    source, _, named = artifact["package_id"].rpartition("#")
    name, _, version = named.rpartition("@")
    return (name or source.rpartition("/")[2], version)


def changed_beside(folder: Path, changed: str, triple: str, flags: list[str]) -> tuple[list[str], set[Crate]]:
    """What is built anew beside a function when one line of that function changes, and what all is built from."""
    with (folder / "functions" / changed / "src/lib.rs").open("a") as source:
        source.write("\n// One line more.\n")
    output, seconds, spent = make(folder, "build", "FLAGS=--message-format json", *flags)
    print(f"one more line in {changed} built in {seconds:,.0f} s, with {spent:,.0f} s of the processor", flush=True)
    made = artifacts(output, triple)
    anew = {(crate(one)[0], one["target"]["kind"][0]) for one in made if not one["fresh"]}
    wrong = [f"a line of {changed} has {name} ({kind}) built anew" for name, kind in sorted(anew) if name != changed]
    if (changed, "bin") not in anew:
        wrong.append(f"a line of {changed} does not have it linked anew")
    return wrong, {crate(one) for one in made}


def unlisted(built: set[Crate], listed: set[Crate]) -> list[str]:
    """Where the compiler and the bill of materials contradict each other."""
    only_built = [f"{name} {version} is compiled in, and not in the bill" for name, version in sorted(built - listed)]
    only_listed = [f"{name} {version} is in the bill, and not compiled in" for name, version in sorted(listed - built)]
    return only_built + only_listed


def main() -> int:
    arch, triple, only = os.environ["ARCH"], os.environ["TRIPLE"], os.environ["ONLY"].split()
    names = only or functions(ROOT)
    flags = [f"ARCH={arch}", f"ONLY={' '.join(only)}"]
    print(f"{triple}; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} before the builds")
    _, seconds, spent = make(ROOT, "build", *flags)
    print(f"built in {seconds:,.0f} s, with {spent:,.0f} s of the processor", flush=True)
    wrong = report(ROOT, arch, names)
    with tempfile.TemporaryDirectory() as place:
        elsewhere = Path(place)
        copy_sources(elsewhere)
        _, seconds, spent = make(elsewhere, "build", *flags)
        print(f"built from clean elsewhere in {seconds:,.0f} s, with {spent:,.0f} s of the processor", flush=True)
        wrong += different(elsewhere, names)
        beside, built = changed_beside(elsewhere, names[0], triple, flags)
        # Some functions alone are built from some crates alone.
        wrong += beside + ([] if only else unlisted(built, shipped(ROOT, triple)))
    print("\n".join(wrong) or "Every promise is kept.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
