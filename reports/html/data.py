"""What the script of the page reads: one JSON document inside it, in which every text stands once.

Every text passes `visible` on its way in. The document cannot end its element, whatever it holds: `<` is an escape.
"""

import json
from collections.abc import Mapping
from typing import Any

from reports._visible import visible


class Texts:
    """A table of texts: the same text has the same place."""

    def __init__(self) -> None:
        self.table: list[str] = []
        self._places: dict[str, int] = {}

    def place(self, text: str) -> int:
        """Return the place of `text`, which enters the table when it is new."""
        found = self._places.get(text)
        if found is None:
            found = self._places[text] = len(self.table)
            self.table.append(visible(text))
        return found

    def encode(self, value: Any) -> Any:
        """Return `value` (texts, numbers, None, sequences and mappings of them) with places instead of texts."""
        if isinstance(value, str):
            return self.place(value)
        if isinstance(value, int) or value is None:
            return value
        if isinstance(value, Mapping):
            return {name: self.encode(member) for name, member in value.items()}
        return [self.encode(member) for member in value]


def embed(**parts: Any) -> str:
    """Return the parts as JSON for a script element of the page, with the table of their texts as `texts`."""
    texts = Texts()
    tree = {name: texts.encode(part) for name, part in parts.items()}
    text = json.dumps({"texts": texts.table, **tree}, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
