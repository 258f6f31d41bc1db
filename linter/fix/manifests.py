"""Manifests that repair a cluster: each touched object whole, ready for `kubectl apply`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from linter.errors import FixError
from linter.fix.creatable import cleaned, creatable
from linter.fix.data import apply_to_data, same, to_data
from linter.fix.keepers import generated_by, keeper, out_of_reach
from linter.fix.mask import mask_lines, parsed
from linter.fix.naming import file_name, one_line
from linter.fix.plan import Agree, declined, first_round
from linter.fix.readme import index, readme
from linter.fix.repaired import KubeObject, Repaired, ref_of
from linter.fix.restarts import Standing, owners
from linter.fix.scalars import Style, render_block
from linter.fix.takeaway import only_removes, removals
from linter.fix.tree import parse
from linter.model import Edit, Finding, Fix

_ORDER = ("Secret", "SealedSecret", "ExternalSecret", "ServiceAccount")
_RECREATED = ("Pod", "Job")


class FixFile(NamedTuple):
    """A file to write: its text, its mode, and whether it holds a credential."""

    text: str
    mode: int = 0o644
    carries_credential: bool = False


class FixDir(NamedTuple):
    """A folder of repairs, by relative path; the fixes it makes, and those it leaves with the reason."""

    files: Mapping[str, FixFile]
    applied: tuple[Fix, ...] = ()
    refused: tuple[tuple[Fix, str], ...] = ()


def build(
    objects: Iterable[KubeObject],
    findings: Iterable[Finding],
    *,
    unsafe: bool,
    credentials: bool = True,
    prove: Callable[[Sequence[Fix]], str] | None = None,
    agree: Agree | None = None,
    several: bool = False,
) -> FixDir:
    """Make the folder's files for all fixes that may be made; nothing is written here.

    Each object stands in it whole, for the API replaces lists such as a service account's `imagePullSecrets` as one.
    `prove` says in a sentence what the fixes do together; `agree` is asked about those that change one payload;
    `several` tells that more than one cluster was judged, whether each has fixes or not.
    """
    by_document: dict[tuple[str, int], list[KubeObject]] = {}
    for item in objects:
        by_document.setdefault((item.path, item.document), []).append(item)
    fixable = [finding for finding in findings if finding.fix is not None]
    chosen, refused = _choose(fixable, unsafe=unsafe, agree=agree)
    collected = _Collected(by_document)
    applied: list[Fix] = []
    for fix, reason in collected.add_all(chosen):
        if reason:
            refused.append((fix, reason))
        else:
            applied.append(fix)
    proof = prove(applied) if prove is not None and applied else ""
    told = _Told(fixable, tuple(refused), proof, several)
    return _lay_out(collected, told, applied, credentials=credentials)


def _choose(
    findings: Sequence[Finding], *, unsafe: bool, agree: Agree | None
) -> tuple[list[Finding], list[tuple[Fix, str]]]:
    """Return the findings whose fixes are made in this run, and why the others are not."""
    offered: list[Fix] = []
    refused: list[tuple[Fix, str]] = []
    for finding in findings:
        if finding.fix is None:
            continue
        reason = declined(finding.fix, unsafe=unsafe)
        if reason:
            refused.append((finding.fix, reason))
        else:
            offered.append(finding.fix)
    first, later = first_round(offered, agree)
    refused += [(fix, "it touches what another fix changes: apply these, then check again") for fix in later]
    now = set(map(id, first))
    return [finding for finding in findings if id(finding.fix) in now], refused


class _Touched(NamedTuple):
    """A fix of a finding, and the objects that it edits, each with an edit whose route begins there."""

    finding: Finding
    fix: Fix
    edits: list[tuple[KubeObject, Edit]]


class _Collected:
    """The edits and findings of every touched object."""

    def __init__(self, by_document: Mapping[tuple[str, int], list[KubeObject]]) -> None:
        self.by_document = by_document
        self.found: dict[int, tuple[KubeObject, list[Edit], list[Finding]]] = {}
        self.untouchable = False
        self._told: set[tuple[object, ...]] = set()

    def add_all(self, findings: Iterable[Finding]) -> list[tuple[Fix, str]]:
        """Add fixes whole; return each with the reason why it cannot be made here, "" where it can."""
        reasons: list[tuple[Fix, str]] = []
        possible: list[tuple[int, _Touched]] = []
        for finding in findings:
            if finding.fix is None:
                continue
            touched = self._touched(finding, finding.fix)
            if isinstance(touched, str):
                reasons.append((finding.fix, touched))
            else:
                possible.append((len(reasons), touched))
                reasons.append((finding.fix, ""))
        # All at once, for an edit is judged with all others of its object; halved where that fails, to find the cause.
        waiting = [possible] if possible else []
        while waiting:
            part = waiting.pop()
            reason = self._add([touched for _, touched in part])
            if reason and len(part) == 1:
                reasons[part[0][0]] = (part[0][1].fix, reason)
            elif reason:
                half = len(part) // 2
                waiting += [part[half:], part[:half]]
        return reasons

    def _touched(self, finding: Finding, fix: Fix) -> _Touched | str:
        """What a fix edits, or why one of its objects cannot be repaired here."""
        touched: list[tuple[KubeObject, Edit]] = []
        for edit in fix.edits:
            item = self._object(edit)
            if item is None:
                return "its object is not among those that were read"
            if item.kind == "Kustomization" and not item.api_version.startswith("kustomize.toolkit."):
                return "kustomize reads it as a file, and no cluster holds it: repair the file with --fix"
            source = generated_by(item.body)
            route = edit.route[len(item.route) :]
            reason = f"is generated: change {one_line(source)} instead" if source else out_of_reach(item, route)
            if reason:
                self.untouchable = True
                return f"{one_line(str(ref_of(item)))} {reason}" if source else reason
            touched.append((item, edit._replace(route=route)))
        return _Touched(finding, fix, touched)

    def _add(self, part: Sequence[_Touched]) -> str:
        """Add fixes together; return the reason when an object cannot take them, with nothing added."""
        own: dict[int, tuple[KubeObject, list[Edit]]] = {}
        for touched in part:
            for item, edit in touched.edits:
                own.setdefault(id(item), (item, []))[1].append(edit)
        try:
            for item, edits in own.values():
                before = self.found.get(id(item), (item, [], []))[1]
                repaired = apply_to_data(item.body, [*before, *edits])
                if _generated_links(item.body) - _generated_links(repaired):
                    return "it would drop a link that OpenShift has generated"
        except FixError as error:
            return str(error)
        for touched in part:
            for item, edit in touched.edits:
                entry = self.found.setdefault(id(item), (item, [], []))
                entry[1].append(edit)
                finding = touched.finding
                told = id(item), finding.code, finding.key, finding.message, finding.location
                if told not in self._told:
                    self._told.add(told)
                    entry[2].append(finding)
        return ""

    def _object(self, edit: Edit) -> KubeObject | None:
        """Return the outermost object around an edit: what a template holds can only be changed in the template."""
        around = [
            item
            for item in self.by_document.get((edit.path, edit.document), ())
            if edit.route[: len(item.route)] == item.route
        ]
        return min(around, key=lambda item: len(item.route), default=None)


def _generated_links(body: Any) -> set[str]:
    """Collect the `<account>-dockercfg-xxxxx` names in a service account's lists."""
    if not isinstance(body, dict) or body.get("kind", "ServiceAccount") != "ServiceAccount":
        return set()
    names = set()
    for key in ("imagePullSecrets", "secrets"):
        items = body.get(key)
        for item in items if isinstance(items, list) else ():
            name = item.get("name") if isinstance(item, dict) else None
            if isinstance(name, str) and "-dockercfg-" in name:
                names.add(f"{key}/{name}")
    return names


