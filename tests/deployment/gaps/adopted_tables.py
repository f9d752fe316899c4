"""Gap: the emulator replaces an imported table at the next update of the stack.

It compares the name of a table with the name that it would generate, and replaces the table if they differ.
AWS keeps the stack's table unless the template names another one.
"""

from gaps.resources import Created, Properties, handlers

TABLE = "AWS::DynamoDB::Table"


def close() -> None:
    """Wraps the emulator's update of tables."""
    original = dict(handlers(TABLE))

    def update(
        name: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None
    ) -> Created:
        if "TableName" in old or "TableName" in new:
            return original["update"](name, old, new, stack, logical_id)
        return original["update"](
            name, {**old, "TableName": name}, {**new, "TableName": name}, stack, logical_id
        )

    handlers(TABLE)["update"] = update
