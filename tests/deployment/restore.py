"""Restoring a table to a point in time, and creating a stack that adopts it."""

import json
from typing import Any

from local_aws import LocalAws
from sam import STACK

NOT_RESTORED = [
    "DeletionProtectionEnabled",
    "PointInTimeRecoverySpecification",
    "StreamSpecification",
    "TimeToLiveSpecification",
]
"""Settings that a restored table lacks; the next deployment enables them."""


def restore_table(aws: LocalAws, table: str) -> str:
    """Restores a table to its latest restorable time, and returns the name of the new table."""
    dynamodb, new = aws.client("dynamodb"), f"{table}-restored"
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=table, TargetTableName=new, UseLatestRestorableTime=True
    )
    dynamodb.get_waiter("table_exists").wait(TableName=new, WaiterConfig={"Delay": 1})
    return new


def create_stack_from_table(aws: LocalAws, template: dict[str, Any], table: str) -> None:
    """Creates the stack by importing its table; the next deployment adds the other resources."""
    description = template["Resources"]["Table"]
    for name in NOT_RESTORED:
        description["Properties"].pop(name, None)
    cloudformation, change = aws.client("cloudformation"), "take-over"
    names = {"StackName": STACK, "ChangeSetName": change}
    cloudformation.create_change_set(
        **names,
        ChangeSetType="IMPORT",
        ResourcesToImport=[
            {
                "ResourceType": "AWS::DynamoDB::Table",
                "LogicalResourceId": "Table",
                "ResourceIdentifier": {"TableName": table},
            }
        ],
        TemplateBody=json.dumps({"Resources": {"Table": description}}),
    )
    cloudformation.get_waiter("change_set_create_complete").wait(**names, WaiterConfig={"Delay": 1})
    cloudformation.execute_change_set(**names)
    cloudformation.get_waiter("stack_import_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
