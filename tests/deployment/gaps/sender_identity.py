"""Gap: whoever sends an e-mail is asked for a grant on everything.

AWS asks for one on the identity that the e-mail comes from, which is what the role of `queue-emails` has. Here the request
is looked into for that identity: the address of the sender.
"""

import json

from ministack.core import iam_actions

PATH = "/v2/email/outbound-emails"


def close() -> None:
    """Wraps where the emulator finds out what a request is about."""
    plain = iam_actions.extract_resource_arn

    def about(
        service: str, method: str, path: str, headers: dict, body: bytes, query: dict, region: str, account: str
    ) -> str:
        if service == "ses" and path.rstrip("/") == PATH:
            return f"arn:aws:ses:{region}:{account}:identity/{json.loads(body)['FromEmailAddress']}"
        return plain(service, method, path, headers, body, query, region, account)

    iam_actions.extract_resource_arn = about
