"""Rules of a project: Python files of the same shape as the built-in ones, and JSON Schemas declared in the settings.

Codes of custom rules are X and three digits. A file says its code in its `RULE`. A declared rule may; otherwise its
code is made of its name, so that neither its place in the list nor its neighbours change it (baselines hold codes).
"""

import errno
import hashlib
import importlib.util
import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from linter.errors import RegcredError, SettingsError
from linter.files import oversized
from linter.model import FAILED, NotEvaluated, Problem
from linter.registry import Loaded
from linter.secret import without_logins
from linter.settings import DeclaredRule, RuleFiles, Settings

if TYPE_CHECKING:
    from linter.rule import Context, Finding, KubeObject, Location, PullSecret

FAMILY: Final = "custom"
_MOST: Final = 4 * 2**20
_LONGEST: Final = 400

_CODE = re.compile(r"^X\d{3}$")
_KNOWN_MEMBERS: Final = frozenset(
    {"auths", "auth", "username", "password", "email", "identitytoken", "registrytoken", "credsStore", "credHelpers"}
)
_CONFIDENTIAL: Final = frozenset({"env", "args", "command", "data", "stringData", "annotations"})

Custom = tuple[RuleFiles | DeclaredRule, ...]


def catalogue(settings: Settings, builtin: tuple[Loaded, ...]) -> tuple[Loaded, ...]:
    """The rules of `settings` behind the `builtin` ones. Raises `SettingsError` for what is no rule, or no new one."""
    every = list(builtin)
    for loaded in _load(settings.custom, settings.source, os.getcwd()):
        for other in every:
            if loaded.rule.code == other.rule.code or loaded.name in (other.name, other.family):
                raise SettingsError(
                    f"{settings.source}: rules: {loaded.rule.code} {loaded.name} and {other.rule.code} {other.name} "
                    "would be one: give your rule another name, or a code of its own (X001 to X999)"
                )
        every.append(loaded)
    return tuple(every)


@lru_cache(maxsize=8)
def _load(custom: Custom, source: str, _folder: str) -> tuple[Loaded, ...]:
    """Load every custom rule, once for all rounds of a repair; `source` is relative to `_folder`."""
    found: list[Loaded] = []
    for entry in custom:
        if isinstance(entry, RuleFiles):
            found.extend(_from_file(path) for path in _files(entry.path, source))
        else:
            found.append(_declared(entry, source))
    return tuple(sorted(found, key=lambda loaded: loaded.rule.code))


def _files(path: str, source: str) -> list[str]:
    """The rule files that `path` means, seen from the settings file's folder."""
    full = os.path.join(os.path.dirname(source), path)
    if os.path.isfile(full):
        return [full]
    try:
        names = sorted(os.listdir(full))
    except OSError as error:
        raise SettingsError(f"{source}: rules: {path} cannot be read: {error.strerror}") from error
    found = [os.path.join(full, name) for name in names if name.endswith(".py") and not name.startswith("_")]
    if not found:
        raise SettingsError(f"{source}: rules: there is no rule file (*.py) in {path}")
    return found


def _from_file(path: str) -> Loaded:
    from linter.rule import Rule  # noqa: PLC0415 - only a project with rules of its own pays for it

    stem = os.path.basename(path).removesuffix(".py")
    spec = importlib.util.spec_from_file_location(f"regcred_custom_{stem}", path)
    if spec is None or spec.loader is None:
        raise SettingsError(f"{path}: this is not a Python file")
    try:
        _checked(path)
    except OSError as error:
        raise SettingsError(f"{path}: this rule cannot be read: {error.strerror}") from None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        # Nothing has been scanned yet, so that the message of the user's own file can hold no credential.
        said = str(error)[:_LONGEST]
        raise SettingsError(f"{path}: this rule cannot be loaded: {type(error).__name__}: {said}") from error
    rule = getattr(module, "RULE", None)
    if not isinstance(rule, Rule):
        raise SettingsError(f"{path}: this is not a rule: it has no RULE = Rule(code=…, severity=…, check=…)")
    if not _CODE.match(rule.code):
        raise SettingsError(f"{path}: its code is {rule.code!r}: codes of custom rules are X001 to X999")
    return Loaded(stem.replace("_", "-"), FAMILY, module, rule)


def _checked(path: str) -> None:
    """Raise OSError for what is no file of a size that a rule has: what loads it would wait for it, or read it all."""
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")
    if status.st_size > _MOST:
        raise oversized(_MOST)


