"""Objects to typed records, joined per namespace: which secrets reach which pod, import or build."""

from linter.inventory.build import Builder, build
from linter.inventory.inventory import Inventory, Mentions

__all__ = ["Builder", "Inventory", "Mentions", "build"]
