"""Names of secrets in places that no table knows: a name that somebody mentions is not called unused.

Searched on demand, and only for secrets that nothing is known to use: first in the parsed objects, then in the text of
documents that were never parsed (ConfigMaps, templates, values). Comments and the Secret's own definition do not count.
"""

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from linter.documents.objects import KubeObject
from linter.fillings import FILLED, pattern, stretched
from linter.inventory.applied import WORD
from linter.inventory.inventory import Inventory, Mentions
from linter.inventory.paths import dig, group
from linter.inventory.records import PullSecret
from linter.patterns import lazy
from linter.record import NamedTuple

if TYPE_CHECKING:
    from linter.inventory.fillable import Waiting

_NAMESPACE = lazy(r"""^[^\S\n]*+(?:- )?["']?\w*[Nn]amespace["']?\s*:\s*["']?([a-z0-9][-a-z0-9]*)""", re.MULTILINE)
_QUALIFIED = lazy(r"(?<![\w./-])([a-z0-9][-a-z0-9]*)/([a-z0-9][-a-z0-9.]*)(?![\w/-])")
"""A namespace and a name in it."""
_SILENT_KINDS = frozenset({"Event", "Secret", "SealedSecret"})
_REPORTING = frozenset({"wgpolicyk8s.io", "openreports.io"})
"""The groups of reports on objects, ours among them: what a finding names is not used by it."""
_DEEPEST = 60
_KIND = r"""(?m)(?<![\w-])kind["']?[ \t]*:[ \t]*["']?(?:\w*{}|{{{{|\$[({{]|.*[#(]@)"""
_NAME = lazy(r"""(?m)^[ \t]*(?:- +)?["']?name["']?[ \t]*:[ \t]*["']?(.*?)["']?[ \t]*(?:#.*)?$""")
_LISTS = lazy(
    r"""(?im)^[ \t]*["']?(?:image)?pull_?secrets?(?:ref)?["']?[ \t]*:.*(?:\n[ \t]*(?:- |\{\{|\{%|\$\{|#@|name:).*)*"""
)
_YTT_NAME = lazy(r"""(?m)^(?:[ \t]*#@.*\n)?[ \t]*(?:- +)?["']?name["']?[ \t]*:.*""")
"""A name, with the mark of ytt that may stand above it."""
_EKSCTL = "eksctl.io", "ClusterConfig"
_WHOLE = lazy(r"(?i)to_?(?:nice_?|pretty_?)?(?:yaml|json)|include|tpl|template|with|range|for ")
"""What fills in a list as a whole, in a template of Helm or Jinja."""

_DESTINATIONS: Mapping[str, tuple[str, ...]] = {
    "Application": ("spec", "destination"),
    "ApplicationSet": ("spec", "template", "spec", "destination"),
}
"""Where objects of Argo CD say into which namespace they deploy."""

_MOST_CREATED = 2**18
"""Names that something creates, of which no more are remembered."""
_MOST_LINKED = 2**14
"""Names that something links, each with its line, of which no more are remembered."""
_MOST_SHAPES = 256
"""Names with open parts that something creates, of each kind: every name that is absent is compared with them."""
_REMEMBERED = 2**23
"""Characters of documents that nobody has read, up to which they are kept for the next search."""


class Unread(NamedTuple):
    """The text of a document that no object was made of; not `whole` where it is a stretch of one."""

    path: str
    text: str
    whole: bool = True


Unparsed = Callable[[], Iterable[Unread]]
Remarks = Callable[[Iterable[str] | None, tuple[bytes, ...]], Iterable[Unread]]
"""Gives the comments in manifests, or in those of some paths, that hold one of some words."""