def guarded(loaded: Loaded) -> "Callable[[Context], Iterator[Finding]]":
    """Return the check of a custom rule that ends where the rule fails, and notes that it has.

    What the rule has found before stays. The message of an error may quote the input: only its kind and place are told.
    """

    def check(context: "Context") -> "Iterator[Finding]":
        try:
            for finding in loaded.rule.check(context):
                yield _finding_of(finding)
        except (RegcredError, MemoryError, GeneratorExit):
            raise
        except (Exception, SystemExit) as error:
            if "REGCRED_DEBUG" in os.environ:
                raise
            said = f"{loaded.rule.code} {loaded.name} {_failure(error, loaded)}: what it would have found is missing"
            name = context.inventory.name
            context.withheld.append(NotEvaluated(FAILED, said, rules=(loaded.name,), cluster=name))

    return check


def _finding_of(made: object) -> "Finding":
    """Return what a rule has yielded. Raises `TypeError` for what is no finding."""
    from linter.rule import Finding  # noqa: PLC0415 - as above

    if not isinstance(made, Finding):
        raise TypeError
    return made


def _failure(error: BaseException, loaded: Loaded) -> str:
    """Name an error of a rule by its kind, and its place in the rule's file where it has one."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        own = trace.tb_frame.f_code.co_filename == getattr(loaded.module, "__file__", "")
        line, trace = trace.tb_lineno if own else line, trace.tb_next
    at = f" in line {line}" if line else ""
    if isinstance(error, SystemExit):
        return f"calls exit(){at}, which ends nothing here"
    return f"failed with {type(error).__name__}{at}"


def failed(
    unjudged: Iterable[NotEvaluated], rules: Iterable[Loaded], source: str, base: str
) -> Iterator[Problem]:
    """Yield what to say of the rules that have failed, beside what was found: it must not be missed.

    They are of the settings `source`. `base` is the folder in which the call was made, "" for this process's own.
    """
    files = {loaded.name: getattr(loaded.module, "__file__", None) for loaded in rules}
    remedy = "correct the rule (REGCRED_DEBUG=1 shows the traceback), or leave it out with --ignore"
    for entry in unjudged:
        if entry.reason == FAILED:
            file = files[entry.rules[0]]
            yield Problem(os.path.relpath(file, base or os.curdir) if file else source, entry.message, remedy)


def _declared(entry: DeclaredRule, source: str) -> Loaded:
    from linter.rule import Rule  # noqa: PLC0415 - as above

    validator = _validator(entry, source)
    kinds = entry.kinds if entry.about == "object" else ("Secret",)
    _check_kinds(entry, source)
    make = _object_check if entry.about == "object" else _payload_check
    check = make(entry, validator, source)
    rule = Rule(entry.code or _code_of(entry.name), entry.severity, check, needs=kinds)
    module = ModuleType(f"regcred_custom_{entry.name.replace('-', '_')}", _manual(entry, source))
    return Loaded(entry.name, FAMILY, module, rule)


def _code_of(name: str) -> str:
    return f"X{int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) % 999 + 1:03d}"


def _validator(entry: DeclaredRule, source: str) -> Any:
    """The schema's validator. It fetches nothing: a `$ref` that leads out of the schema does not resolve."""
    import jsonschema  # noqa: PLC0415 - as above
    import referencing  # noqa: PLC0415 - as above

    schema = json.loads(entry.schema)
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        where = ".".join(str(step) for step in error.absolute_path)
        raise SettingsError(
            f"{source}: rules: the schema of {entry.name} is none: {where or 'it'}: {error.message}"
        ) from error
    return jsonschema.Draft202012Validator(schema, registry=referencing.Registry())


def _check_kinds(entry: DeclaredRule, source: str) -> None:
    """A rule about objects that are never read would be silent for ever: say so at once."""
    from linter.documents.kinds import KINDS  # noqa: PLC0415 - as above
    from linter.settings_check import nearest  # noqa: PLC0415 - as above

    if entry.about == "payload":
        wrong = [kind for kind in entry.kinds if not fnmatchcase("Secret", kind)]
        if wrong:
            raise SettingsError(f"{source}: rules: {entry.name}: only a Secret has a payload, not {wrong[0]}")
        return
    if not entry.kinds:
        raise SettingsError(f"{source}: rules: {entry.name}: match.kind says which kind of object is meant")
    for kind in entry.kinds:
        if not any(fnmatchcase(known, kind) for known in KINDS):
            near = nearest(kind, list(KINDS)).partition("; known are")[0]
            raise SettingsError(
                f"{source}: rules: {entry.name}: regcred does not read objects of kind {kind}{near or ''}"
            )


