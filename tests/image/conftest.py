"""Fixtures: buildah with its own storage, and the built functions."""

import os
import shutil
from pathlib import Path

import pytest

from buildah import Buildah


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the path of the functions that were built before."""
    parser.addoption("--functions", type=Path, required=True, help="folder of the built functions")


@pytest.fixture(scope="session")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> Buildah:
    """Buildah. Without it the tests are skipped, but not in continuous integration, where they fail."""
    if shutil.which("buildah") is None:
        missing = "buildah is not installed; Debian and Fedora have a package of this name"
        # Not an assertion, because its message would contain the environment.
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return Buildah(tmp_path_factory.mktemp("buildah"))


@pytest.fixture(scope="session")
def functions(request: pytest.FixtureRequest) -> Path:
    """Folder of the built functions, with a folder for each that contains `bootstrap`."""
    return request.config.getoption("--functions").resolve()
