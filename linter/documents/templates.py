"""OpenShift Templates: parameters that have a value are filled in as `oc process` does it; the others stay as written.

Keys stay as well, so that every route still leads to the Template's own text.
"""

from collections.abc import Mapping
from typing import Any, Final

from linter.patterns import lazy

_STRING: Final = lazy(r"\$\{([A-Za-z0-9_]+)\}")
_WHOLE: Final = lazy(r"\$\{\{([A-Za-z0-9_]+)\}\}")
_MOST: Final = 16 * 2**20
"""How many characters the parameters of one Template may add: more is left as it is written."""

_DEEPEST: Final = 50


def filled(template: Mapping[str, Any]) -> Any:
    """Return the `objects` of a Template, its parameters filled in (openshift/library-go, template processing).

    `${X}` is replaced inside of any string; a string that is `${{X}}` becomes the JSON value that X spells, or the text
    itself where that is no JSON. What has no `value` of its own is unknown until somebody gives it one: it stays.
    """
    objects = template.get("objects")
    values = dict(_values(template.get("parameters")))
    return _Filler(values).fill(objects) if values else objects


def _values(parameters: Any) -> list[tuple[str, str]]:
    """The parameters with a value; an empty one means that the user, or a generator, gives it."""
    listed = parameters if isinstance(parameters, list) else []
    pairs = [(one.get("name"), one.get("value")) for one in listed if isinstance(one, dict)]
    return [(name, value) for name, value in pairs if isinstance(name, str) and isinstance(value, str) and value]


class _Filler:
    """Fills in values; what holds no parameter is returned as it is, aliased collections once."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._left = _MOST
        self._done: dict[int, Any] = {}

    def fill(self, value: Any) -> Any:
        """Return the value with its parameters filled in."""
        if isinstance(value, str):
            return self._text(value) if "${" in value else value
        if not isinstance(value, dict | list):
            return value
        known = self._done.get(id(value))
        if known is None:
            known = self._done[id(value)] = self._collection(value)
        return known

    def _collection(self, value: dict[str, Any] | list[Any]) -> Any:
        if isinstance(value, dict):
            members = {key: self.fill(one) for key, one in value.items()}
            return members if any(members[key] is not value[key] for key in value) else value
        items = [self.fill(one) for one in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value

    def _text(self, text: str) -> Any:
        whole = _WHOLE.fullmatch(text)
        if whole:
            value = self._values.get(whole[1])
            return text if value is None else _json(value)
        names = [name for name in _STRING.findall(text) if name in self._values]
        self._left -= sum(len(self._values[name]) for name in names)
        if not names or self._left < 0:
            return text
        return _STRING.sub(lambda found: self._values.get(found[1], found[0]), text)


def _json(text: str) -> Any:
    import json  # noqa: PLC0415 - few templates have such a parameter

    if text.count("[") + text.count("{") > _DEEPEST:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
