"""Random documents in every layout people use, each comment with a text of its own, and random edits of them.

REGCRED_LONG=1 raises the number of edits from some five thousand to more than a hundred thousand.
"""

import json
import os
import random
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.edits import check_edit, random_edit
from linter.errors import FixError
from linter.fix.data import apply_to_data, same, to_data
from linter.fix.plan import overlap
from linter.fix.text import edit_text
from linter.fix.tree import parse
from linter.model import Edit, Op

WORDS = [
    "a",
    "name",
    "regcred",
    "quay.io",
    "yes",
    "12",
    "x y",
    "it's",
    'say "hi"',
    "k: v",
    "a #b",
    "é✓",
    "- d",
    "",
    "null",
    "{x}",
    "@at",
]
KEYS = ["name", "data", "spec", "imagePullSecrets", "secrets", "labels", "a.b/c", "on", "x y", "items", "type", "z"]


class Maker:
    """Writes a document with mixed styles. `comments` says whether comments are sprinkled in."""

    def __init__(self, rng: random.Random, *, comments: bool = True, anchors: bool = False) -> None:
        self.rng = rng
        self.count = 0
        self.comments = comments
        self.anchors: list[str] | None = [] if anchors else None

    def comment(self) -> str:
        self.count += 1
        return f"# c{self.count}."

    def tail(self) -> str:
        return f" {self.rng.choice(['', ' '])}{self.comment()}" if self.comments and self.rng.random() < 0.2 else ""

    def full(self, margin: int) -> list[str]:
        lines = []
        if self.comments and self.rng.random() < 0.15:
            lines.append(" " * self.rng.choice([margin, margin, 0, margin + 2]) + self.comment())
        if self.rng.random() < 0.06:
            lines.append(self.rng.choice(["", "", "  "]))
        return lines

    def scalar(self, *, flow: bool) -> str:
        return self.write(self.rng.choice(WORDS), flow=flow)

    def write(self, text: str, *, flow: bool) -> str:
        style = self.rng.random()
        if style < 0.2:
            return json.dumps(text, ensure_ascii=False)
        if style < 0.4:
            return "'" + text.replace("'", "''") + "'"
        bad = not text or text[0] in "{@-" or ": " in text or " #" in text or '"' in text or (flow and "{" in text)
        return json.dumps(text, ensure_ascii=False) if bad else text

    def plain(self) -> str:
        return self.rng.choice(
            ["1", "true", "null", "~", "1.5", "2024-01-01", "0x1F", "plain", "two words", "http://x:5000/y"]
        )

    def flow(self, depth: int) -> str:
        roll = self.rng.random()
        if depth <= 0 or roll < 0.4:
            return self.scalar(flow=True) if roll < 0.25 else self.rng.choice(["1", "null", "true", '"q"'])
        gap = self.rng.choice(["", " "])
        sep = self.rng.choice([", ", ","]) if self.rng.random() < 0.5 else ", "
        if roll < 0.7:
            return "[" + gap + sep.join(self.flow(depth - 1) for _ in range(self.rng.randint(0, 3))) + gap + "]"
        keys = self.rng.sample(KEYS, self.rng.randint(0, 3))
        return "{" + gap + sep.join(f"{self.write(k, flow=True)}: {self.flow(depth - 1)}" for k in keys) + gap + "}"

    def wide_flow(self, margin: int) -> list[str]:
        pad = " " * (margin + 2)
        items = [self.flow(1) for _ in range(self.rng.randint(1, 3))]
        lines = ["["]
        for at, item in enumerate(items):
            if self.comments and self.rng.random() < 0.2:
                lines.append(pad + self.comment())
            comma = "," if at < len(items) - 1 or self.rng.random() < 0.3 else ""
            lines.append(pad + item + comma + self.tail())
        return [*lines, " " * (margin + self.rng.choice([1, 2])) + "]" + self.tail()]

    def value(self, depth: int, margin: int, dash: bool) -> tuple[str, list[str]]:
        """What stands behind a colon or dash, and the lines below."""
        roll = self.rng.random()
        if depth > 0 and roll < 0.45:
            return self.collection(depth, margin, dash)
        if roll < 0.52:
            return " " + self.flow(2) + self.tail(), []
        if roll < 0.57:
            head, *rest = self.wide_flow(margin)
            return " " + head, rest
        if roll < 0.66:
            return self.block_scalar(margin)
        if roll < 0.70:
            words = [self.rng.choice(["one", "two", "three"]) for _ in range(3)]
            return f" {words[0]} {words[1]}", [" " * (margin + 2) + words[2] + self.tail()]
        if roll < 0.74:
            return self.tail(), []
        if self.anchors is not None and roll < 0.79:
            if self.anchors and self.rng.random() < 0.6:
                return f" *{self.rng.choice(self.anchors)}" + self.tail(), []
            self.anchors.append(f"n{len(self.anchors)}")
            return f" &{self.anchors[-1]} word" + self.tail(), []
        text = self.plain() if roll < 0.86 else self.scalar(flow=False)
        return f"{self.rng.choice([' ', ' ', '  '])}{text}{self.tail()}", []

    def block_scalar(self, margin: int) -> tuple[str, list[str]]:
        pad = " " * (margin + self.rng.choice([1, 2, 4]))
        body = [
            self.rng.choice(['{"auths": {', "text", "# no comment", "  more: x", ""])
            for _ in range(self.rng.randint(1, 4))
        ]
        body = ["first", *body]
        header = self.rng.choice("|>") + self.rng.choice(["", "", "-", "+"]) + self.tail()
        return " " + header, [pad + line if line else "" for line in body]

    def collection(self, depth: int, margin: int, dash: bool) -> tuple[str, list[str]]:
        if self.rng.random() < 0.5:
            inner = margin + self.rng.choice([1, 2, 2, 4])
            lines = self.mapping(depth - 1, inner)
            if dash and lines[0].strip() and not lines[0].strip().startswith("#"):
                inner = margin + 2
                lines = self.mapping(depth - 1, inner)
                while not lines[0].strip() or lines[0].strip().startswith("#"):
                    lines.pop(0)
                return " " + lines[0].lstrip(" "), lines[1:]
            return self.tail(), lines
        inner = margin + (self.rng.choice([2, 4]) if dash else self.rng.choice([0, 2, 4]))
        return self.tail(), self.sequence(depth - 1, inner)

    def mapping(self, depth: int, margin: int) -> list[str]:
        lines: list[str] = []
        for key in self.rng.sample(KEYS, self.rng.randint(1, 4)):
            lines += self.full(margin)
            head, below = self.value(depth, margin, False)
            lines += [" " * margin + self.write(key, flow=False) + ":" + head, *below]
        return lines

    def sequence(self, depth: int, margin: int) -> list[str]:
        lines: list[str] = []
        for _ in range(self.rng.randint(1, 4)):
            lines += self.full(margin)
            head, below = self.value(depth, margin, True)
            lines += [" " * margin + "-" + head, *below]
        return lines

    def document(self) -> str:
        body = self.mapping(3, 0) if self.rng.random() < 0.85 else self.sequence(3, 0)
        lines = self.full(0) + body + self.full(0)
        newline = self.rng.choice(["\n", "\n", "\r\n"])
        return newline.join(lines) + self.rng.choice([newline, newline, newline, ""])


