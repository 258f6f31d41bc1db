"""A collection without credentials that still answers every rule that does not need the secret itself."""

import json
import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Final

from linter.collecting import Collection, Object
from linter.collecting.numbers import marked, unmarked
from linter.collecting.payloads import REDACTED, broken, data, payload
from linter.collecting.scrubbing import CONFIG, SHORTEST, Scrubber, secretive_name
from linter.collecting.surrogates import Surrogates
from linter.collecting.telling import each_told, telling
from linter.inventory.configs import is_config
from linter.inventory.secrets import LAST_APPLIED, holds_config, is_pull_secret
from linter.sources.live import ClusterError

_TELLING: Final = re.compile(
    r"(?:^|[./])(?:kubernetes|k8s|openshift|argoproj|fluxcd|emberstack|titansoft|sealedsecrets|external-secrets"
    r"|isindir|hashicorp|appscode|akuity)\.|\bk8s\.io/|^regcred/|^tekton\.dev/|^jenkins\.io/|^appstudio\.redhat\.com/"
)
"""Annotations of platforms and controllers: what they say is not secret, and rules go by it. Others keep their name."""
CONFIG_MAP: Final = ("v1", "ConfigMap")


class Redaction:
    """One redaction, of one input or many: equal credentials stay equal across all of them.

    First every object goes through `secrets`, which learns the credentials; then every object through `scrubbed`.
    """

    def __init__(self) -> None:
        self.made = Surrogates()

    def secrets(self, place: tuple[str, ...], item: Object) -> Object:
        """Return an object with surrogates where credentials belong. `place` is its apiVersion and kind."""
        return _secrets(place, item, self.made)

    def scrubbed(self, place: tuple[str, ...], item: Object) -> Object:
        """Return an object of which `secrets` is done, without any credential that has been met anywhere."""
        return _object(place, item, self.scrubber)

    @cached_property
    def scrubber(self) -> Scrubber:
        """What takes all credentials out of any text that were known when it was first asked for."""
        return Scrubber(self.made)


def redact(collections: list[Collection], redaction: Redaction | None = None) -> list[Collection]:
    """Return the collections with surrogates for credentials; equal ones stay equal across all of them."""
    redaction = redaction or Redaction()
    return scrubbed([learnt(one, redaction) for one in collections], redaction)


def learnt(one: Collection, redaction: Redaction) -> Collection:
    """Return a collection with surrogates where credentials belong. Raises `ClusterError`."""
    try:
        lists = {place: [redaction.secrets(place, item) for item in items] for place, items in one.lists.items()}
    except RecursionError:
        raise _too_deep() from None
    return one._replace(record=one.record._replace(redacted=True), lists=lists)


def scrubbed(collections: Iterable[Collection], redaction: Redaction) -> list[Collection]:
    """Return the collections without any credential that is known by now. Raises `ClusterError`."""
    scrub = redaction.scrubber
    try:
        return [
            one._replace(
                record=one.record._replace(
                    refused=tuple(gone._replace(message=scrub.text(gone.message)) for gone in one.record.refused)
                ),
                lists={
                    place: [redaction.scrubbed(place, item) for item in items] for place, items in one.lists.items()
                },
            )
            for one in collections
        ]
    except RecursionError:
        raise _too_deep() from None


def _too_deep() -> ClusterError:
    return ClusterError("an object is nested too deeply to be redacted", "collect without --redact")


def _secrets(place: tuple[str, ...], item: Object, made: Surrogates) -> Object:
    """Replace what a Secret holds; of one that is no pull secret only names of keys and configs of registries stay."""
    item = dict(item)
    metadata = item.get("metadata")
    if isinstance(metadata, dict):
        item["metadata"] = {name: value for name, value in metadata.items() if name != "managedFields"}
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict):
            item["metadata"]["annotations"] = {
                name: _annotation(place, name, value, made) for name, value in annotations.items()
            }
    if place[:2] == CONFIG_MAP and isinstance(item.get("data"), dict):
        item["data"] = {name: _setting(name, value, made) for name, value in item["data"].items()}
    if place[:2] != ("v1", "Secret"):
        return item
    pulls = is_pull_secret(item)
    for field in ("data", "stringData"):
        values = item.get(field)
        if isinstance(values, dict):
            item[field] = {
                name: _value(field, value, made, kept=pulls or holds_config(field, value))
                for name, value in values.items()
            }
        elif values is not None:
            item[field] = REDACTED
    return item


