"""The one door to the emulator's table of resource types."""

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

Properties = dict[str, Any]
Created = tuple[str, dict[str, Any]]


def handlers(resource_type: str) -> dict[str, Any]:
    """How the emulator creates, updates and deletes resources of a type."""
    return _RESOURCE_HANDLERS[resource_type]


def register(
    resource_type: str,
    create: Callable[[str, Properties, str], Created],
    update: Callable[..., Created],
    delete: Callable[[str, Properties], None],
) -> None:
    """Replaces how resources of a type come and go, or adds a type. Updates are told the logical id."""
    _RESOURCE_HANDLERS[resource_type] = {
        "create": create,
        "update": update,
        "update_with_logical_id": True,
        "delete": delete,
    }