class _Told(NamedTuple):
    """What the README tells beside the repairs. `several`: more than one cluster was judged."""

    findings: Sequence[Finding]
    refused: Sequence[tuple[Fix, str]]
    proof: str
    several: bool

    def of(self, cluster: str) -> list[Finding]:
        """The findings of one cluster."""
        return [finding for finding in self.findings if finding.cluster == cluster]


def _lay_out(collected: _Collected, told: _Told, applied: list[Fix], *, credentials: bool) -> FixDir:
    repaired = [
        _repaired(item, edits, found, credentials=credentials) for item, edits, found in collected.found.values()
    ]
    repaired.sort(key=lambda one: (one.cluster, one.ref.namespace, _rank(one.ref.kind), one.ref.kind, one.ref.name))
    clusters = list(dict.fromkeys(one.cluster for one in repaired))
    files: dict[str, FixFile] = {}
    done: list[Repaired] = []
    folders: dict[str, list[str]] = {}
    for one in repaired:
        folder = _folder(one, several=len(clusters) > 1)
        number = len(folders.setdefault(folder, [])) + 1
        if one.note:
            done.append(one)
            continue
        name = f"{number:02d}-{file_name(one.ref.kind.lower())}-{file_name(one.ref.name)}.yaml"
        folders[folder].append("" if one.recreate or one.replace else name)
        path = f"{folder}/delete-and-create/{name}" if one.recreate else f"{folder}/{name}"
        mode = 0o600 if one.carries_credential else 0o644
        files[path] = FixFile(_header(one) + rendered(one.body), mode, one.carries_credential)
        done.append(one._replace(path=path))
    for folder, names in folders.items():
        if any(names):
            files[f"{folder}/kustomization.yaml"] = FixFile(_kustomization([name for name in names if name]))
    objects = [item for listed in collected.by_document.values() for item in listed]
    standing = owners(told.findings, objects)
    if len(clusters) > 1:
        files |= _by_cluster(done, told, standing)
    elif done or collected.untouchable:
        name = (clusters or [finding.cluster for finding in told.findings] or [""])[0] if told.several else ""
        files["README.md"] = FixFile(
            readme(done, told.findings, told.refused, told.proof, cluster=name, standing=standing)
        )
    return FixDir(dict(sorted(files.items())), tuple(applied), tuple(told.refused))


