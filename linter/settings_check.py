"""Settings against their schema: the first thing that is wrong, with its line, its key and the nearest right one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from linter.errors import SettingsError
from linter.secret import MASK, worded


def validate(source: str, text: str, data: Any, schema: dict[str, Any]) -> None:
    """Raise `SettingsError` when `data`, read from `text`, does not follow `schema`, or lost a key to a later one."""
    import jsonschema  # noqa: PLC0415 - only a project with settings pays for it

    twice = _repeated(text)
    if twice is not None:
        key, line = twice
        raise SettingsError(f"{source}:{line}: {worded(key)} stands here a second time: only one of them would count")
    errors = sorted(
        jsonschema.Draft202012Validator(schema).iter_errors(data),
        # An unknown key first: what it was meant to be explains much of the rest.
        key=lambda error: (error.validator != "additionalProperties", list(map(str, error.absolute_path))),
    )
    if not errors:
        return
    error = _innermost(errors[0])
    path = list(error.absolute_path)
    unknown = _unknown_keys(error)
    line = _line(text, [*path, unknown[0]] if unknown else path)
    where = ".".join(str(step) for step in path)
    raise SettingsError(f"{source}{f':{line}' if line else ''}: {_told(where, unknown, error)}")


def nearest(word: str, known: Sequence[str]) -> str:
    """The end of a sentence about a word that does not exist: the one that may be meant, or all there are."""
    import difflib  # noqa: PLC0415 - only a mistake needs it

    near = difflib.get_close_matches(word.replace("_", "-").lower(), known, n=1, cutoff=0.5)
    return f": did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"


def _told(where: str, unknown: list[str], error: Any) -> str:
    if unknown:
        known = list(error.schema.get("properties", {}))
        inside = f" in {where}" if where else ""
        return f"there is no setting {worded(unknown[0])}{inside}{nearest(unknown[0], known)}"
    if where == "openshift-version" and error.validator == "type":
        return f'{where}: write the version in quotes, as in "4.12": without them YAML reads a number'
    description = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    said = f"{_shown(error)} does not fit" if error.validator == "pattern" else _unquoted(error)
    return f"{where or 'the file'}: {said}. {description}".strip()


def _shown(error: Any) -> str:
    """The value of an error, when that is a plain word or number: else it may be a credential."""
    value = error.instance
    words = value if isinstance(value, list) else [value]
    plain = all(not isinstance(word, str) or worded(word) != MASK for word in words)
    return repr(value) if plain and not isinstance(value, dict) else MASK


def _unquoted(error: Any) -> str:
    """The message of an error, its value as it may be shown."""
    return str(error.message).replace(repr(error.instance), _shown(error))


def _unknown_keys(error: Any) -> list[str]:
    if error.validator != "additionalProperties" or error.validator_value is not False:
        return []
    return [str(key) for key in error.instance if key not in error.schema.get("properties", {})]


def _innermost(error: Any) -> Any:
    """Of a choice between shapes, the error of the shape that was meant: the one that misses least."""
    while error.validator in ("anyOf", "oneOf") and error.context:
        shapes: dict[int, list[Any]] = defaultdict(list)
        for one in error.context:
            shapes[one.relative_schema_path[0]].append(one)
        best = min(shapes.values(), key=_distance)
        error = min(best, key=lambda one: one.validator != "additionalProperties")
    return error


def _distance(errors: Iterable[Any]) -> int:
    """How far data is from a shape: another type altogether is furthest, then keys that are unknown or missing."""
    weights = {"type": 100, "additionalProperties": 10, "required": 5}
    return sum(
        (weights.get(str(error.validator), 1) * max(1, len(_unknown_keys(error))))
        if len(error.relative_path) == 0
        else 1
        for error in errors
    )


def _repeated(text: str) -> tuple[str, int] | None:
    """The first key that a mapping has twice, with the line of the second; None where there is none."""
    import yaml  # noqa: PLC0415 - as above

    open_nodes, seen = [yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))], set[int]()
    while open_nodes:
        node = open_nodes.pop()
        if id(node) in seen:  # an alias leads to it as well
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            open_nodes += reversed(node.value)
        elif isinstance(node, yaml.MappingNode):
            keys = set[str]()
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode) and key.value in keys:
                    return key.value, key.start_mark.line + 1
                keys.add(str(key.value))
            open_nodes += [value for _, value in reversed(node.value)]
    return None


def _line(text: str, path: Sequence[str | int]) -> int:
    """The line on which the end of `path` stands, or the last part of it that there is; 0 when unknown."""
    import yaml  # noqa: PLC0415 - as above

    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return 0
    line = 0
    for step in path:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = (node.value[step], node.value[step])
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line
