"""Inserts bugs into a copy of the sources, one at a time, and checks that the test of each bug fails.

    make seeded-bugs                  all bugs of tests/seeded-bugs.toml
    make seeded-bugs ONLY='name'      the named bugs

The copy and its build results stay in target/seeded-bugs/, so that the next run compiles only what changed.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "target/seeded-bugs"
TREE = FOLDER / "tree"

WITH_BINARIES = {"bench", "end-to-end", "fault-tests", "local"}
"""Packages whose tests start the binaries of the workspace. Python tests start them, too."""

TESTS_FAILED = {"doctest": 101, "nextest": 100, "pytest": 1}
"""Exit status of the test runner if tests failed. Doctests have the same status if nothing compiles: no test runs."""

NEEDED_PROGRAMS = {"tests/image": "buildah"}
"""Program that the tests of a folder need. Without it, the bugs of the folder are skipped."""

WORKLOAD = {"package": "workload", "test": "results_of_a_short_run_without_violations"}
"""Test of the generated workload, which must fail as well with the bugs that say so."""

LAST_LINES = 40
"""Number of lines of output that are printed for a bug that is not detected."""


def read_bugs() -> list[dict]:
    """Reads the catalogue. A bug that the workload must find is listed twice: also with the test of the workload."""
    bugs = []
    for bug in tomllib.loads((ROOT / "tests/seeded-bugs.toml").read_text())["bug"]:
        bugs.append(bug)
        if bug.get("workload"):
            kept = {key: bug[key] for key in ("description", "file", "find", "replace")}
            bugs.append(kept | WORKLOAD | {"name": f"{bug['name']}-in-the-workload"})
    return bugs


def copy_sources() -> None:
    """Makes the copy equal to the tracked files.

    Equal files are left alone, so that cargo does not compile them again. Others get the present as their modification
    time, because cargo would take an older file for the one that it has compiled.
    """
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    paths = {path for path in listed.split("\0") if path and (ROOT / path).is_file()}
    for path in paths:
        source, copy = ROOT / path, TREE / path
        if not copy.is_file() or copy.read_bytes() != source.read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)
    for copy in TREE.rglob("*"):
        if copy.is_file() and str(copy.relative_to(TREE)) not in paths:
            copy.unlink()


def run(*command: str | Path) -> subprocess.CompletedProcess:
    """Runs a command on the copy, with its own build results."""
    environment = os.environ | {"CARGO_TARGET_DIR": str(FOLDER / "target"), "CARGO_TERM_COLOR": "never"}
    return subprocess.run(
        command, cwd=TREE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def cargo(*arguments: str) -> subprocess.CompletedProcess:
    """Runs cargo on the copy."""
    return run("cargo", *arguments)


def suite(bug: dict) -> tuple[str, str]:
    """Test runner of a bug, and the package or folder of its test."""
    if "pytest" in bug:
        return "pytest", bug["pytest"]
    return ("doctest" if bug.get("doctest") else "nextest"), bug["package"]


def run_tests(runner: str, package: str, names: set[str]) -> tuple[int, int, str]:
    """Runs tests of a package or folder; returns the exit status, the number of tests that ran, and the output."""
    if runner == "pytest" or package in WITH_BINARIES:
        build = cargo("build", "--locked", "--workspace", "--bins")
        if build.returncode:
            return build.returncode, 0, build.stdout
    if runner == "pytest":
        python, functions = ROOT / ".venv/aws/bin/python", FOLDER / "target/debug"
        tests = run(python, "-B", "-m", "pytest", package, "--functions", functions, "-k", " or ".join(sorted(names)))
        ran = sum(int(count) for count in re.findall(r"(\d+) (?:passed|failed)", tests.stdout.rpartition("\n=")[2]))
        return tests.returncode, ran, tests.stdout
    if runner == "doctest":
        # The examples of an item count as one test.
        tests = cargo("test", "--locked", "--package", package, "--doc", "--", *sorted(names))
        return tests.returncode, len(names) if re.search(r"^running [1-9]", tests.stdout, re.MULTILINE) else 0, tests.stdout
    named = " | ".join(f"test(/(^|::){name}$/)" for name in sorted(names))
    tests = cargo("nextest", "run", "--locked", "--package", package, "--no-fail-fast", "--filterset", named)
    summary = re.search(r"^ *Summary .*?(\d+) tests? run:", tests.stdout, re.MULTILINE)
    return tests.returncode, int(summary[1]) if summary else 0, tests.stdout


def check_unmodified(bugs: list[dict]) -> str | None:
    """Runs the tests of all bugs on the unmodified copy; returns the output of the first package that fails."""
    for runner, package in sorted({suite(bug) for bug in bugs}):
        names = {bug["test"] for bug in bugs if suite(bug) == (runner, package)}
        status, ran, output = run_tests(runner, package, names)
        if (status, ran) != (0, len(names)):
            return f"{output}\n{package}: {ran} of {len(names)} tests ran on the unmodified sources, with status {status}"
    return None


def seed(bug: dict) -> tuple[str, str]:
    """Inserts a bug, runs its test and removes the bug; returns the result and the output."""
    path = TREE / bug["file"]
    text = path.read_text()
    if text.count(bug["find"]) != 1:
        return "no: `find` does not occur exactly once", ""
    try:
        path.write_text(text.replace(bug["find"], bug["replace"]))
        status, ran, output = run_tests(*suite(bug), {bug["test"]})
    finally:
        path.write_text(text)
    if ran > 1:
        return f"no: {ran} tests have this name", output
    if ran == 0:
        return "no: the test did not run", output
    return "yes" if status == TESTS_FAILED[suite(bug)[0]] else "no: the test passed", output


def main() -> int:
    bugs = read_bugs()
    only = os.environ.get("ONLY", "").split()
    unknown = set(only) - {bug["name"] for bug in bugs}
    if unknown:
        print(f"unknown bugs: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 1
    bugs = [bug for bug in bugs if not only or bug["name"] in only]
    skipped = {folder for folder, program in NEEDED_PROGRAMS.items() if not shutil.which(program)}
    for folder in sorted(skipped):
        print(f"skipping the bugs of {folder}: {NEEDED_PROGRAMS[folder]} is not installed", file=sys.stderr)
    bugs = [bug for bug in bugs if bug.get("pytest") not in skipped]
    copy_sources()
    if failure := check_unmodified(bugs):
        print(failure, file=sys.stderr)
        return 1
    widths = [max(len(bug[key]) for bug in bugs) for key in ("name", "test")]
    print(f"{'bug':<{widths[0]}}  pattern  {'test':<{widths[1]}}  detected", flush=True)
    undetected = {}
    for bug in bugs:
        result, output = seed(bug)
        print(f"{bug['name']:<{widths[0]}}  {bug.get('pattern', '–'):>7}  {bug['test']:<{widths[1]}}  {result}", flush=True)
        if result != "yes":
            undetected[bug["name"]] = output
    for name, output in undetected.items():
        print(f"\n{name}, last lines of the output:", *output.splitlines()[-LAST_LINES:], sep="\n", file=sys.stderr)
    print(f"{len(bugs)} bugs, {len(bugs) - len(undetected)} detected")
    return 1 if undetected else 0


if __name__ == "__main__":
    sys.exit(main())
