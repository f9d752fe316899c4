"""Gap: the emulator knows nothing of CodeDeploy, and refuses a template that names it.

CodeDeploy moves an alias from one version of a function to the next, watches alarms meanwhile, and moves it back if one
is raised. Here its resources exist and do nothing: CloudFormation moves each alias at once. What is *not* shown locally is
therefore the pace of a deployment and its rolling back by alarms.
"""

from gaps.resources import Created, Properties, register

TYPES = ["AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup"]


def close() -> None:
    """Registers the two types."""
    for resource_type in TYPES:
        register(resource_type, create, update, delete)


def create(logical_id: str, _properties: Properties, stack: str) -> Created:
    """A name, and nothing behind it."""
    return f"{stack}-{logical_id}", {}


def update(name: str, _old: Properties, _new: Properties, _stack: str, _logical_id: str | None = None) -> Created:
    """Keeps the name."""
    return name, {}


def delete(_name: str, _properties: Properties) -> None:
    """There is nothing behind it."""
