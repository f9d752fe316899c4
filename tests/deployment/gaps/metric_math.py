"""Gap: the emulator rejects alarms on metric math expressions.

Here those alarms exist but are never evaluated. The emulator handles alarms on a single metric itself.
"""

from gaps.resources import Created, Properties, handlers, register

ALARM = "AWS::CloudWatch::Alarm"


def close() -> None:
    """Wraps the emulator's handling of alarms."""
    original = dict(handlers(ALARM))

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        if "Metrics" not in properties:
            return original["create"](logical_id, properties, stack)
        name = properties.get("AlarmName") or f"{stack}-{logical_id}"
        return name, {"Arn": f"arn:aws:cloudwatch:::alarm:{name}"}

    def update(
        name: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None
    ) -> Created:
        if "Metrics" not in new:
            return original["update"](name, old, new, stack, logical_id)
        return name, {"Arn": f"arn:aws:cloudwatch:::alarm:{name}"}

    def delete(name: str, properties: Properties) -> None:
        if "Metrics" not in properties:
            original["delete"](name, properties)

    register(ALARM, create, update, delete)
