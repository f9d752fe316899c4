"""Mutates the domain and counts the mutants that its own unit and property tests catch.

    make mutants SAMPLE=120 SEED=1      tests 120 mutants that compile, chosen by the seed

cargo-mutants lists the mutants. For each, only the unit tests of `shared` are compiled, in a copy of the crate:
cargo would also rebuild every crate that depends on it. The same seed selects the same mutants as long as their
functions do not change. Results: target/mutants/outcomes.json.
"""

import hashlib
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").resolve()
WORK = TARGET / "mutants"
DOMAIN = "shared/src/domain/**"
TIMEOUT_SECONDS = 120
MIN_SCORE = 90


def record_compiler_call(arguments: list[str]) -> None:
    """Compiles a crate, in place of rustc, and records the call that compiles the unit tests of `shared`."""
    if "--test" in arguments and arguments[arguments.index("--crate-name") + 1] == "shared":
        call = {"arguments": arguments, "environment": dict(os.environ)}
        (WORK / "compiler-call.json").write_text(json.dumps(call))
    os.execvp(arguments[0], arguments)


def compiler_call() -> dict:
    """Builds what the unit tests need and returns the call that compiles them."""
    WORK.mkdir(parents=True, exist_ok=True)
    wrapper = WORK / "rustc-wrapper"
    wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" -B "{Path(__file__).resolve()}" --record "$@"\n')
    wrapper.chmod(0o755)
    subprocess.run(
        ["cargo", "test", "--locked", "--package", "shared", "--lib", "--no-run"],
        cwd=ROOT, env=os.environ | {"RUSTC_WORKSPACE_WRAPPER": str(wrapper), "CARGO_TARGET_DIR": str(TARGET)}, check=True,
    )
    return json.loads((WORK / "compiler-call.json").read_text())


def mutants(seed: str) -> list[dict]:
    """All mutants of the domain in the order of the seed. Line numbers do not influence the order."""
    listed = json.loads(subprocess.run(
        ["cargo", "mutants", "--list", "--json", "--package", "shared", "--file", DOMAIN],
        cwd=ROOT, stdout=subprocess.PIPE, check=True,
    ).stdout)
    seen = Counter()

    def rank(mutant: dict) -> bytes:
        description = f"{mutant['file']}: {mutant['name'].split(': ', 1)[1]}"
        seen[description] += 1
        return hashlib.sha256(f"{seed} {description} {seen[description]}".encode()).digest()

    return sorted(listed, key=rank)


def mutated(text: str, mutant: dict) -> str:
    """Source text with the mutant's replacement."""
    lines = text.splitlines(keepends=True)
    start, end = mutant["span"]["start"], mutant["span"]["end"]
    before = "".join(lines[:start["line"] - 1]) + lines[start["line"] - 1][:start["column"] - 1]
    after = lines[end["line"] - 1][end["column"] - 1:] + "".join(lines[end["line"]:])
    return f"{before}{mutant['replacement']} {after}"


class Worker:
    """Copy of the crate in which one mutant at a time is compiled and tested."""

    def __init__(self, number: int, call: dict) -> None:
        self.root = WORK / f"worker-{number}"
        shutil.rmtree(self.root / "shared", ignore_errors=True)
        shutil.copytree(ROOT / "shared", self.root / "shared")
        self.binary = self.root / "shared-tests"
        self.arguments = []
        arguments = iter(call["arguments"])
        for argument in arguments:
            if argument == "--out-dir":
                next(arguments)
            elif argument.startswith("incremental="):
                self.arguments.pop()
            elif not argument.startswith(("--emit=", "--error-format=", "--json=")):
                self.arguments.append(argument)
        self.arguments += ["-C", f"incremental={self.root / 'incremental'}", "-o", str(self.binary)]
        self.environment = call["environment"]

    def outcome(self) -> str:
        """Compiles the copy and runs the tests of the domain up to the first failure."""
        compiled = subprocess.run(self.arguments, cwd=self.root, env=self.environment, stderr=subprocess.DEVNULL)
        if compiled.returncode != 0:
            return "unviable"
        # No shrinking and no stored seeds: only the first failure counts, and runs do not influence each other.
        environment = os.environ | {"PROPTEST_MAX_SHRINK_ITERS": "0", "PROPTEST_DISABLE_FAILURE_PERSISTENCE": "1"}
        tests = subprocess.Popen(
            [self.binary, "domain::"],
            cwd=self.root / "shared", env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        timer = threading.Timer(TIMEOUT_SECONDS, tests.kill)
        timer.start()
        if any(line.rstrip().endswith("... FAILED") for line in tests.stdout):
            tests.kill()
        timer.cancel()
        return "missed" if tests.wait() == 0 else "caught"

    def test(self, mutant: dict) -> str:
        """Outcome of one mutant."""
        file = self.root / mutant["file"]
        original = file.read_text()
        file.write_text(mutated(original, mutant))
        try:
            return self.outcome()
        finally:
            file.write_text(original)


def outcomes(worker_count: int, size: int, seed: str) -> Iterator[tuple[str, str]]:
    """Names and outcomes of the mutants of the seed, until `size` of them compile."""
    call = compiler_call()
    idle = queue.Queue()
    for number in range(worker_count):
        idle.put(Worker(number, call))
    if idle.queue[0].outcome() != "missed":
        sys.exit("the tests of the domain fail without a mutation")

    def test(mutant: dict) -> str:
        worker = idle.get()
        try:
            return worker.test(mutant)
        finally:
            idle.put(worker)

    ordered, viable = mutants(seed), 0
    with ThreadPoolExecutor(worker_count) as pool:
        tested = pool.map(test, ordered)
        for mutant, outcome in zip(ordered, tested):
            yield mutant["name"], outcome
            viable += outcome != "unviable"
            if viable == size:
                tested.close()
                return


def main() -> None:
    found = {}
    size, seed = int(os.environ.get("SAMPLE", "120")), os.environ.get("SEED", "1")
    for name, outcome in outcomes(os.cpu_count() or 1, size, seed):
        found[name] = outcome
        print(f"{outcome:8} {name}", flush=True)
    (WORK / "outcomes.json").write_text(json.dumps(found, indent=2))
    count = Counter(found.values())
    score = 100 * count["caught"] / max(1, count["caught"] + count["missed"])
    for name in sorted(name for name, outcome in found.items() if outcome == "missed"):
        print(f"missed: {name}")
    print(f"{count['caught']} caught, {count['missed']} missed, {count['unviable']} do not compile: {score:.1f} %")
    if score < MIN_SCORE:
        sys.exit(f"less than {MIN_SCORE} % of the mutants are caught")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--record"]:
        record_compiler_call(sys.argv[2:])
    main()