class TextMentions(Mentions):
    """Mentions in one scan. `unparsed` yields the text of every document that no object was made of.

    `unread` yields those among them that may hold objects all the same: templates, and what could not be parsed.
    `scripts` yields the files beside the manifests that may hold commands, `remarks` the comments in manifests.
    """

    def __init__(self, unparsed: Unparsed, unread: Unparsed, scripts: Unparsed, remarks: Remarks) -> None:
        self._unparsed = unparsed
        self._scripts = scripts
        self._remarks = remarks
        self._unread = unread
        self.inventory: Inventory | None = None

    def of(self, secret: PullSecret) -> str:
        """Return the path of a file that mentions the name of `secret`, "" when none does."""
        for namespaces, path in self._places.get(secret.name, ()):
            if not (namespaces and secret.namespace) or not namespaces.isdisjoint((secret.namespace, "")):
                return path
        return ""

    def api(self, suffix: str) -> bool:
        """Tell whether a document of which no object was made is of an API group that ends in `suffix`."""
        version = re.compile(rf"""apiVersion["']?\s*:\s*["']?[a-z0-9.-]*(?<![a-z0-9-]){re.escape(suffix)}/""")
        # A chart may have a Route for those who are on OpenShift: a template proves nothing.
        return any(version.search(text) and "{{" not in text for _, text, _ in self._unparsed())

    def defining(self, kind: str, name: str) -> str:
        """Return the path of an unread document that may define an object of this kind and name, "" when none does."""
        for path, words, patterns in self._makers(kind):
            if name in words or any(pattern.fullmatch(name) for pattern in patterns):
                return path
        return self._eksctl.get(name, "") if kind == "ServiceAccount" else ""

    def linking(self, name: str) -> str:
        """Return the path of an unread document whose list of pull secrets may hold this name, "" when none does."""
        found = (path for path, patterns in self._lists if any(pattern.fullmatch(name) for pattern in patterns))
        return next(found, "")

    def creating(self, kind: str, name: str) -> str:
        """Return the path of a file that creates an object of this kind and name, "" when none does."""
        found = self._created.get((kind, name), "")
        return found or next((path for shape, path in self._shapes.get(kind, ()) if shape.fullmatch(name)), "")

    @cached_property
    def _shapes(self) -> Mapping[str, list[tuple[re.Pattern[str], str]]]:
        """The names with open parts that something creates, by kind."""
        table: dict[str, list[tuple[re.Pattern[str], str]]] = defaultdict(list)
        for (kind, name), path in self._created.items():
            if "*" in name and len(table[kind]) < _MOST_SHAPES:
                table[kind].append((re.compile(stretched(name.split("*"))), path))
        return table

    def remarking(self, kind: str, name: str) -> str:
        """Return the path of a manifest with a comment that creates an object of this kind and name, "" when none."""
        return self._remarked.get((kind, name), "")

    @cached_property
    def _remarked(self) -> dict[tuple[str, str], str]:
        """What the comments in manifests say that people create."""
        from linter.creations import created  # noqa: PLC0415 - few scans lack a name

        found: dict[tuple[str, str], str] = {}
        for path, text, _ in self._remarks(None, (b"create",)):
            for each in islice(created(text, prose=True), _MOST_CREATED - len(found)):
                found.setdefault(each, path)
        return found

    def filling(self, waiting: "Sequence[Waiting]") -> Mapping[int, str]:
        """Return by their numbers the values that a command fills in, each with the path of the text that holds it."""
        from linter.sources.choice import is_prose  # noqa: PLC0415 - few scans hold a value that waits for anything
        from linter.substitutions import TOOLS, Script, filled  # noqa: PLC0415 - as above

        texts = chain(self._scripts(), self._unparsed())
        scripts = (Script(path, text, is_prose(path)) for path, text, _ in texts)
        remarks = self._remarks({one.path for one in waiting}, TOOLS)
        return filled(chain(scripts, (Script(path, text, prose=True) for path, text, _ in remarks)), waiting)

    def commanding(self, name: str, account: str) -> str:
        """Return the path of a file that links this name, to an account unless that is "", or ""."""
        found = (path for path, words in self._commanded.get(name, ()) if not account or account in words)
        return next(found, "")

    @cached_property
    def _commanded(self) -> dict[str, list[tuple[str, frozenset[str]]]]:
        from linter.linkings import linked  # noqa: PLC0415 - few scans hold a pull secret without a link
        from linter.sources.choice import is_prose  # noqa: PLC0415 - as above

        found: dict[str, list[tuple[str, frozenset[str]]]] = defaultdict(list)
        lines: dict[str, frozenset[str]] = {}
        texts = chain(self._scripts(), self._unparsed())
        links = ((path, *each) for path, text, _ in texts for each in linked(text, prose=is_prose(path)))
        for path, name, line in islice(links, _MOST_LINKED):
            if line not in lines:
                lines = {line: frozenset(WORD.findall(line))}
            found[name].append((path, lines[line]))
        return found

    @cached_property
    def _created(self) -> dict[tuple[str, str], str]:
        from linter.creations import created  # noqa: PLC0415 - few scans lack a name
        from linter.creations.terraform import defaults  # noqa: PLC0415 - as above
        from linter.sources.choice import is_prose  # noqa: PLC0415 - as above

        found: dict[tuple[str, str], str] = {}
        elsewhere: dict[str, set[str]] = defaultdict(set)
        for texts in (self._scripts, self._unparsed):
            for path, text, _ in texts():
                for kind, name in islice(created(text, prose=is_prose(path)), _MOST_CREATED - len(found)):
                    if name:
                        found.setdefault((kind, name), path)
                    else:
                        elsewhere[posixpath.dirname(path)].add(kind)
        for path, text, _ in self._scripts() if elsewhere else ():
            kinds = elsewhere.get(posixpath.dirname(path), ())
            for name in islice(defaults(text), _MOST_CREATED - len(found)) if kinds and path.endswith(".tf") else ():
                found.update({(kind, name): found.get((kind, name), path) for kind in kinds})
        return found

    @cached_property
    def _eksctl(self) -> dict[str, str]:
        """The accounts that configurations of eksctl make, each with the path of one that does."""
        found: dict[str, str] = {}
        for item in self.inventory.objects if self.inventory is not None else ():
            if item.kind == _EKSCTL[1] and item.group == _EKSCTL[0]:
                found.update(dict.fromkeys(_accounts(item.body), item.path))
        for path, text, _ in self._unparsed():
            if all(word in text for word in _EKSCTL):
                found.update(dict.fromkeys(_accounts(_parsed(text)), path))
        return found

    @cached_property
    def _lists(self) -> list[tuple[str, tuple[re.Pattern[str], ...]]]:
        """The unread documents with lists of pull secrets that a template fills in, and what it may put there."""
        found = []
        for path, text, _ in self._texts:
            lists = _LISTS.findall(text)
            parts = [part for listed in lists for part in FILLED.findall(listed)]
            ytt = any("#@" in listed for listed in lists)
            if parts or ytt:
                names = _maker(path, text)[2]
                # Between brackets a name has no line of its own, by which `_maker` would know it.
                flow = any(FILLED.search(listed.partition("\n")[0]) for listed in lists)
                whole = ytt or flow or any(_WHOLE.search(part) for part in parts)
                found.append((path, (re.compile(".*"),) if whole else names))
        return found

    def _makers(self, kind: str) -> "list[_Maker]":
        """The unread documents that may hold an object of a kind, or (`ExternalSecret`) make one."""
        if kind not in self._known:
            held = re.compile(_KIND.format(kind))
            self._known[kind] = [_maker(path, text) for path, text, _ in self._texts if held.search(text)]
        return self._known[kind]

    @cached_property
    def _known(self) -> "dict[str, list[_Maker]]":
        return {}

    @property
    def _texts(self) -> Iterable[Unread]:
        """The unread documents: remembered where they are of the size of manifests, else read again each time."""
        return self._unread() if self._remembered is None else self._remembered

    @cached_property
    def _remembered(self) -> list[Unread] | None:
        size, found = 0, list[Unread]()
        for each in self._unread():
            size += len(each.text)
            if size > _REMEMBERED:
                return None
            found.append(each)
        return found

    @cached_property
    def _places(self) -> Mapping[str, list[tuple[frozenset[str], str]]]:
        table: dict[str, list[tuple[frozenset[str], str]]] = defaultdict(list)
        if self.inventory is None:
            return table
        names = {secret.name for secret in self.inventory.secrets if secret.name}
        for item in self.inventory.objects:
            named = _named(item, names)
            spaces = _spaces(item, named) if named else frozenset()
            for name in named:
                table[name].append((spaces, item.path))
        for path, text, whole in self._unparsed():
            named = _in_text(text, names)
            # The namespace of what a stretch names may stand in another one.
            spaces = frozenset(_NAMESPACE.findall(text) if named and whole else ())
            if spaces:
                spaces |= _qualifying(text, named)
            for name in named:
                table[name].append((spaces, path))
        return table


