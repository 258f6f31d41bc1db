"""Rules and reports, found by file name and imported on use. Nothing is registered and nothing is listed by hand."""

import importlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from linter.errors import UsageError
from linter.model import RuleInfo
from linter.record import NamedTuple
from linter.secret import worded

if TYPE_CHECKING:
    from linter.rule import Rule


class Loaded(NamedTuple):
    """One rule with its module: `name` is its file's name with dashes, `family` its folder's."""

    name: str
    family: str
    module: ModuleType
    rule: "Rule"


def _folder(package: str) -> str:
    try:
        return str(next(iter(importlib.import_module(package).__path__)))
    except ModuleNotFoundError:
        raise UsageError(f"package {package} is not installed beside linter: reinstall regcred") from None


def _modules(folder: str) -> Iterator[str]:
    for entry in sorted(os.listdir(folder)):
        stem, dot, suffix = entry.partition(".")
        if stem.startswith("_") or stem == "contract":
            continue
        if suffix == "py" or (not dot and os.path.isfile(os.path.join(folder, entry, "__init__.py"))):
            yield stem


@lru_cache(maxsize=1)
def rules() -> tuple[Loaded, ...]:
    """Import every rule of the catalogue, ordered by code."""
    root = _folder("rules")
    found = []
    for family in _modules(root):
        for stem in _modules(os.path.join(root, family)):
            module = importlib.import_module(f"rules.{family}.{stem}")
            found.append(Loaded(stem.replace("_", "-"), family, module, module.RULE))
    return tuple(sorted(found, key=lambda loaded: loaded.rule.code))


def info(loaded: Loaded) -> RuleInfo:
    """What reports need to know of a rule: the headings of its docstring become the sections of its manual."""
    summary, sections = manual(loaded.module.__doc__ or "")
    rule = loaded.rule
    return RuleInfo(rule.code, loaded.name, loaded.family, rule.severity, summary, sections, rule.fixable)


def manual(docstring: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Split a rule's docstring into its title and its `(heading, text)` sections."""
    title, *parts = f"\n{docstring.strip()}".split("\n## ")
    divided = (part.partition("\n") for part in parts)
    sections = tuple((heading.strip(), text.strip("\n").rstrip()) for heading, _, text in divided)
    return title.strip().rstrip("."), sections


def matches(selector: str, loaded: Loaded) -> bool:
    """Whether `selector` (a code, the beginning of one such as `RC1`, a name, a family, or `all`) means this rule."""
    wanted = selector.strip()
    return (
        wanted.lower() == "all"
        or wanted in (loaded.name, loaded.family)
        or (re.match(r"^(?:RC|X)\d{0,3}$", wanted.upper()) is not None and loaded.rule.code.startswith(wanted.upper()))
    )


def selected(
    select: tuple[str, ...], ignore: tuple[str, ...], known: tuple[Loaded, ...] | None = None
) -> tuple[Loaded, ...]:
    """The rules that `select` (none: all) names and `ignore` does not, of those that are `known` (default: built in).

    Raises `UsageError` for a selector that means no rule, naming the nearest one that does.
    """
    catalogue = rules() if known is None else known
    for selector in (*select, *ignore):
        if not any(matches(selector, loaded) for loaded in catalogue):
            raise UsageError(f"no rule is called {worded(selector)}{nearest(selector, catalogue)}")
    chosen = [one for one in catalogue if not select or any(matches(selector, one) for selector in select)]
    return tuple(one for one in chosen if not any(matches(selector, one) for selector in ignore))


def check_options(options: Mapping[str, Mapping[str, object]], catalogue: Sequence[Loaded]) -> None:
    """Raise `UsageError` for an option that no rule of `catalogue` declares, or for a value of another type."""
    declared = {loaded.name: loaded.rule.options for loaded in catalogue}
    for name, values in options.items():
        if name not in declared:
            raise UsageError(f"options: no rule is called {worded(name)}{nearest(name, catalogue)}")
        known = declared[name]
        for option, value in values.items():
            if option not in known:
                has = f"it has {', '.join(known)}" if known else "it has none"
                raise UsageError(f"options: rule {name} has no option {option!r}: {has}")
            if type(value) is not type(known[option]):
                raise UsageError(f"options: {name}.{option} takes a value like {known[option]!r}, not {value!r}")


def nearest(selector: str, catalogue: Sequence[Loaded]) -> str:
    """The end of a sentence about a `selector` that means no rule: the one that may be meant, or where to look."""
    import difflib  # noqa: PLC0415 - only a mistake needs it

    words = [word for loaded in catalogue for word in (loaded.name, loaded.rule.code)]
    near = difflib.get_close_matches(selector, words, n=1, cutoff=0.5)
    return f": did you mean {near[0]}?" if near else ": `regcred rules` lists them"


@lru_cache(maxsize=1)
def report_names() -> tuple[str, ...]:
    """The names of all formats, without importing any."""
    return tuple(_modules(_folder("reports")))


def report(name: str) -> Any:
    """Import the report module called `name`. Raises `UsageError` for an unknown one."""
    if name not in report_names():
        raise UsageError(f"no format is called {name!r}: there are {', '.join(report_names())}")
    return importlib.import_module(f"reports.{name}")


def report_options(**values: Any) -> Any:
    """Build the options record that reports take."""
    return importlib.import_module("reports.contract").Options(**values)
