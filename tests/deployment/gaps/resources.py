"""Access to the emulator's registry of CloudFormation resource types."""

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

Properties = dict[str, Any]
Created = tuple[str, dict[str, Any]]


def handlers(resource_type: str) -> dict[str, Any]:
    """Functions that create, update and delete resources of a type."""
    return _RESOURCE_HANDLERS[resource_type]


def register(
    resource_type: str,
    create: Callable[[str, Properties, str], Created],
    update: Callable[..., Created],
    delete: Callable[[str, Properties], None],
) -> None:
    """Adds or replaces a resource type. `update` receives the logical id as its last argument."""
    _RESOURCE_HANDLERS[resource_type] = {
        "create": create,
        "update": update,
        "update_with_logical_id": True,
        "delete": delete,
    }