def _parsed(text: str) -> Any:
    """The data of a document, None where it is no YAML."""
    from linter.documents.build import YAMLError, build  # noqa: PLC0415 - few scans hold what is parsed here
    from linter.sources import Limits  # noqa: PLC0415 - as above

    try:
        return next(iter(build(text, Limits())), None)
    except YAMLError:
        return None


def _accounts(data: Any) -> Iterator[str]:
    """The names of the service accounts that a configuration of eksctl makes."""
    if group(str(dig(data, "apiVersion"))) != _EKSCTL[0] or dig(data, "kind") != _EKSCTL[1]:
        return
    for one in _items(dig(data, "iam", "serviceAccounts")):
        if dig(one, "roleOnly") is not True:
            yield str(dig(one, "metadata", "name"))
    for one in _items(dig(data, "iam", "podIdentityAssociations")):
        if dig(one, "createServiceAccount") is True:
            yield str(dig(one, "serviceAccountName"))


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _deploys(item: KubeObject) -> bool:
    """Whether an object is Argo CD's and deploys into a namespace that it names."""
    return item.kind in _DESTINATIONS and group(item.api_version) == "argoproj.io"


def _spaces(item: KubeObject, named: set[str]) -> frozenset[str]:
    """The namespaces in which an object's mentions of `named` count: its own and those that it states.

    Those of what Argo CD deploys count where it deploys to, too, and nowhere else.
    """
    if not _deploys(item):
        # Of texts that are not kept only the words are known: each may be a namespace.
        return frozenset({item.namespace, *item.left_out.split(), *_stated("", item.body, named, 0)})
    stated = dig(item.body, *_DESTINATIONS[item.kind], "namespace")
    # Where none is stated, or a template fills it in, the manifests decide.
    return frozenset({item.namespace, stated if isinstance(stated, str) and WORD.fullmatch(stated) else ""})


