"""One deployment for all tests: it is created by the first of them and deleted by the last."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_aws import LocalAws
from marketplace import Marketplace
from operator_commands import appoint
from operator_secrets import Secrets
from payments import Payments
from people import Person
from release import Release
from sam import Sam


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the parts are that were built before."""
    parser.addoption("--functions", type=Path, required=True, help="folder of the built functions")
    parser.addoption("--local", type=Path, required=True, help="the built command `local`")
    parser.addoption("--sam", type=Path, required=True, help="the AWS SAM CLI")


def pytest_configure() -> None:
    """Ends like a Ctrl-C when it is told to end, so that nothing is left running."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, end)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where everything is kept while it lasts."""
    return tmp_path_factory.mktemp("deployment")


@pytest.fixture(scope="session")
def local(request: pytest.FixtureRequest) -> Path:
    """The command of the project."""
    return request.config.getoption("--local").resolve()


@pytest.fixture(scope="session")
def aws(folder: Path) -> Iterator[LocalAws]:
    """An AWS of one's own."""
    running = LocalAws(folder)
    try:
        running.wait()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def payments(local: Path, folder: Path) -> Iterator[Payments]:
    """A payment gateway."""
    gateway = Payments(local, folder)
    yield gateway
    gateway.close()


@pytest.fixture(scope="session")
def release(request: pytest.FixtureRequest, folder: Path) -> Release:
    """The repository's template beside the functions as they were built."""
    return Release(folder / "release", request.config.getoption("--functions"))


@pytest.fixture(scope="session")
def marketplace(
    request: pytest.FixtureRequest, aws: LocalAws, payments: Payments, local: Path, folder: Path, release: Release
) -> Marketplace:
    """The deployed marketplace."""
    sam = Sam(request.config.getoption("--sam").resolve(), aws)
    secrets = Secrets(local, release.folder / "template.yaml", folder / "secrets", aws.client("secretsmanager"))
    deployed = Marketplace(aws, sam, payments, secrets, release)
    deployed.prepare()
    deployed.deploy(release)
    deployed.open_payments()
    return deployed


@pytest.fixture(scope="session")
def seller(marketplace: Marketplace) -> Person:
    """Who sells."""
    return Person.register(marketplace.api(), "sam")


@pytest.fixture(scope="session")
def buyer(marketplace: Marketplace) -> Person:
    """Who buys."""
    return Person.register(marketplace.api(), "bea")


@pytest.fixture(scope="session")
def admin(marketplace: Marketplace, aws: LocalAws, local: Path) -> Person:
    """Who looks after the system: the operator appoints them, for there is nobody else yet."""
    ada = Person.register(marketplace.api(), "ada")
    assert "administrator" in appoint(local, aws, marketplace.output("TableName"), ada.email)
    return ada


@pytest.fixture(scope="session")
def product(seller: Person) -> str:
    """What is bought: of a market of the seller's."""
    return seller.opens_market(stock=100)
