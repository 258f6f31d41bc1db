"""The README of a folder of repairs: what to apply in which order, what each file repairs, what remains."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from linter.fix.anew import secrets_anew, workloads_anew
from linter.fix.by_hand import by_hand
from linter.fix.naming import inline, named, namespace, one_line, positional, shell
from linter.fix.repaired import Repaired
from linter.fix.restarts import Standing, restarts
from linter.model import Edit, Finding, Fix, Op

_APPLY = ("kubectl", "apply", "--server-side", "--force-conflicts", "--field-manager=regcred", "-k")


def readme(
    repaired: Sequence[Repaired],
    findings: Sequence[Finding],
    refused: Sequence[tuple[Fix, str]],
    proof: str = "",
    *,
    cluster: str = "",
    standing: Standing | None = None,
) -> str:
    """Return the Markdown text; every name in a command is quoted for the shell. `proof` is one sentence of all.

    `cluster` is whose repairs they are, where more than one was judged; `standing` are the bodies of what they concern.
    """
    parts = [*_intro(repaired, cluster)]
    parts += [f"Proof, of all repairs together: {inline(proof)}.\n"] if proof else []
    parts += [*_order()] if repaired else []
    parts += [*secrets_anew(repaired), *_replace(repaired), *by_hand(repaired), *_take_away(repaired)]
    parts += [*_apply(repaired), *_links(repaired), *workloads_anew(repaired), *restarts(repaired, standing or {})]
    parts += [*_files(repaired), *_kept(repaired), *_further(repaired), *_left(findings, refused)]
    return "\n".join(parts).rstrip("\n") + "\n"


def index(folders: Mapping[str, str], proof: str = "") -> str:
    """Return the Markdown text that leads to the folder of each cluster; `folders` is by the name of the cluster."""
    lines = ["# Repairs\n", "Each cluster has a folder and a README of its own. Before you run what is in it, point"]
    lines += ["`kubectl` at that cluster, and work in that folder.\n"]
    lines += [f"Proof, of all repairs together: {inline(proof)}.\n"] if proof else []
    lines += [f"- {inline(cluster)}: `{folder}/README.md`" for cluster, folder in folders.items()]
    return "\n".join(lines) + "\n"


def _intro(repaired: Sequence[Repaired], cluster: str) -> Iterator[str]:
    yield f"# Repairs of {inline(cluster)}\n" if cluster else "# Repairs\n"
    if cluster:
        yield f"They are those of {inline(cluster)} alone, of all that was judged: point `kubectl` at that cluster"
        yield "before you run what is here.\n"
    yield "Read each file before you apply it: it holds the whole object as it was read, with the repair made."
    yield "If the object has changed in the cluster since, make this folder again. Nothing here was applied.\n"
    carriers = [one.path for one in repaired if one.path and one.carries_credential]
    if carriers:
        yield "These files carry a credential (mode 0600). Do not commit them; delete them after use:\n"
        yield from (f"- `{path}`" for path in carriers)
        yield ""


def _order() -> Iterator[str]:
    yield "## Order\n"
    yield "1. Secrets first: a link to a secret that does not exist yet is skipped without a word."
    yield "2. Then service accounts and workloads. Their lists are complete: the API replaces `imagePullSecrets` of a"
    yield "   service account as one, so leaving out what OpenShift has generated would make it mint new secrets."
    yield "3. Then make anew, or restart, what runs: a pod keeps the list it was admitted with.\n"
    yield "The sections below are in this order. Their commands are for this folder as the current one.\n"


def _replace(repaired: Sequence[Repaired]) -> Iterator[str]:
    chosen = [one for one in repaired if one.path and one.replace]
    if not chosen:
        return
    yield "## Replace\n"
    yield "These Secrets are put back whole. The API server refuses one that has changed since it was read, by the"
    yield "`resourceVersion` in its file. Nothing of them is copied into an annotation, as `kubectl apply` would, and"
    yield "such a copy of before is gone.\n"
    yield "```sh"
    yield from (shell("kubectl", "replace", "-f", one.path, *namespace(one.ref)) for one in chosen)
    yield "```\n"


def _apply(repaired: Sequence[Repaired]) -> Iterator[str]:
    applied = [one for one in repaired if one.path and not one.recreate and not one.replace]
    folders = sorted({one.path.rpartition("/")[0] for one in applied})
    if not folders:
        return
    yield "## Apply\n"
    if any(folder.rpartition("/")[2] == "no-namespace" for folder in folders):
        yield "What names no namespace goes into the current one, or into that of `-n`.\n"
    yield "```sh"
    yield from (shell(*_APPLY, folder) for folder in folders)
    yield "```\n"
    yield "`--force-conflicts` takes over the fields that these files name, from whatever has set them. Under a field"
    yield "manager of its own the annotation in which `kubectl apply` remembers your manifest stays as it is: it gets"
    yield "no copy of a credential, and your next apply takes nothing away that your manifest does not name, such as"
    yield "`replicas`. For the same reason, do not apply these files without `--server-side`.\n"


def _take_away(repaired: Sequence[Repaired]) -> Iterator[str]:
    chosen = [one for one in repaired if one.taken]
    if not chosen:
        return
    yield "## Take away\n"
    yield "Apply leaves what a manifest does not name, and merges the lists of a pod spec. What a repair removes is"
    yield "removed by a patch:\n"
    yield "```sh"
    for one in chosen:
        patch = json.dumps(list(one.taken), separators=(",", ":"), ensure_ascii=False)
        yield shell("kubectl", "patch", *named(one.ref), *namespace(one.ref), "--type=json", "-p", patch)
    yield "```\n"


def _kept(repaired: Sequence[Repaired]) -> Iterator[str]:
    kept = dict.fromkeys(f"- {inline(str(one.ref))}: by {inline(one.keeper)}" for one in repaired if one.keeper)
    if kept:
        yield "## Kept by a tool\n"
        yield "Something keeps these objects like a source of its own. Repair that source too, or the next run of the"
        yield "tool undoes the repair:\n"
        yield from kept
        yield ""


def _files(repaired: Sequence[Repaired]) -> Iterator[str]:
    written = [one for one in repaired if one.path]
    if not written:
        return
    yield "## Files\n"
    for one in written:
        yield f"- `{one.path}`: {inline(str(one.ref))}"
        for text in dict.fromkeys(f"{finding.code} {inline(finding.message)}" for finding in one.findings):
            yield f"  - {text}"
        for summary in dict.fromkeys(inline(finding.fix.summary) for finding in one.findings if finding.fix):
            yield f"  - repair: {summary}"
    yield ""


def _links(repaired: Sequence[Repaired]) -> Iterator[str]:
    commands = dict.fromkeys(
        shell("oc", "secrets", "link", "--for=pull", *namespace(one.ref), *positional(one.ref.name, name))
        for one in repaired
        if one.ref.kind == "ServiceAccount"
        for edit in one.edits
        for name in _linked(edit)
    )
    if commands:
        yield "## The same by command\n"
        yield "Instead of applying a service account, `oc` can add the link and keep whatever else is there:\n"
        yield "```sh"
        yield from commands
        yield "```\n"


def _linked(edit: Edit) -> Iterator[str]:
    value: Any = edit.value
    if edit.op in (Op.APPEND, Op.SET) and edit.route[:1] == ("imagePullSecrets",):
        for item in value if isinstance(value, list) else [value]:
            name = item.get("name") if isinstance(item, dict) else item
            if isinstance(name, str) and name:
                yield name


def _further(repaired: Sequence[Repaired]) -> Iterator[str]:
    """Only of what is neither in a file nor in a command above: what is repaired there may not be done twice."""
    left = [one for one in repaired if one.note and one.carries_credential and not (one.secret or one.taken)]
    commands = dict.fromkeys(one_line(line) for one in left for finding in one.findings for line in finding.commands)
    if commands:
        yield "## Commands that the findings name\n"
        yield "```sh"
        yield from commands
        yield "```\n"


def _left(findings: Sequence[Finding], refused: Sequence[tuple[Fix, str]]) -> Iterator[str]:
    if not refused:
        return
    reasons = {id(fix): reason for fix, reason in refused}
    yield "## Not repaired here\n"
    lines = dict.fromkeys(
        f"- {finding.code} {inline(finding.message)}: {inline(reasons[id(finding.fix)])}"
        for finding in findings
        if finding.fix is not None and id(finding.fix) in reasons
    )
    yield from lines
    yield ""