def _manual(entry: DeclaredRule, source: str) -> str:
    about = f"{' or '.join(entry.kinds) or 'Secret'} objects" if entry.about == "object" else "payloads of pull secrets"
    schema = json.dumps(json.loads(entry.schema), indent=2)
    return (
        f"{entry.message.rstrip('.')}.\n\n"
        f"## What it does\nChecks {about} against a JSON Schema that {os.path.basename(source)} declares.\n\n"
        f"## Why it matters\n{entry.message}\n\n"
        f"## Example\nWhat must hold:\n\n```json\n{schema}\n```\n\n"
        f"## Fix\n{entry.remedy or 'Change what the schema names.'}\n"
    )


def _wanted(entry: DeclaredRule, item: "KubeObject") -> bool:
    return all(
        not patterns or any(fnmatchcase(value, pattern) for pattern in patterns)
        for patterns, value in ((entry.kinds, item.kind), (entry.namespaces, item.namespace), (entry.names, item.name))
    )


def _object_check(entry: DeclaredRule, validator: Any, source: str) -> "Callable[[Context], Iterator[Finding]]":
    def check(context: "Context") -> "Iterator[Finding]":
        for item in context.inventory.objects:
            if _wanted(entry, item):
                for error in _errors(entry, validator, item.body, source):
                    route = tuple(error.absolute_path)
                    pointer = "/" + "/".join(map(str, route))
                    yield _finding(context, entry, item, item.at(*_shown_route(route)), pointer, error)

    return check


def _shown_route(route: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The part of `route` whose line may be shown: what can hold any credential is pointed at from outside."""
    for depth, step in enumerate(route):
        if step in _CONFIDENTIAL:
            return route[:depth]
    return route


def _payload_check(entry: DeclaredRule, validator: Any, source: str) -> "Callable[[Context], Iterator[Finding]]":
    def check(context: "Context") -> "Iterator[Finding]":
        for secret, payload in context.readable_secrets():
            if not _wanted(entry, secret.object):
                continue
            try:
                tree = json.loads(payload.text)
            except (ValueError, RecursionError):
                continue  # a payload that is no JSON has findings of its own
            for error in _errors(entry, validator, tree, source):
                route = tuple(error.absolute_path)
                yield _finding(context, entry, secret.object, _spot(secret, route), _pointer(secret, route), error)

    return check


def _errors(entry: DeclaredRule, validator: Any, tree: Any, source: str) -> list[Any]:
    """The errors of one object, each place and keyword once."""
    import referencing.exceptions  # noqa: PLC0415 - as above

    where = f"{source}: rules: the schema of {entry.name}"
    try:
        found = {(tuple(error.absolute_path), error.validator): error for error in validator.iter_errors(tree)}
    except referencing.exceptions.Unresolvable as error:
        raise SettingsError(f"{where} refers to {without_logins(str(error.ref))}, which is not in it") from error
    except RecursionError as error:
        raise SettingsError(f"{where} refers to itself without end") from error
    return list(found.values())


def _finding(
    context: "Context", entry: DeclaredRule, item: "KubeObject", at: "Location", pointer: str, error: Any
) -> "Finding":
    # Never the validator's own message: it quotes the value, and the value may be a credential.
    detail = f"{pointer} does not satisfy `{error.validator}`"
    if error.validator == "required" and isinstance(error.instance, dict):
        detail += ": without " + ", ".join(str(name) for name in error.validator_value if name not in error.instance)
    return context.finding(
        entry.message,
        of=item,
        at=at,
        key=f"{pointer} {error.validator}",
        detail=f"{detail}, which {entry.name} asks for.",
        remedy=entry.remedy,
    )


def _spot(secret: "PullSecret", route: tuple[str | int, ...]) -> "Location":
    """The entry that `route` leads into, where there is one; else the whole payload."""
    from linter.rule import spot  # noqa: PLC0415 - as above

    payload = secret.payload
    for entry in payload.entries if payload is not None else ():
        if entry.live and entry.key in route[:2]:
            return spot(secret, *entry.key_span, entry.key)
    return secret.at()


def _pointer(secret: "PullSecret", route: Iterable[str | int]) -> str:
    """A route inside a payload as it may be shown: registry keys and known members, nothing else that it may hold."""
    from linter.rule import shown  # noqa: PLC0415 - as above

    keys = {entry.key for entry in secret.payload.entries} if secret.payload is not None else set()
    steps = [
        shown(step) if step in keys else str(step) if isinstance(step, int) or step in _KNOWN_MEMBERS else "•••"
        for step in route
    ]
    return "/" + "/".join(steps)
