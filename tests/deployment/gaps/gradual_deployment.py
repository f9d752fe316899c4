"""Gap: the emulator does not support CodeDeploy, and rejects a template that uses it.

CodeDeploy shifts an alias from one version of a function to the next, and rolls back if an alarm is raised.
Here its resources exist without effect, and CloudFormation moves each alias at once. The tests therefore do
not cover gradual deployment and rollback by alarms.
"""

from gaps.resources import Created, Properties, register

TYPES = ["AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup"]


def close() -> None:
    """Registers the resource types of CodeDeploy."""
    for resource_type in TYPES:
        register(resource_type, create, update, delete)


def create(logical_id: str, _properties: Properties, stack: str) -> Created:
    """Generates a name. No resource is created."""
    return f"{stack}-{logical_id}", {}


def update(
    name: str, _old: Properties, _new: Properties, _stack: str, _logical_id: str | None = None
) -> Created:
    """Keeps the name."""
    return name, {}


def delete(_name: str, _properties: Properties) -> None:
    """Does nothing, because no resource was created."""
