"""Writes data as YAML the way many hands would: every style, quote, indent and gap that is allowed, with comments."""

import json
import random
import re
from typing import Any

import yaml

_PLAIN = re.compile(r"[A-Za-z./_][\w./+=@-]*|[A-Za-z0-9+/=]{20,}")


class Scribe:
    """Writes documents; each comment has a text of its own."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.count = 0

    def comment(self) -> str:
        """A comment that stands nowhere else."""
        self.count += 1
        return f"# c{self.count}."

    def document(self, body: dict[str, Any]) -> list[str]:
        """The lines of one document."""
        return [*self._between(0), *self._mapping(body, 0), *self._between(0)]

    def stream(self, bodies: list[dict[str, Any]]) -> list[str]:
        """The lines of several documents, parted in the ways that there are."""
        lines = [self.rng.choice(["---", "---  ", f"--- {self.comment()}"])] if self.rng.random() < 0.5 else []
        for number, body in enumerate(bodies):
            if number:
                lines += ["..."] if self.rng.random() < 0.1 else []
                lines.append(self.rng.choice(["---", "---", "--- ", f"---   {self.comment()}"]))
            lines += self.document(body)
        return [*lines, "..."] if self.rng.random() < 0.1 else lines

    def _tail(self) -> str:
        if self.rng.random() < 0.12:
            return self.rng.choice([" ", "  ", "\t"]) + self.comment()
        return self.rng.choice(["", "  "]) if self.rng.random() < 0.1 else ""

    def _between(self, margin: int) -> list[str]:
        lines = [" " * self.rng.choice([margin, 0]) + self.comment()] if self.rng.random() < 0.1 else []
        return [*lines, ""] if self.rng.random() < 0.05 else lines

    def _scalar(self, value: Any) -> str:
        if not isinstance(value, str):
            return json.dumps(value)
        roll = self.rng.random()
        if roll < 0.2 or not value.isprintable() or not value.isascii():
            return json.dumps(value)
        if roll < 0.4:
            return "'" + value.replace("'", "''") + "'"
        return value if _PLAIN.fullmatch(value) and yaml.safe_load(value) == value else json.dumps(value)

    def _flow(self, value: Any) -> str:
        gap = self.rng.choice(["", " "])
        if isinstance(value, dict):
            pairs = ", ".join(f"{self._scalar(key)}: {self._flow(item)}" for key, item in value.items())
            return "{" + gap + pairs + ("," if value and self.rng.random() < 0.1 else "") + gap + "}"
        return f"[{', '.join(map(self._flow, value))}]" if isinstance(value, list) else self._scalar(value)

    def _value(self, value: Any, margin: int, *, dash: bool = False) -> tuple[str, list[str]]:
        """What stands behind a colon or a dash, and the lines below it."""
        rng = self.rng
        if isinstance(value, dict | list) and (not value or rng.random() < 0.15):
            return f" {self._flow(value)}{self._tail()}", []
        if isinstance(value, dict) and dash:
            lines = self._mapping(value, margin + 2)
            while not lines[0].strip() or lines[0].strip().startswith("#"):
                lines.pop(0)
            return f" {lines[0].lstrip(' ')}", lines[1:]
        if isinstance(value, dict):
            return self._tail(), self._mapping(value, margin + rng.choice([1, 2, 2, 4]))
        if isinstance(value, list):
            return self._tail(), self._sequence(value, margin + rng.choice([2, 4] if dash else [0, 2, 4]))
        written = self._literal(value, margin) if rng.random() < 0.6 else None
        return written or (f"{rng.choice([' ', ' ', '  '])}{self._scalar(value)}{self._tail()}", [])

    def _literal(self, value: Any, margin: int) -> tuple[str, list[str]] | None:
        """A block scalar, for texts of which one looks like itself."""
        if not isinstance(value, str) or (len(value) < 40 and "\n" not in value):
            return None
        lines = value.removesuffix("\n").split("\n")
        if lines[0].startswith(" ") or any(line.endswith(" ") or not line or not line.isprintable() for line in lines):
            return None
        pad = " " * (margin + self.rng.choice([1, 2, 4]))
        return f" |{'' if value.endswith(chr(10)) else '-'}{self._tail()}", [pad + line for line in lines]

    def _mapping(self, value: dict[str, Any], margin: int) -> list[str]:
        pairs = list(value.items())
        if self.rng.random() < 0.3:
            self.rng.shuffle(pairs)
        lines: list[str] = []
        for key, item in pairs:
            head, below = self._value(item, margin)
            gap = self.rng.choice(["", "", "", " "])
            lines += [*self._between(margin), f"{' ' * margin}{self._scalar(key)}{gap}:{head}", *below]
        return lines

    def _sequence(self, value: list[Any], margin: int) -> list[str]:
        lines: list[str] = []
        for item in value:
            head, below = self._value(item, margin, dash=True)
            lines += [*self._between(margin), f"{' ' * margin}-{head}", *below]
        return lines
