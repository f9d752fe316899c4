"""Gap: the emulator refuses alarms on expressions over several metrics.

Those alarms exist here without being watched over; alarms on a single metric are the emulator's own.
"""

from gaps.resources import Created, Properties, handlers, register

ALARM = "AWS::CloudWatch::Alarm"


def close() -> None:
    """Wraps the emulator's own handling of alarms."""
    plain = dict(handlers(ALARM))

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        if "Metrics" not in properties:
            return plain["create"](logical_id, properties, stack)
        name = properties.get("AlarmName") or f"{stack}-{logical_id}"
        return name, {"Arn": f"arn:aws:cloudwatch:::alarm:{name}"}

    def update(name: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Created:
        if "Metrics" not in new:
            return plain["update"](name, old, new, stack, logical_id)
        return name, {"Arn": f"arn:aws:cloudwatch:::alarm:{name}"}

    def delete(name: str, properties: Properties) -> None:
        if "Metrics" not in properties:
            plain["delete"](name, properties)

    register(ALARM, create, update, delete)
