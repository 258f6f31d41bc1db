"""Severities by rule, and other settings for some files: what the configuration says beyond which rules run."""

from collections.abc import Iterable, Mapping, Sequence

from linter import registry
from linter.errors import SettingsError
from linter.globs import PathGlob
from linter.model import Finding, Severity, Suppressed
from linter.registry import Loaded
from linter.secret import worded
from linter.settings import Override, Settings


def by_code(severities: Mapping[str, Severity], catalogue: Sequence[Loaded], source: str) -> dict[str, Severity]:
    """The severities by code, the narrowest selector winning. Raises `SettingsError` for one that means no rule."""
    table: dict[str, tuple[int, Severity]] = {}
    for selector, severity in severities.items():
        codes = _codes(selector, catalogue, f"{source}: severities")
        for code in codes:
            if code not in table or len(codes) <= table[code][0]:
                table[code] = (len(codes), severity)
    return {code: severity for code, (_, severity) in table.items()}


def _codes(selector: str, catalogue: Sequence[Loaded], where: str) -> list[str]:
    codes = [loaded.rule.code for loaded in catalogue if registry.matches(selector, loaded)]
    if not codes:
        raise SettingsError(f"{where}: no rule is called {worded(selector)}{registry.nearest(selector, catalogue)}")
    return codes


class _Compiled:
    """One override with its patterns and codes worked out."""

    def __init__(self, override: Override, settings: Settings, catalogue: Sequence[Loaded]) -> None:
        where = f"{settings.source}: overrides"
        self.glob = PathGlob(override.path, settings.source)
        self.ignored = {code for selector in override.ignore for code in _codes(selector, catalogue, where)}
        self.severities = by_code(override.severities, catalogue, where)
        self.reason = override.reason or f"not checked in {', '.join(override.path)}"


def apply(
    findings: Iterable[Finding], settings: Settings, catalogue: Sequence[Loaded]
) -> tuple[list[Finding], list[Suppressed]]:
    """Apply the overrides to located findings: those that still count, and those that do not, with the reason."""
    overrides = [_Compiled(override, settings, catalogue) for override in settings.overrides]
    kept: list[Finding] = []
    ignored: list[Suppressed] = []
    for finding in findings:
        hits = [override for override in overrides if override.glob.match(finding.location.path)]
        hits.reverse()
        reason = next((hit.reason for hit in hits if finding.code in hit.ignored), None)
        severity = next((hit.severities[finding.code] for hit in hits if finding.code in hit.severities), None)
        if reason is not None:
            ignored.append(Suppressed(finding, "configuration", reason))
        else:
            kept.append(finding._replace(severity=severity) if severity else finding)
    return kept, ignored
