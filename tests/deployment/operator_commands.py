"""Commands of the project that an operator runs against a deployment."""

from pathlib import Path

from local_aws import LocalAws
from processes import run


def appoint(local: Path, aws: LocalAws, table: str, email: str) -> str:
    """Makes an account an administrator; gives back what the command says."""
    return run([local, "appoint", "--table", table, "--email", email], aws.environment())
