"""`.regcred.yaml`: what a project wants checked and how, as a frozen record with its defaults."""

import os
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from linter.errors import SettingsError
from linter.model import Severity

FILE_NAMES: Final = (".regcred.yaml", ".regcred.yml")


class Ignore(NamedTuple):
    """One suppression of the configuration: which rule, where, and why."""

    rule: str
    reason: str = ""
    path: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""


class Settings(NamedTuple):
    """The settings of one call. Rules may be named by code, beginning of a code (`RC1`), name or family.

    `expiry_warning_days` counts days, `openshift_version` is as written ("" when not configured).
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

    try:
        with open(source, encoding="utf-8") as stream:
            data = yaml.safe_load(stream)
    except OSError as error:
        raise SettingsError(f"{source}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark is not None else ""
        raise SettingsError(f"{source}{line}: this is not YAML: {getattr(error, 'problem', None) or error}") from error
    return _settings(source, {} if data is None else data)


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


def _settings(source: str, data: Any) -> Settings:
    _validate(source, data)
    ignored = data.get("ignore", [])
    return Settings(
        source=source,
        select=tuple(data.get("select", ())),
        ignore=tuple(entry for entry in ignored if isinstance(entry, str)),
        severities={rule: Severity[word.upper()] for rule, word in data.get("severities", {}).items()},
        openshift_version=data.get("openshift-version", ""),
        platform=data.get("platform", ""),
        private_registries=tuple(data.get("private-registries", ())),
        expiry_warning_days=data.get("expiry-warning-days", 30),
        exclude=tuple(data.get("exclude", ())),
        suppressions=tuple(Ignore(**entry) for entry in ignored if isinstance(entry, dict)),
    )


def _validate(source: str, data: Any) -> None:
    import jsonschema  # noqa: PLC0415 - only a project with settings pays for it

    rules = schema()
    if isinstance(data, dict):
        for key in data:
            if key not in rules["properties"]:
                raise SettingsError(
                    f"{source}: there is no setting {key!r}{_nearest(str(key), list(rules['properties']))}"
                )
    errors = sorted(
        jsonschema.Draft202012Validator(rules).iter_errors(data), key=lambda error: list(map(str, error.path))
    )
    if errors:
        first = errors[0]
        where = ".".join(str(step) for step in first.path) or "the file"
        hint = _remedy(where, first)
        raise SettingsError(f"{source}: {where}: {hint}")


def _remedy(where: str, error: Any) -> str:
    if where == "openshift-version" and error.validator == "type":
        return 'write the version in quotes, as in "4.12": without them YAML reads a number'
    description = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    return f"{error.message}. {description}".strip()


def _nearest(key: str, known: list[str]) -> str:
    import difflib  # noqa: PLC0415 - only a mistake needs it

    near = difflib.get_close_matches(key.replace("_", "-").lower(), known, n=1, cutoff=0.5)
    return f": did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"
