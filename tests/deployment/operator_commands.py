"""Commands that an operator runs against a deployment."""

from pathlib import Path

from local_aws import LocalAws
from processes import run


def grant_admin(ops: Path, aws: LocalAws, table: str, email: str) -> str:
    """Makes an account an administrator, and returns the output of the command."""
    return run([ops, "grant-admin", "--table", table, "--email", email], aws.environment())