def _setting(name: str, value: Any, made: Surrogates) -> Any:
    """Replace what a ConfigMap holds where a registry config stands in it, or its key says that it is a secret."""
    if not isinstance(value, str):
        return each_told(value, made)
    if CONFIG.search(value):
        return payload(value, made)
    if is_config(name, value):
        return data(value, made)
    return made.secret(value) if secretive_name(name) or telling(name) else value


def _value(field: str, value: Any, made: Surrogates, *, kept: bool) -> Any:
    if not kept:
        return ""
    if isinstance(value, dict | list | int | float) and not isinstance(value, bool):
        return _shape(value, made)
    if not isinstance(value, str):
        return value
    return data(value, made) if field == "data" else payload(value, made)


def _shape(value: Any, made: Surrogates) -> Any:
    """Return a value that should be text and is none (a registry config without quotes, a number), redacted alike.

    Where all members are null it is an unquoted mark of a template, or text in braces.
    """
    if isinstance(value, dict) and value and all(inner is None for inner in value.values()):
        return {broken(str(key), made): None for key in value}
    text = payload(marked(value), made)
    try:
        return unmarked(text)
    except ValueError:
        return REDACTED


def _annotation(place: tuple[str, ...], name: str, value: Any, made: Surrogates) -> Any:
    if not isinstance(value, str):
        return value
    if name == LAST_APPLIED:
        try:
            applied = json.loads(value)
        except (ValueError, RecursionError):
            return broken(value, made)
        if isinstance(applied, dict):
            about = ("v1", "Secret") if applied.get("kind") == "Secret" else place
            return json.dumps(_secrets(about, applied, made), separators=(",", ":"), ensure_ascii=False) + (
                "\n" if value.endswith("\n") else ""
            )
        return broken(value, made)
    if name.endswith("token-secret.value"):
        return made.secret(value)
    return value if _TELLING.search(name) or len(value) < SHORTEST + 2 else REDACTED


def _object(place: tuple[str, ...], item: Object, scrub: Scrubber) -> Object:
    """Scrub an object; what `_secrets` has made of a Secret's values is finished and stays."""
    held: Object = {}
    applied = None
    if place[:2] == ("v1", "Secret"):
        held = {field: item[field] for field in ("data", "stringData") if field in item}
        item = {field: value for field, value in item.items() if field not in held}
    metadata = item.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if isinstance(metadata, dict) and isinstance(annotations, dict) and isinstance(annotations.get(LAST_APPLIED), str):
        applied = _applied(place, annotations[LAST_APPLIED], scrub)
        rest = {name: value for name, value in annotations.items() if name != LAST_APPLIED}
        item = {**item, "metadata": {**metadata, "annotations": rest}}
    cleaned: Object = {**scrub.tree(item), **held}
    if applied is not None:
        cleaned["metadata"]["annotations"][LAST_APPLIED] = applied
    return cleaned


def _applied(place: tuple[str, ...], text: str, scrub: Scrubber) -> str:
    try:
        applied = json.loads(text)
    except ValueError:
        return scrub.text(text, free=True)
    if not isinstance(applied, dict):
        return scrub.text(text, free=True)
    cleaned = _object(place, applied, scrub)
    return json.dumps(cleaned, separators=(",", ":"), ensure_ascii=False) + ("\n" if text.endswith("\n") else "")


__all__ = ["Redaction", "learnt", "redact", "scrubbed"]
