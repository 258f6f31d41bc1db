"""`.regcred.yaml`: what a project wants checked and how, as a frozen record with its defaults."""

import os
import re
from collections.abc import Mapping
from typing import Any, Final

from linter.errors import SettingsError
from linter.model import Severity
from linter.patterns import lazy
from linter.record import NamedTuple
from linter.secret import MASK

_UNSAID: Final = lazy(r"(?<=')[^'<>]{2,}(?=')|(?<=\")[^\"<>]{2,}(?=\")")
"""What a message of the YAML reader quotes of the file: it may be anything."""
_MOST: Final = 2**20
_DEPTH: Final = 60
_ALIASES: Final = 100_000
"""How deep settings may nest, and how many values their aliases may stand for."""
_UNITS: Final = {"": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
FILE_NAMES: Final = (".regcred.yaml", ".regcred.yml")


class Ignore(NamedTuple):
    """One suppression of the configuration: which rule, where, and why."""

    rule: str
    reason: str = ""
    path: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""


class Override(NamedTuple):
    """Other settings for files that match any of the patterns `path`: rules that do not count there, severities."""

    path: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    severities: Mapping[str, Severity] = {}
    reason: str = ""


class RuleFiles(NamedTuple):
    """A rule file of the project, or a folder of them; relative to the settings file."""

    path: str


class DeclaredRule(NamedTuple):
    """A rule without code: `schema` (JSON Schema, as JSON text) must hold for what it is `about`: object or payload.

    It looks at objects of which kind, namespace and name match one of the patterns each (none: any).
    """

    name: str
    message: str
    about: str
    schema: str
    severity: Severity = Severity.WARNING
    code: str = ""
    remedy: str = ""
    kinds: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class Settings(NamedTuple):
    """The settings of one call. Rules may be named by code, beginning of a code (`RC1`), name or family.

    `limits` are by the name of the limit: bytes (`file`, `archive`, `memory`) and counts (`ratio`, `members`, `depth`,
    `aliases`, `objects`); what is not named has its default.

    `expiry_warning_days` counts days, `openshift_version` is as written ("" when not configured), `options` are by the
    name of the rule and of the option.
    """

    source: str = ""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severities: Mapping[str, Severity] = {}
    openshift_version: str = ""
    platform: str = ""
    private_registries: tuple[str, ...] = ()
    expiry_warning_days: int = 30
    exclude: tuple[str, ...] = ()
    suppressions: tuple[Ignore, ...] = ()
    overrides: tuple[Override, ...] = ()
    custom: tuple[RuleFiles | DeclaredRule, ...] = ()
    options: Mapping[str, Mapping[str, str | int | bool]] = {}
    limits: Mapping[str, int] = {}

    @property
    def openshift(self) -> tuple[int, int] | None:
        """The configured OpenShift version as (major, minor), None when none is configured."""
        found = re.match(r"^v?(\d+)\.(\d+)", self.openshift_version)
        return (int(found.group(1)), int(found.group(2))) if found else None


def load(path: str | None) -> Settings:
    """Read the settings file at `path`; with None, the nearest one from the working directory up, or the defaults.

    Raises `SettingsError` that names the file, the key and the nearest right one.
    """
    source = path or _nearest_file()
    if not source:
        return Settings()
    import yaml  # noqa: PLC0415 - only a project with settings pays for it

    from linter.documents.build import build  # noqa: PLC0415 - as above
    from linter.files import given  # noqa: PLC0415 - as above
    from linter.sources import Limits  # noqa: PLC0415 - as above

    try:
        text = given(source, _MOST).decode("utf-8-sig")
        build(text, Limits(depth=_DEPTH, alias_nodes=_ALIASES))
        data = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - it is a safe one
    except OSError as error:
        raise SettingsError(f"{source}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SettingsError(f"{source}: this is not UTF-8 text: save it as UTF-8") from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "a value is not of the type that its tag says"
        raise SettingsError(f"{source}{line}: this cannot be read as YAML: {_UNSAID.sub(MASK, problem)}") from None
    return _settings(source, text, {} if data is None else data)


def _nearest_file() -> str:
    """The settings file of the working directory or the nearest folder above it, no higher than the repository."""
    folder = os.getcwd()
    while True:
        for name in FILE_NAMES:
            if os.path.isfile(os.path.join(folder, name)):
                return os.path.relpath(os.path.join(folder, name))
        parent = os.path.dirname(folder)
        if parent == folder or os.path.exists(os.path.join(folder, ".git")):
            return ""
        folder = parent


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the settings file."""
    import json  # noqa: PLC0415 - only a project with settings pays for it

    with open(os.path.join(os.path.dirname(__file__), "settings.schema.json"), encoding="utf-8") as stream:
        found: dict[str, Any] = json.load(stream)
    return found


def _settings(source: str, text: str, data: Any) -> Settings:
    from linter.settings_check import validate  # noqa: PLC0415 - only a project with settings pays for it

    validate(source, text, data, schema())
    ignored = data.get("ignore", [])
    return Settings(
        source=source,
        select=tuple(data.get("select", ())),
        ignore=tuple(entry for entry in ignored if isinstance(entry, str)),
        severities=_severities(data),
        openshift_version=data.get("openshift-version", ""),
        platform=data.get("platform", ""),
        private_registries=tuple(data.get("private-registries", ())),
        expiry_warning_days=data.get("expiry-warning-days", 30),
        exclude=tuple(data.get("exclude", ())),
        suppressions=tuple(Ignore(**entry) for entry in ignored if isinstance(entry, dict)),
        overrides=tuple(_override(entry) for entry in data.get("overrides", ())),
        custom=tuple(_custom(entry) for entry in data.get("rules", ())),
        options=data.get("options", {}),
        limits={name: _bytes(size) for name, size in data.get("limits", {}).items()},
    )


def _bytes(size: int | str) -> int:
    """Return a size as a number of bytes."""
    if not isinstance(size, str):
        return int(size)
    number, unit = size.rstrip("KMGiB"), size.lstrip("0123456789 ")
    return int(number) * _UNITS[unit]


def _severities(data: Mapping[str, Any]) -> Mapping[str, Severity]:
    return {str(rule): Severity[word.upper()] for rule, word in data.get("severities", {}).items()}


def _texts(value: Any) -> tuple[str, ...]:
    """One text or a list of them, as a tuple."""
    return (value,) if isinstance(value, str) else tuple(value or ())


def _override(entry: Mapping[str, Any]) -> Override:
    return Override(
        _texts(entry["path"]), tuple(entry.get("ignore", ())), _severities(entry), entry.get("reason", "")
    )


def _custom(entry: Mapping[str, Any]) -> RuleFiles | DeclaredRule:
    if "path" in entry:
        return RuleFiles(entry["path"])
    import json  # noqa: PLC0415 - only a project with rules of its own pays for it

    match = entry.get("match", {})
    about, asserted = next(iter(entry["assert"].items()))
    return DeclaredRule(
        name=entry["name"],
        message=entry["message"],
        about=about,
        # A date in YAML is no JSON; its text is what the schema meant.
        schema=json.dumps(asserted, default=str),
        severity=Severity[entry.get("severity", "warning").upper()],
        code=entry.get("code", ""),
        remedy=entry.get("remedy", ""),
        kinds=_texts(match.get("kind")),
        namespaces=_texts(match.get("namespace")),
        names=_texts(match.get("name")),
    )
