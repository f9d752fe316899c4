"""Gap: requests to SQS in batches are taken for actions of their own.

AWS knows none: who may send a message may send ten of them at once. The same goes for removing messages and for changing
when they are visible.
"""

from ministack.core import iam_actions

GRANTED_BY = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}


def close() -> None:
    """Wraps where the emulator finds out which action a request is."""
    named = iam_actions.extract_iam_action

    def granted(*request: object) -> str | None:
        action = named(*request)
        return GRANTED_BY.get(action, action)

    iam_actions.extract_iam_action = granted