LONG = os.environ.get("REGCRED_LONG") == "1"
SEEDS = 1_800 if LONG else 250
PER_SEED = 20


def run(seed: int, *, anchors: bool) -> Counter[str]:
    """Some documents and edits from one seed; how many edits were made and how many declined."""
    counts: Counter[str] = Counter()
    rng = random.Random(seed)
    while sum(counts.values()) < PER_SEED:
        text = Maker(rng, anchors=anchors).document()
        try:
            root = parse(text, "yaml")[0]
        except FixError:
            continue
        if root is None:
            continue
        for _ in range(3):
            one = random_edit(rng, to_data(root))
            if one is not None:
                outcome = check_edit(text, root, to_data(root), one, "yaml")
                assert outcome in ("made", "refused")
                counts[outcome] += 1
    return counts


@settings(max_examples=SEEDS * (3 if LONG else 1), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**48))
def test_random_edits_of_random_yaml(seed: int) -> None:
    counts = run(seed, anchors=False)
    assert counts["refused"] <= 4  # an odd layout may be declined, but that is rare


@settings(max_examples=SEEDS // 3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**48))
def test_random_edits_among_anchors_and_aliases(seed: int) -> None:
    run(seed, anchors=True)


def random_data(rng: random.Random, depth: int) -> Any:
    roll = rng.random()
    if depth and roll < 0.35:
        return {key: random_data(rng, depth - 1) for key in rng.sample(KEYS, rng.randint(0, 3))}
    if depth and roll < 0.6:
        return [random_data(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    return rng.choice([*WORDS, 1, 1.5, True, None, "é✓\n"])


@settings(max_examples=SEEDS // 2, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**48))
def test_random_edits_of_random_json(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(PER_SEED):
        data = {"a": random_data(rng, 3), "l": [random_data(rng, 3)]}
        indent = rng.choice([None, None, 1, 2, 4, "\t"])
        colon = rng.choice([":", ": "]) if indent is None else ": "
        text = json.dumps(data, indent=indent, separators=("," if colon == ":" or indent is not None else ", ", colon))
        text += rng.choice(["", "\n"])
        one = random_edit(rng, data)
        if one is None:
            continue
        root = parse(text, "json")[0]
        assert root is not None
        assert check_edit(text, root, data, one, "json") == "made" or one.op in (Op.PAYLOAD, Op.RENAME)
        result = edit_text(text, [one], format_hint="json").text if one.op not in (Op.PAYLOAD, Op.RENAME) else text
        assert same(json.loads(result), apply_to_data(data, [one])) or result == text
        if indent is None:
            assert "\n" not in result.strip("\n")
        elif one.op in (Op.SET, Op.APPEND, Op.REMOVE):
            expected = json.dumps(json.loads(result), indent=indent, ensure_ascii=False)
            decoded = json.dumps(json.loads(result), indent=indent)
            assert result.strip("\n").count("\n") in (expected.count("\n"), decoded.count("\n"))


@settings(max_examples=SEEDS // 3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**48))
def test_several_edits_at_once_mean_the_original_routes(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(PER_SEED // 3):
        text = Maker(rng).document()
        roots = parse(text, "yaml")
        data = to_data(roots[0])
        chosen: list[Edit] = []
        for one in (random_edit(rng, data) for _ in range(5)):
            if one is not None and not any(overlap(one, other) or one == other for other in chosen):
                chosen.append(one)
        try:
            want = apply_to_data(data, chosen)
            result = edit_text(text, chosen)
        except FixError:
            continue
        assert same(to_data(parse(result.text, "yaml")[0]), want)