def _qualifying(text: str, named: set[str]) -> frozenset[str]:
    """The namespaces before those names, in words like `shop/regcred`; before others they may be anything's."""
    return frozenset(space for space, name in _QUALIFIED.findall(text) if name in named) if "/" in text else frozenset()


def _stated(key: str, value: Any, named: set[str], depth: int) -> Iterator[str]:
    """The namespaces that an object states, whether in a field of their own or before a name."""
    if isinstance(value, str):
        yield from _qualifying(value, named)
        if key.endswith(("namespace", "Namespace")):
            yield value
    elif depth <= _DEEPEST and isinstance(value, dict):
        for name, child in value.items():
            yield from _stated(str(name), child, named, depth + 1)
    elif depth <= _DEEPEST and isinstance(value, list):
        for child in value:
            yield from _stated(key, child, named, depth + 1)


def _named(item: KubeObject, names: set[str]) -> set[str]:
    """The names that `item` mentions. Its own name, and the Secret's own definitions, are no mention."""
    if item.kind in _SILENT_KINDS or item.group in _REPORTING:
        return set()
    found = names.intersection(item.left_out.split())
    for key, value in item.body.items():
        if key == "metadata" and _deploys(item):
            continue  # what it deploys is named below; of its annotations the image updater's name Secrets, as such
        found.update(_in_field(key, value, names, 0))
    if item.kind in ("ExternalSecret", "ClusterExternalSecret") or "secrets.hashicorp.com" in item.api_version:
        return set()
    return found


def _in_field(key: str, value: Any, names: set[str], depth: int) -> Iterator[str]:
    """The names that a field of an object mentions: what it is called itself is no mention."""
    if key == "metadata" and isinstance(value, dict):
        value = {part: inner for part, inner in value.items() if part in ("annotations", "labels")}
    if key != "status":
        yield from _strings(value, names, depth)


def _in_value(key: str, value: Any, names: set[str], depth: int) -> Iterator[str]:
    """The names below a key of something that is no object."""
    if key not in ("secretGenerator", "managedFields"):
        yield from _strings(value, names, depth)


def _is_object(value: dict[Any, Any]) -> bool:
    """Whether a value is an object of its own, as in a Template or a SyncSet; one of a name alone is a reference."""
    named = isinstance(value.get("kind"), str) and isinstance(value.get("metadata"), dict) and "apiVersion" in value
    return named and bool(value.keys() - {"apiVersion", "kind", "metadata"})


def _strings(value: Any, names: set[str], depth: int) -> Iterator[str]:
    if isinstance(value, str):
        if len(value) > 2:
            yield from names.intersection(WORD.findall(value))
    elif depth > _DEEPEST:
        return
    elif isinstance(value, dict):
        read = _in_field if _is_object(value) else _in_value
        for key, child in value.items():
            if key in names:
                yield key
            yield from read(key, child, names, depth + 1)
    elif isinstance(value, list):
        for child in value:
            yield from _strings(child, names, depth + 1)


_Maker = tuple[str, frozenset[str], tuple[re.Pattern[str], ...]]
"""A document's path, the words in it, and the names that templates fill in."""


def _maker(path: str, text: str) -> _Maker:
    patterns = set(filter(None, map(pattern, _NAME.findall(text))))
    if "#@" in text:
        names = _YTT_NAME.findall(text)
        if not names or any("#@" in name or "(@" in name for name in names):
            patterns.add(".*")
    return path, frozenset(_words(text)), tuple(map(re.compile, sorted(patterns)))


def _in_text(text: str, names: set[str]) -> set[str]:
    return names.intersection(_words(text))


def _words(text: str) -> Iterator[str]:
    for line in text.splitlines():
        code = line.split(" #", 1)[0]
        if not code.lstrip().startswith("#"):
            yield from WORD.findall(code)
