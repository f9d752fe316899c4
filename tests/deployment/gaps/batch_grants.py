"""Gap: the emulator treats batch requests to SQS as IAM actions of their own.

AWS has no such actions: the grant to send, delete or change the visibility of a message includes batches.
"""

from ministack.core import iam_actions

ACTION_OF_BATCH = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}


def close() -> None:
    """Wraps the emulator's mapping of requests to IAM actions."""
    original = iam_actions.extract_iam_action

    def extract(*request: object) -> str | None:
        action = original(*request)
        return ACTION_OF_BATCH.get(action, action)

    iam_actions.extract_iam_action = extract
