"""The README of a folder of repairs: what to apply in which order, what each file repairs, what remains."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from linter.fix.naming import inline, one_line, positional, shell
from linter.model import Edit, Finding, Fix, ObjectRef, Op
from linter.shell import rollout

_DROPPED = ("uid", "resourceVersion", "creationTimestamp", "managedFields")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Repaired(NamedTuple):
    """One object after its repairs. `path` is empty when no file is written for it; `note` then says what to do."""

    ref: ObjectRef
    cluster: str
    findings: tuple[Finding, ...]
    edits: tuple[Edit, ...]
    body: dict[str, Any]
    path: str = ""
    recreate: bool = False
    carries_credential: bool = False
    note: str = ""
    taken: tuple[dict[str, Any], ...] = ()
    keeper: str = ""


def readme(
    repaired: Sequence[Repaired], findings: Sequence[Finding], refused: Sequence[tuple[Fix, str]], proof: str = ""
) -> str:
    """Return the Markdown text; every name in a command is quoted for the shell. `proof` is one sentence of all."""
    parts = [*_intro(repaired)]
    parts += [f"Proof, of all repairs together: {inline(proof)}.\n"] if proof else []
    parts += [*_order(), *_recreate(repaired), *_take_away(repaired), *_apply(repaired)]
    parts += [*_by_hand(repaired), *_links(repaired), *_restarts(repaired), *_files(repaired)]
    parts += [*_kept(repaired), *_further(repaired), *_left(findings, refused)]
    return "\n".join(parts).rstrip("\n") + "\n"


def index(folders: Mapping[str, str], proof: str = "") -> str:
    """Return the Markdown text that leads to the folder of each cluster; `folders` is by the name of the cluster."""
    lines = ["# Repairs\n", "Each cluster has a folder and a README of its own. Before you run what is in it, point"]
    lines += ["`kubectl` at that cluster, and work in that folder.\n"]
    lines += [f"Proof, of all repairs together: {inline(proof)}.\n"] if proof else []
    lines += [f"- {inline(cluster)}: `{folder}/README.md`" for cluster, folder in folders.items()]
    return "\n".join(lines) + "\n"


def _intro(repaired: Sequence[Repaired]) -> Iterator[str]:
    yield "# Repairs\n"
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
    yield "3. Then restart what runs: a pod keeps the list it was admitted with.\n"
    yield "The sections below are in this order; so are the numbers of the files.\n"


def _apply(repaired: Sequence[Repaired]) -> Iterator[str]:
    folders = sorted({one.path.rpartition("/")[0] for one in repaired if one.path and not one.recreate})
    if not folders:
        return
    yield "## Apply\n"
    if any(folder.rpartition("/")[2] == "no-namespace" for folder in folders):
        yield "What names no namespace goes into the current one, or into that of `-n`.\n"
    yield "```sh"
    yield from (shell("kubectl", "apply", "--server-side", "--force-conflicts", "-k", folder) for folder in folders)
    yield "```\n"
    yield "`--force-conflicts` takes over the fields that these files name. Or plainly:\n"
    yield "```sh"
    yield from (shell("kubectl", "apply", "-k", folder) for folder in folders)
    for one in repaired:
        if one.ref.kind == "Secret" and one.path and not one.recreate:
            yield shell("kubectl", "annotate", *_named(one.ref), *_namespace(one.ref), _LAST_APPLIED + "-")
    yield "```\n"
    if any(one.ref.kind == "Secret" and one.path and not one.recreate for one in repaired):
        yield "A plain apply copies what it applies into an annotation, the credential of a Secret too: the last"
        yield "commands take it out again.\n"


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
        yield shell("kubectl", "patch", *_named(one.ref), *_namespace(one.ref), "--type=json", "-p", patch)
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


def _recreate(repaired: Sequence[Repaired]) -> Iterator[str]:
    chosen = [one for one in repaired if one.path and one.recreate]
    if not chosen:
        return
    yield "## Delete and create\n"
    yield "The type of a Secret, an immutable Secret, a Pod and a Job cannot be changed in place. Between the two"
    yield "steps the object is missing: pods that start then fail to pull, and try again.\n"
    yield "```sh"
    for one in chosen:
        yield shell("kubectl", "delete", *_named(one.ref), *_namespace(one.ref))
        yield shell("kubectl", "create", "-f", one.path, *_namespace(one.ref))
    yield "```\n"


def _by_hand(repaired: Sequence[Repaired]) -> Iterator[str]:
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
    commands = [line for one in chosen if one.carries_credential for line in _edit_commands(one)]
    if commands:
        yield "\nTake the payload out, change it as said above, put it back, and delete the local copy:\n"
        yield "```sh"
        yield "umask 077; folder=$(mktemp -d)"
        yield from commands
        yield 'rm -r "$folder"'
        yield "```"
    yield ""


def _edit_commands(one: Repaired) -> Iterator[str]:
    if one.ref.kind != "Secret":
        return
    secret = f"secret/{one.ref.name}"
    if one.recreate:
        program = (
            f"del({', '.join(f'.metadata.{key}' for key in _DROPPED)}) | .type = {json.dumps(one.body.get('type'))}"
        )
        made = '"$folder"/secret.json'
        yield (
            shell("kubectl", "get", secret, *_namespace(one.ref), "-o", "json") + f" | {shell('jq', program)} > {made}"
        )
        yield f'"${{EDITOR:-vi}}" {made}'
        yield shell("kubectl", "delete", secret, *_namespace(one.ref)) + f" && kubectl create -f {made}"
        return
    for key in dict.fromkeys(str(edit.route[1]) for edit in one.edits if len(edit.route) > 1):
        if not key.startswith(".docker"):
            continue
        yield shell("oc", "extract", secret, *_namespace(one.ref), f"--keys={key}", "--confirm") + ' --to="$folder"'
        yield f'"${{EDITOR:-vi}}" "$folder"/{shell(key)}'
        yield (
            shell("oc", "set", "data", secret, *_namespace(one.ref), f"--from-file={key}=") + f'"$folder"/{shell(key)}'
        )


def _links(repaired: Sequence[Repaired]) -> Iterator[str]:
    commands = dict.fromkeys(
        shell("oc", "secrets", "link", "--for=pull", *_namespace(one.ref), *positional(one.ref.name, name))
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


def _restarts(repaired: Sequence[Repaired]) -> Iterator[str]:
    commands: dict[str, None] = {}
    for one in repaired:
        for finding in one.findings:
            for workload in finding.impact.workloads:
                for line in _restart(workload.object):
                    commands[line] = None
    if commands:
        yield "## Then restart\n"
        yield "Only what still fails, or may not wait for its next pod. What is paused, or updates pods only when they"
        yield "are deleted, keeps them: delete its pods instead.\n"
        yield "```sh"
        yield from commands
        yield "```\n"


def _restart(ref: ObjectRef) -> Iterator[str]:
    words = rollout(ref.kind, ref.name)
    if words:
        yield shell(*words, *_namespace(ref))
    elif ref.kind == "Pod":
        yield shell("kubectl", "delete", *_named(ref), *_namespace(ref))


def _further(repaired: Sequence[Repaired]) -> Iterator[str]:
    commands = dict.fromkeys(
        one_line(line) for one in repaired for finding in one.findings for line in finding.commands
    )
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


def _named(ref: ObjectRef) -> tuple[str, ...]:
    return positional(f"{ref.kind.lower()}/{ref.name}")


def _namespace(ref: ObjectRef) -> tuple[str, ...]:
    return ("-n", ref.namespace) if ref.namespace else ()
