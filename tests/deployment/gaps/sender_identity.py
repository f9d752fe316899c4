"""Gap: the emulator requires a grant on all resources to send an e-mail.

AWS requires a grant on the sender's identity, which the role of `queue-emails` has. Here the resource of a
request is the identity of its sender address.
"""

import json

from ministack.core import iam_actions

PATH = "/v2/email/outbound-emails"


def close() -> None:
    """Wraps the emulator's mapping of requests to resource ARNs."""
    original = iam_actions.extract_resource_arn

    def extract(
        service: str,
        method: str,
        path: str,
        headers: dict,
        body: bytes,
        query: dict,
        region: str,
        account: str,
    ) -> str:
        if service == "ses" and path.rstrip("/") == PATH:
            return f"arn:aws:ses:{region}:{account}:identity/{json.loads(body)['FromEmailAddress']}"
        return original(service, method, path, headers, body, query, region, account)

    iam_actions.extract_resource_arn = extract
