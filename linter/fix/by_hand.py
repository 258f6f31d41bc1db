"""What is repaired without a file: Secrets by commands that hold no credential, and what only a person can do."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from linter.fix.naming import file_name, inline, named, namespace, shell
from linter.fix.repaired import Repaired
from linter.model import Edit, Op, Route
from linter.secret import Sensitive

_DROPPED: Final = ("uid", "resourceVersion", "creationTimestamp", "managedFields")
_ANNOTATION: Final = 'del(.metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"])'
"""Else `kubectl replace` writes the new payload into the copy that `kubectl apply` has left."""
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _Secret(NamedTuple):
    """A Secret and its files in the local folder: all of it as it is, each payload to change, and what is created."""

    one: Repaired
    whole: str
    payloads: dict[str, str]
    made: str

    def words(self) -> tuple[str, ...]:
        return (*named(self.one.ref), *namespace(self.one.ref))


def by_hand(repaired: Sequence[Repaired]) -> Iterator[str]:
    """Yield the section on what has no file."""
    chosen = [one for one in repaired if one.note]
    if not chosen:
        return
    yield "## Without a file\n"
    for one in chosen:
        yield f"- {inline(str(one.ref))}: {one.note}"
        for finding in one.findings:
            yield f"  - {finding.code} {inline(finding.message)}"
            if finding.fix:
                yield f"  - to do: {inline(finding.fix.summary)}"
    yield ""
    secrets = [_local(one, number) for number, one in enumerate(_carriers(chosen), 1)]
    if secrets:
        yield from _commands(secrets)


def _carriers(chosen: Sequence[Repaired]) -> list[Repaired]:
    return [one for one in chosen if one.secret and one.carries_credential and one.ref.name]


def _local(one: Repaired, number: int) -> _Secret:
    stem = f'"$folder"/{number}-{file_name(one.ref.name)}'
    keys = dict.fromkeys(str(edit.route[1]) for edit in one.edits if _in_payload(edit))
    ends = ["payload.json" if at == 1 else f"payload-{at}.json" for at in range(1, len(keys) + 1)]
    payloads = {key: f"{stem}.{end}" for key, end in zip(keys, ends, strict=True)}
    return _Secret(one, f"{stem}.secret.json", payloads, f"{stem}.new.json")


def _commands(secrets: Sequence[_Secret]) -> Iterator[str]:
    yield "Take the Secrets out, each into a file of its own:\n"
    yield "```sh"
    yield "umask 077; folder=$(mktemp -d)"
    for secret in secrets:
        yield f"{shell('kubectl', 'get', *secret.words(), '-o', 'json')} > {secret.whole}"
        for key, file in secret.payloads.items():
            yield f"{shell('jq', '-r', _path(('data', key)))} {secret.whole} | base64 -d > {file}"
    yield "```\n"
    told = [
        f"- `{file}`: {inline(key)} of {inline(str(secret.one.ref))}"
        for secret in secrets
        for key, file in secret.payloads.items()
    ]
    if told:
        yield "Change these payloads as said above, in an editor:\n"
        yield from told
        yield ""
    yield "Then put them back, in the same shell. Whatever is put back loses its local files, so that `rmdir` takes"
    yield "the folder away once all is done. What it finds there was refused: see why, mend it, and run its line again"
    if any(secret.one.recreate for secret in secrets):
        yield "(from `kubectl create` on, where the old Secret is deleted already: no other copy is left)."
    else:
        yield "(after you have taken it out anew, where it has changed meanwhile)."
    yield ""
    yield "```sh"
    yield from (_put_back(secret) for secret in secrets)
    yield 'rmdir "$folder"'
    yield "```\n"


def _put_back(secret: _Secret) -> str:
    names = [f"p{at}" for at in range(1, len(secret.payloads) + 1)]
    files = "".join(f"--rawfile {name} {file} " for name, file in zip(names, secret.payloads.values(), strict=True))
    steps = [f"{_path(('data', key))} = (${name} | @base64)" for name, key in zip(names, secret.payloads, strict=True)]
    steps += [step for edit in secret.one.edits if (step := _step(edit))]
    if secret.one.recreate:
        steps.insert(0, f"del({', '.join(f'.metadata.{key}' for key in _DROPPED)})")
    changed = f"jq {files}{shell(' | '.join([_ANNOTATION, *steps]))} {secret.whole}"
    local = " ".join([secret.whole, *secret.payloads.values()])
    where = namespace(secret.one.ref)
    if not secret.one.recreate:
        return f"{changed} | {shell('kubectl', 'replace', '-f', '-', *where)} && rm {local}"
    create = " ".join(["kubectl create -f", secret.made, *([shell(*where)] if where else [])])
    delete = shell("kubectl", "delete", *secret.words())
    return f"{changed} > {secret.made} && {delete} && {create} && rm {local} {secret.made}"


def _in_payload(edit: Edit) -> bool:
    """Whether an edit gives a key of a Secret another content, which no command may hold."""
    return edit.route[:1] in (("data",), ("stringData",)) and len(edit.route) > 1 and edit.op in (Op.PAYLOAD, Op.SET)


def _step(edit: Edit) -> str:
    """Return the edit as a step of a jq program, "" where a person makes it in a payload."""
    route = ("data", *edit.route[1:]) if edit.route[:1] == ("stringData",) else edit.route
    if edit.op is Op.REMOVE:
        return f"del({_path(route)})"
    if edit.op is Op.RENAME:
        return f"{_path((*route[:-1], str(edit.value)))} = {_path(route)} | del({_path(route)})"
    if edit.op is Op.SET and not _in_payload(edit) and not isinstance(edit.value, Sensitive):
        return f"{_path(route)} = {json.dumps(edit.value)}"
    return ""


def _path(route: Route) -> str:
    """Return what a jq program names a place by."""
    return "".join(
        f".{step}" if isinstance(step, str) and _PLAIN_KEY.fullmatch(step) else f"[{json.dumps(step)}]"
        for step in route
    )
