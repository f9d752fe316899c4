"""`sam build`, which packages what `make build` builds."""

import hashlib
import os
from pathlib import Path

import pytest

from deployment import architecture
from processes import run
from release import REPOSITORY, built_program


def test_sam_build_packages_the_built_programs(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    functions: Path = request.config.getoption("--functions")
    sam: Path = request.config.getoption("--sam").resolve()
    names = sorted(path.name for path in (REPOSITORY / "functions").iterdir())
    # The targets that SAM calls find everything built.
    build = {"BUILD": "debug"} if (functions / names[0]).is_file() else {"ARCH": architecture()}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    environment = inherited | build | {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-central-1"}
    output = tmp_path / "build"
    run([sam, "build", "--build-dir", output], environment, REPOSITORY)

    assert {path.name for path in output.iterdir()} == {logical_id(name) for name in names} | {
        "template.yaml"
    }
    for name in names:
        package = output / logical_id(name)
        assert [path.name for path in package.iterdir()] == ["bootstrap"], name
        program = package / "bootstrap"
        assert digest(program) == digest(built_program(functions, name)), name
        assert os.access(program, os.X_OK), name


def logical_id(function: str) -> str:
    """Logical id of a function in the template: `api-orders` is `ApiOrders`."""
    return "".join(word.capitalize() for word in function.split("-"))


def digest(program: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(program.read_bytes()).hexdigest()
