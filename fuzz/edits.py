"""Random edits of a document, and the laws that each one keeps: nothing is lost, and nothing else is touched."""

import json
import random
import re
from typing import Any

import yaml

from linter.errors import FixError
from linter.fix.data import apply_to_data, same, to_data
from linter.fix.text import edit_text
from linter.fix.tree import Node, child, column, line_end, line_start, parse
from linter.model import Edit, Op


def routes(data: Any, route: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every route that exists in plain data."""
    found = [route]
    if isinstance(data, dict):
        for key, value in data.items():
            found += routes(value, (*route, key))
    elif isinstance(data, list):
        for at, value in enumerate(data):
            found += routes(value, (*route, at))
    return found


def look(data: Any, route: tuple[str | int, ...]) -> Any:
    """The value at a route."""
    for step in route:
        data = data[step]
    return data


VALUES: list[Any] = [
    "plain",
    "yes",
    "1",
    "it's",
    "a: b",
    "l1\nl2\n",
    "x#y",
    " lead",
    "# hash",
    "",
    True,
    None,
    7,
    "tail\n\n",
    "[x",
    "é✓ \x07",
    {"name": "regcred"},
    ["a", {"b": "c"}],
    {},
    [],
    {"k": {"deep": ["x", []]}},
]


def random_edit(rng: random.Random, data: Any, document: int = 0) -> Edit | None:
    """A random edit that makes sense for the data, or None."""
    every = routes(data)
    route = rng.choice(every)
    here = look(data, route)
    op = rng.choice(list(Op))
    if op is Op.REMOVE or op is Op.RENAME:
        if not route or (op is Op.RENAME and not isinstance(route[-1], str)):
            return None
        return Edit(op, "f", document, route, None if op is Op.REMOVE else rng.choice(["new-key", "yes", "a b"]))
    if op is Op.APPEND:
        lists = [r for r in every if isinstance(look(data, r), list) or (look(data, r) is None and r)]
        return Edit(op, "f", document, rng.choice(lists), rng.choice(VALUES)) if lists else None
    if op is Op.PAYLOAD:
        texts = [r for r in every if isinstance(look(data, r), str) and r]
        return Edit(op, "f", document, rng.choice(texts), rng.choice(VALUES[:7])) if texts else None
    if isinstance(here, dict) and rng.random() < 0.6:
        more = rng.choice([("new",), ("new",), ("on", "deep"), ("x y",)])
        return None if more[0] in here else Edit(op, "f", document, (*route, *more), rng.choice(VALUES))
    return Edit(op, "f", document, route, rng.choice(VALUES)) if route else None


def around(root: Node, route: tuple[str | int, ...]) -> Node:
    """The collection two levels above the edited place: nothing outside its lines may change."""
    chain = [root]
    for step in route:
        found = child(chain[-1], step)
        if found is None:
            break
        chain.append(found[1])
    return chain[max(len(chain) - 3, 0)]


def check_edit(text: str, root: Node, data: Any, one: Edit, hint: str) -> str:
    """Make one edit and hold the result to every law; "refused" when it was declined."""
    try:
        want = apply_to_data(data, [one])
    except FixError:
        try:
            edit_text(text, [one], format_hint=hint)
        except FixError:
            return "refused"
        raise AssertionError("an edit that means nothing was made") from None
    try:
        result = edit_text(text, [one], format_hint=hint)
    except FixError as error:
        return "refused" if "alias" in str(error) or "without touching" in str(error) else f"failed: {error}"
    after = parse(result.text, hint)[0]
    assert same(to_data(after), want)
    if hint == "yaml":
        # An independent reader agrees; dates and keys are the only things it sees differently.
        assert same(reread(result.text), reread(json.dumps(want)))
    for comment in re.findall(r"# c\d+\.", text):
        inside = comment in repr(data)
        assert inside or comment in result.text or any(comment in lost for lost in result.lost_comments)
        assert inside or result.text.count(comment) <= text.count(comment)
    if root.kind != "scalar":
        place = around(root, one.route)
        assert result.text.startswith(text[: line_start(text, place.start)])
        if column(text, place.last) and place is not root:
            assert result.text.endswith(text[line_end(text, place.last) :])
    assert ("\r\n" in result.text) <= ("\r\n" in text)
    if one.op is not Op.REMOVE or not isinstance(one.route[-1], int):
        again = edit_text(result.text, [one], format_hint=hint)
        assert again.text == result.text
    return "made"


class _Reader(yaml.CSafeLoader):
    """PyYAML as it is, but for dates, which stay text as in Kubernetes, and for keys, which are text there too."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, pattern) for tag, pattern in rules if "timestamp" not in tag and not tag.endswith(":value")]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


def reread(text: str) -> Any:
    """What PyYAML makes of one document."""
    return yaml.load(text, Loader=_Reader)
