"""`.regcred.yaml`: what a project wants checked and how, as a frozen record with its defaults."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from linter.model import Severity

FILE_NAMES = (".regcred.yaml", ".regcred.yml")


class Ignore(NamedTuple):
    """One suppression of the configuration: which rule, where, and why."""

    rule: str
    reason: str = ""
    path: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""


class Settings(NamedTuple):
    """The settings of one call. Rule names may be codes, prefixes of codes (`RC1`) or names."""

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
