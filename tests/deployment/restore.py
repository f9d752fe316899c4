"""Restoring a table to a point in time, and having a stack take it over."""

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
"""What a restored table is without; the deployment that follows switches it on again."""


def restored(aws: LocalAws, table: str) -> str:
    """A new table with what the old one held a moment ago."""
    dynamodb, new = aws.client("dynamodb"), f"{table}-restored"
    dynamodb.restore_table_to_point_in_time(SourceTableName=table, TargetTableName=new, UseLatestRestorableTime=True)
    dynamodb.get_waiter("table_exists").wait(TableName=new, WaiterConfig={"Delay": 1})
    return new


def adopt(aws: LocalAws, template: dict[str, Any], table: str) -> None:
    """Creates the stack anew from its table alone: the next deployment adds the rest."""
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
