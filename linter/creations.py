"""What commands, Terraform, steps of a CI and texts beside the manifests create: Secrets and service accounts by name.

It is a guess to the side of silence: whoever asks says that an object may be made there, and never that it is.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from typing import Final

from linter.inventory.applied import WORD
from linter.patterns import lazy

OURS: Final = "### regcred: "
"""How our own report in Markdown begins: its commands are advice that nobody has followed yet."""

CONTINUED = lazy(r"[\\`^]\r?\n")
"""What ends a line of a command that goes on in the next."""
_CLIENT = lazy(r"\b(?:kubectl|oc)\b")
_SECRETS = lazy(r"\bsecrets?\b")
_CREATES = (_CLIENT, lazy(r"\b(?:create|apply|replace)\b"), _SECRETS)
"""The words of a command that creates a Secret, in their order; its name stands after them."""
_TYPED = (*_CREATES[1:], lazy(r"\b(?:docker-registry|generic|tls)\b"))
"""Those of one whose client has another name: a variable, an alias, a list."""
_TYPED_APART = lazy(
    r"\bcreate[\s\"',-]+secret[\s\"',-]+(?:docker-registry|generic|tls)[\s\"',-]+([a-z0-9$][-\w.(){}]*)"
)
"""The same, one word to a line or in quotes: lists of arguments, folded scalars."""
_ACCOUNT = lazy(r"serviceaccount|\bsa\b")
_ACCOUNT_APART = lazy(r"\bcreate[\s\"',-]+(?:sa|serviceaccount)[\s\"',-]+([a-z0-9$][-\w.(){}]*)")
_OTHERS = (lazy(r"\b(?:tanzu|kp)\b"), _SECRETS, lazy(r"\b(?:add|create)\b"))
"""Those of the tools of Tanzu, `tanzu secret registry add NAME` and `kp secret create NAME`."""
_OLDER = (lazy(r"\boc\b"), _SECRETS, lazy(r"[ \t]new(?:-\w+)?[ \t]"))
"""Those of `oc secrets new-dockercfg NAME`."""
_READS = (lazy(r"\b(?:get|export)\b"), _SECRETS)
"""Those of one that reads a Secret; where it is piped into the next, a copy is made."""
_TAKES = (lazy(r"\b(?:create|apply|replace)\b"), lazy(r"[ \t](?:-f|--filename)\b"))
_ENDS = lazy(r"\|\||&&|;")
"""What ends a command, and is no pipe."""
_PIPED_LINES: Final = 5
"""Lines after a pipe at the end of a line that are looked at for what takes the copy."""
_ASSIGNED = lazy(r"(?m)\b\w+[ \t]*[:?]?=[ \t]*[\"']?([a-z0-9][-a-z0-9.]*)")
_STATED = lazy(
    r"(?m)^[ \t-]*[\"']?(?:name:[ \t]*[\"']?(\w+)[\"']?[ \t]*\r?\n[ \t]*value|(\w+))[\"']?:[ \t]*"
    r"[\"']?([a-z0-9][-a-z0-9.]*)[\"']?[ \t]*\r?$"
)
"""A variable of a CI or a playbook, and the word that is its value."""
_DEFAULTED = lazy(
    r"(?m)^[ \t]*(?:- )?(?:name:[ \t]*)?[\"']?(\w[\w-]*)[\"']?:?[ \t]*\r?\n"
    r"(?:[ \t]+(?!default:)\w[\w-]*:[ \t]+\S.*\n){0,4}[ \t]+default:[ \t]*[\"']?([a-z0-9][-a-z0-9.]*)[\"']?[ \t]*\r?$"
)
"""An input of a workflow, or a parameter of a pipeline, and the word that it has for want of another."""
_VARIABLE = lazy(r"(?:\$\{?\{?|\$\(|\{\{-?)[ \t]*\.?(?:\w+\.)*([\w-]+)")
_OPEN = lazy(r"\$\{\{?[^{}]*\}?\}|\$\([^()]*\)|\{\{[^{}]*\}\}|\$\w+")
_SHAPE = lazy(r"[a-z0-9*][-a-z0-9.*]*")
_FIXED: Final = 3
"""Signs of a name that must stand fast for it to tell anything where the rest is put in later."""

_RESOURCE = lazy(r'(?m)^[ \t]*resource[ \t]+"kubernetes_(secret|service_account)(?:_v1)?"')
_RESOURCE_ENDS = lazy(r"(?m)^\}|^[ \t]*resource[ \t]")
_RESOURCE_NAME = lazy(r'(?m)(?:^|\{)[ \t]*name[ \t]*=[ \t]*(.*)')
_VARIABLE_DEFAULT = lazy(r"(?m)^[ \t]*default[ \t]*=[ \t]*\"([a-z0-9][-a-z0-9.]*)\"")
_MANIFEST = lazy(r"(?m)^((?:[ \t]*- )?[ \t]*)kind:[ \t]*[\"']?(\w*Secret|ServiceAccount)[\"']?[ \t]*\r?$")
_TARGET = lazy(r"(?m)^[ \t]*target:[ \t]*\n(?:[ \t]*\w+Policy:.*\n)*[ \t]*name:[ \t]*[\"']?([^\s\"'#]+)")
"""The name that an ExternalSecret gives its Secret."""
_LITERAL = lazy(r"(?<![\w-])kind[\"']?[ \t]*[:=][ \t]*[\"'](\w*Secret|ServiceAccount)[\"']")
"""The kind of a manifest in the literals of Terraform, JSON and most languages."""
_LITERAL_METADATA = lazy(r"(?<![\w-])metadata[\"']?[ \t]*(?:[:=][ \t]*)?\{")
_LITERAL_NAME = lazy(r"(?<![\w./-])name[\"']?[ \t]*[:=][ \t]*[\"']?([^\s\"',}]+)")
_TASK = lazy(r"(?m)^([ \t]*)(?:- )?(?:[\w.]+\.)?k8s:[ \t]*\r?$")
_TASK_FIELD = lazy(r"(kind|name|state):[ \t]*[\"']?(.*?)[\"']?[ \t]*\r?$")
_MANIFEST_NAME = lazy(
    r"(?<![\w./-])name:[ \t]*[\"']?((?:\{\{[^}\n]{0,99}\}\}|\$\{[^}\n]{0,99}\}|[^\s\"'#,}])+)"
)
_STEP = lazy(r"(?m)^[ \t]*- ")
_STEP_CREATES: Final = ("createSecret", "secretType:", " Kubernetes@", "/k8s-create-secret")
_STEP_NAME = lazy(r"(?m)^[ \t]*(?:secretName|secret-name):(.*)")
_CLOUD_BUILD: Final = "cloud-builders/kubectl"
_CLOUD_BUILD_STEP = lazy(r"(?m)^[ \t]*(?:- )?(?:name|id):")
_LONGEST_STEP: Final = 1000
_OCEAN: Final = "registry kubernetes-manifest"
"""The command of DigitalOcean that prints a Secret: `doctl registry kubernetes-manifest`."""
_OCEAN_NAME = lazy(r"registry kubernetes-manifest[^\n|]{0,200}?--name[ =][\"']?([-\w.${}()]+)")
_OCEAN_REGISTRY = lazy(r"registry\.digitalocean\.com/([a-z0-9][-a-z0-9]*)")
_JENKINS: Final = "kubernetesDeploy"
_JENKINS_NAME = lazy(r"\bsecretName:[ \t]*[\"']([^\"'\n]+)")
_TOOL = lazy(r"\b(?:kubectl|oc|eksctl)[ \t]")
_MADE: Final = ("Secret", "ServiceAccount")
_QUOTES: Final = "\"'`;,()"
_VALUED: Final = frozenset(
    {"-n", "--namespace", "--context", "--kubeconfig", "--cluster", "--as", "-s", "--server", "--user"}
)
"""Options of which the value is a word of its own."""


def assigned(text: str) -> Iterator[str]:
    """Yield the values that the variables of a text are given."""
    return iter(_ASSIGNED.findall(text))


def defaults(text: str) -> Iterator[str]:
    """Yield the values that variables of Terraform have where nobody gives them another."""
    return iter(_VARIABLE_DEFAULT.findall(text))


def created(text: str, *, prose: bool = False) -> Iterator[tuple[str, str]]:
    """Yield kinds and names of what a text may create; where a variable stands for the name, any assigned value.

    In `prose`, which is no script, a line that begins with `#` is a command as well: a prompt, or a remark. The name is
    "" where a variable gives it that another file of the folder may define, and has `*` for a variable that is a part.
    """
    filled: dict[str, set[str]] = defaultdict(set)
    for kind, written in () if text.startswith(OURS) else _written(text, prose=prose):
        if "$" in written or "{{" in written:
            filled[kind].update(_VARIABLE.findall(written))
            yield from ((kind, shape) for shape in _shapes(written))
        for word in WORD.findall(written):
            yield kind, word
    for kind, variables in filled.items():
        yield kind, ""
        for word in assigned(text):
            yield kind, word
        stated = chain(((one or other, word) for one, other, word in _STATED.findall(text)), _DEFAULTED.findall(text))
        yield from ((kind, word) for name, word in stated if name in variables)


def _shapes(written: str) -> Iterator[str]:
    """The names that are put together of variables and of what is fixed, each variable as `*`."""
    for word in _operands(_OPEN.sub("*", written).split()):
        shape = word.strip(_QUOTES)
        if "*" in shape and sum(map(str.isalnum, shape)) >= _FIXED and _SHAPE.fullmatch(shape):
            yield shape


def _written(text: str, *, prose: bool) -> Iterator[tuple[str, str]]:
    """The kinds of what is created, each with the words among which its name is."""
    secrets, accounts = "ecret" in text or _OCEAN in text, "create" in text and _ACCOUNT.search(text) is not None
    lines = CONTINUED.sub(" ", text).splitlines() if secrets or accounts else []
    lines = [line.lstrip("# \t") for line in lines] if prose else [one for one in lines if one.lstrip()[:1] != "#"]
    if secrets:
        yield from (("Secret", each) for each in _commands(lines))
        yield from (("Secret", each) for each in _steps(text))
    if accounts:
        yield from (("ServiceAccount", each) for line in lines for each in _accounts(line))
        yield from (("ServiceAccount", each) for each in _ACCOUNT_APART.findall("\n".join(lines)))
    if "kind" in text:
        yield from _manifests(text.replace("\\n\\\n", "\n").replace("\\n", "\n"))
        yield from _literals(text)
        yield from _tasks(text)
    if '"kubernetes_' in text:
        yield from _resources(text)


def _commands(lines: list[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if "secret" not in line:
            continue
        yield _after(line, _CREATES) or _after(line, _TYPED) or _after(line, _OTHERS) or _after(line, _OLDER)
        read, pipe, then = _ENDS.split(_after(line, _READS), 1)[0].partition("|")
        if pipe and not line.lstrip().startswith("|"):  # which is a table's row
            following = lines[number + 1 : number + 1 + _PIPED_LINES]
            if _after(_ENDS.split(_whole(then, following), 1)[0], _TAKES):
                yield read
    yield from _TYPED_APART.findall("\n".join(lines))


def _whole(line: str, following: list[str]) -> str:
    """A pipe with what follows on the next lines, as long as each ends in a pipe."""
    for more in following:
        if line.strip() and not line.rstrip().endswith("|"):
            break
        line += more
    return line


def _after(line: str, words: tuple[re.Pattern[str], ...]) -> str:
    """What a line holds after some words in their order, "" where it lacks one."""
    at = 0
    for word in words:
        found = word.search(line, at)
        if found is None:
            return ""
        at = found.end()
    return line[at:]


def _accounts(line: str) -> Iterator[str]:
    """The names that the commands of a line give service accounts: those of kubectl and oc, and that of eksctl."""
    if "create" not in line:
        return
    begins = [*_TOOL.finditer(line)]
    ends = [*(found.start() for found in begins), len(line)][1:]  # none where nothing begins
    for found, end in zip(begins, ends, strict=True):
        words = [word.strip(_QUOTES) for word in line[found.end() : min(end, found.end() + _LONGEST_STEP)].split()]
        first, second, third = (*_operands(words), "", "", "")[:3]
        if (first, second) == ("create", "iamserviceaccount"):
            given = zip(words, [*words[1:], ""], strict=True)
            yield from (value for word, value in given if word == "--name")
            yield from (word.removeprefix("--name=") for word in words if word.startswith("--name="))
        elif first == "create" and second in ("sa", "serviceaccount"):
            yield third


def _operands(words: list[str]) -> list[str]:
    """The words of a command that are neither options nor values of some."""
    before = ["", *words]
    return [word for word, last in zip(words, before, strict=False) if word[:1] != "-" and last not in _VALUED]


def _manifests(text: str) -> Iterator[tuple[str, str]]:
    """The manifests within a text, as a script hands them to kubectl: the name stands below their metadata."""
    for found in _MANIFEST.finditer(text):
        kind = "ServiceAccount" if found[2] == "ServiceAccount" else "Secret"
        rest = text[found.end() + 1 : found.end() + _LONGEST_STEP]
        name = _name_below(rest.splitlines(), len(found[1]))
        if name is not None:
            yield kind, name
        if found[2].endswith("ExternalSecret"):
            target = _TARGET.search(_MANIFEST.split(rest, 1)[0])
            if target is not None:
                yield kind, target[1]


def _literals(text: str) -> Iterator[tuple[str, str]]:
    """The manifests in braces: `kubernetes_manifest` of Terraform, JSON, the literals of a program."""
    for found in _LITERAL.finditer(text):
        if text.find("metadata", found.end(), found.end() + _LONGEST_STEP) < 0:
            continue
        rest = text[found.end() : found.end() + _LONGEST_STEP]
        metadata = _LITERAL_METADATA.search(rest)
        if metadata is None or _closed(rest[: metadata.start()]):
            continue  # it is another object's
        name = _LITERAL_NAME.search(rest, metadata.end())
        if name is not None:
            yield "ServiceAccount" if found[1] == "ServiceAccount" else "Secret", name[1]


def _closed(text: str) -> bool:
    """Whether the braces end in a text that stands within some."""
    depth = 0
    for brace in re.findall(r"[{}]", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return True
    return False


def _tasks(text: str) -> Iterator[tuple[str, str]]:
    """The tasks of Ansible that state kind and name beside a definition, or without one."""
    for found in _TASK.finditer(text):
        if text.find("kind:", found.end(), found.end() + _LONGEST_STEP) < 0:
            continue
        fields: dict[str, str] = {}
        inner = -1
        for line in text[found.end() + 1 : found.end() + _LONGEST_STEP].splitlines():
            depth = len(line) - len(line.lstrip())
            if line.strip() and depth <= len(found[1]):
                break
            inner = depth if inner < 0 else inner
            field = _TASK_FIELD.match(line.strip()) if depth == inner else None
            if field is not None:
                fields[field[1]] = field[2]
        if fields.get("kind") in _MADE and "name" in fields and fields.get("state") != "absent":
            yield fields["kind"], fields["name"]


def _name_below(lines: list[str], outer: int) -> str | None:
    """The name under the `metadata` of a manifest that is indented by so many signs."""
    within, inner = False, -1
    for line in filter(str.strip, lines):
        depth = len(line) - len(line.lstrip())
        if depth < outer or (depth == outer and line.lstrip().startswith(("kind:", "---"))):
            return None
        if depth == outer:
            within = line.lstrip().startswith("metadata:")
        elif inner < 0:
            inner = depth if within else inner
        name = _MANIFEST_NAME.search(line) if within and depth in (outer, inner) else None
        if name is not None:
            return name[1]
    return None


def _resources(text: str) -> Iterator[tuple[str, str]]:
    """The resources of Terraform."""
    for found in _RESOURCE.finditer(text):
        end = _RESOURCE_ENDS.search(text, found.end())
        name = _RESOURCE_NAME.search(text, found.end(), end.start() if end is not None else len(text))
        if name is not None:
            # A name without quotes is that of a variable.
            written = name[1].strip()
            yield "Secret" if found[1] == "secret" else "ServiceAccount", written if '"' in written else "$"


def _steps(text: str) -> Iterator[str]:
    """The steps of Azure Pipelines, GitHub's workflows, Cloud Build, Jenkins and doctl that create a Secret."""
    if any(mark in text for mark in _STEP_CREATES):
        for step in _STEP.split(text):
            if any(mark in step for mark in _STEP_CREATES):
                yield from _STEP_NAME.findall(step)
    for step in text.split(_CLOUD_BUILD)[1:]:
        words = _CLOUD_BUILD_STEP.split(step[:_LONGEST_STEP], 1)[0].split()
        yield _after(f"kubectl {' '.join(words)}", _CREATES)
    if _OCEAN in text:
        yield from _OCEAN_NAME.findall(text)
        yield from (f"registry-{registry}" for registry in _OCEAN_REGISTRY.findall(text))
    if _JENKINS in text:
        yield from _JENKINS_NAME.findall(text)
