"""Gap: a table that a stack took over is made anew by the next update.

The emulator knows the tables of a stack by the names that it gives them, and takes any other name for a change of name. AWS
keeps whatever table the stack has, unless the template names one.
"""

from gaps.resources import Created, Properties, handlers

TABLE = "AWS::DynamoDB::Table"


def close() -> None:
    """Wraps the emulator's own handling of tables."""
    plain = dict(handlers(TABLE))

    def update(name: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Created:
        if "TableName" in old or "TableName" in new:
            return plain["update"](name, old, new, stack, logical_id)
        return plain["update"](name, {**old, "TableName": name}, {**new, "TableName": name}, stack, logical_id)

    handlers(TABLE)["update"] = update
