"""Fixtures: one deployment, shared by all tests and deleted by the last of them."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployment import Deployment
from local_aws import LocalAws
from operator_commands import grant_admin
from operator_secrets import Secrets
from payments import Payments
from release import Release
from sam import Sam
from users import User


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the paths of the parts that were built before."""
    parser.addoption("--functions", type=Path, required=True, help="folder of the built functions")
    parser.addoption("--local", type=Path, required=True, help="the built command `local`")
    parser.addoption("--ops", type=Path, required=True, help="the built command `ops`")
    parser.addoption("--sam", type=Path, required=True, help="the AWS SAM CLI")


def pytest_configure() -> None:
    """Handles termination signals like Ctrl-C, so that fixtures stop their processes."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of all files of the test run."""
    return tmp_path_factory.mktemp("deployment")


@pytest.fixture(scope="session")
def local(request: pytest.FixtureRequest) -> Path:
    """The command `local`, which contains the payment sandbox."""
    return request.config.getoption("--local").resolve()


@pytest.fixture(scope="session")
def ops(request: pytest.FixtureRequest) -> Path:
    """The command `ops`, which contains the operator tools."""
    return request.config.getoption("--ops").resolve()


@pytest.fixture(scope="session")
def aws(folder: Path) -> Iterator[LocalAws]:
    """A running AWS emulator."""
    running = LocalAws(folder)
    try:
        running.wait()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def payments(local: Path, folder: Path) -> Iterator[Payments]:
    """A payment gateway, which is started by the deployment."""
    gateway = Payments(local, folder)
    yield gateway
    gateway.stop()


@pytest.fixture(scope="session")
def release(request: pytest.FixtureRequest, folder: Path) -> Release:
    """The repository's template with the built functions."""
    return Release(folder / "release", request.config.getoption("--functions"))


@pytest.fixture(scope="session")
def deployment(
    request: pytest.FixtureRequest,
    aws: LocalAws,
    payments: Payments,
    ops: Path,
    folder: Path,
    release: Release,
) -> Deployment:
    """The deployed marketplace."""
    sam = Sam(request.config.getoption("--sam").resolve(), aws)
    secrets = Secrets(ops, release.folder / "template.yaml", folder / "secrets", aws.client("secretsmanager"))
    deployed = Deployment(aws, sam, payments, secrets, release)
    deployed.prepare()
    deployed.deploy(release)
    deployed.start_payments()
    return deployed


@pytest.fixture(scope="session")
def seller(deployment: Deployment) -> User:
    """A seller."""
    return User.register(deployment.api(), "sam")


@pytest.fixture(scope="session")
def buyer(deployment: Deployment) -> User:
    """A buyer."""
    return User.register(deployment.api(), "bea")


@pytest.fixture(scope="session")
def admin(deployment: Deployment, aws: LocalAws, ops: Path) -> User:
    """The first administrator, whose role the operator grants."""
    ada = User.register(deployment.api(), "ada")
    assert "administrator" in grant_admin(ops, aws, deployment.output("TableName"), ada.email)
    return ada


@pytest.fixture(scope="session")
def product(seller: User) -> str:
    """A product of the seller."""
    return seller.create_product(stock=100)