def _by_cluster(done: Sequence[Repaired], told: _Told, standing: Standing) -> dict[str, FixFile]:
    """One README for each cluster, beside its folders: its commands must reach no other. The first names them all."""
    files: dict[str, FixFile] = {}
    folders: dict[str, str] = {}
    for cluster in dict.fromkeys(one.cluster for one in done):
        folder = folders[cluster] = file_name(cluster)
        own = [one._replace(path=one.path.removeprefix(f"{folder}/")) for one in done if one.cluster == cluster]
        text = readme(own, told.of(cluster), told.refused, cluster=cluster, standing=standing)
        files[f"{folder}/README.md"] = FixFile(text)
    files["README.md"] = FixFile(index(folders, told.proof))
    return files


def _rank(kind: str) -> int:
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def _folder(one: Repaired, *, several: bool) -> str:
    namespace = (
        f"ns-{file_name(one.ref.namespace)}" if one.ref.namespace == "no-namespace" else file_name(one.ref.namespace)
    )
    folder = namespace if one.ref.namespace else "no-namespace"
    return f"{file_name(one.cluster)}/{folder}" if several else folder


def _repaired(item: KubeObject, edits: list[Edit], findings: list[Finding], *, credentials: bool) -> Repaired:
    after = apply_to_data(item.body, edits)
    body = {"apiVersion": item.api_version, "kind": item.kind} | cleaned(after)
    secret = item.kind == "Secret"
    retyped = secret and (item.body.get("type") or "Opaque") != (body.get("type") or "Opaque")
    recreate = retyped or (secret and item.body.get("immutable") is True) or item.kind in _RECREATED
    carries = _carries(body)
    taken = () if recreate else tuple(removals(item.kind, edits, after))
    note = ""
    if taken and only_removes(item.kind, edits):
        note = "no manifest can take this away: see its command"
        carries = False
    elif carries and not credentials:
        note = "not written, for it would carry a credential: "
        note += "see its commands" if secret else "change it in the cluster, as said here"
    replace = secret and item.identified and not recreate and not note
    if replace or (secret and carries and note):
        taken = ()  # what takes its place whole, by a file or by hand, lacks it; a patch before would lose it
    if recreate and item.identified:
        body = creatable(body)
    metadata = item.body.get("metadata")
    version = metadata.get("resourceVersion") if replace and isinstance(metadata, dict) else None
    if isinstance(version, str) and version:
        body["metadata"] = {**body["metadata"], "resourceVersion": version}
    return Repaired(
        ref=ref_of(item),
        cluster=next((finding.cluster for finding in findings), ""),
        findings=tuple(findings),
        edits=tuple(edits),
        body=body,
        recreate=recreate,
        replace=replace,
        identified=item.identified,
        carries_credential=carries,
        note=note,
        taken=taken,
        keeper=keeper(item.body),
    )


def _carries(body: Mapping[str, Any]) -> bool:
    """Tell whether an object holds a credential: a Secret with any value, or anything that a diff would mask.

    What a SealedSecret holds is encrypted, and made to be committed.
    """
    if body.get("kind") == "SealedSecret":
        return False
    if body.get("kind") == "Secret":
        return bool(body.get("data") or body.get("stringData"))
    text = rendered(body)
    return mask_lines(text, parsed(text, "yaml")) != text.split("\n")


def rendered(body: Mapping[str, Any]) -> str:
    """Return the object as YAML in block style, checked to mean the object."""
    for style in (Style(), Style(blocks=False)):
        text = "\n".join(render_block(body, style)) + "\n"
        if same([to_data(root) for root in parse(text, "yaml")], [_plain(body)]):
            return text
    raise FixError("an object could not be written as YAML")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _header(one: Repaired) -> str:
    lines = [f"# {finding.code} {finding.name}: {one_line(finding.message)}" for finding in one.findings]
    if one.recreate:
        lines.append("# This object cannot be changed in place: it must be deleted and created, see README.md.")
    return "\n".join(dict.fromkeys(lines)) + "\n"


def _kustomization(names: Sequence[str]) -> str:
    body = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": list(names)}
    return "\n".join(render_block(body, Style())) + "\n"
