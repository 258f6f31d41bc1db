"""Registry keys that nearly match an image: what keeps them from it, and the key that would match.

No matching is done here. A key is repaired step by step, and the consumer's own matcher is asked after each step: the
step after which it says yes is the explanation.
"""

import re
from difflib import SequenceMatcher
from functools import lru_cache, partial
from typing import Final, NamedTuple

from linter.credentials import key_matches, normalise_key, registry_host
from linter.fillings import stretched

HUB: Final = "docker.io"
HUB_KEY: Final = "https://index.docker.io/v1/"
"""The one spelling of Docker Hub that every reader knows."""

HUB_NAMES: Final = frozenset(
    {
        "docker.com", "www.docker.com", "hub.docker.com", "app.docker.com", "registry.hub.docker.com",
        "registry-1.docker.io", "registry.docker.io", "hub.docker.io", "auth.docker.io", "login.docker.com",
        "index.docker.com", "index.docker.io", "dockerhub.com", "docker.hub.com", "hub.docker", "dockerhub",
    }
)  # fmt: skip
_KNOWN: Final = re.compile(
    r"(?:docker|quay|ghcr|(?:[a-z]+\.)?gcr)\.io|registry\.(?:redhat|connect\.redhat|access\.redhat)\.(?:io|com)|"
    r"registry\.k8s\.io|registry\.gitlab\.com|public\.ecr\.aws|mcr\.microsoft\.com|nvcr\.io|icr\.io"
)
"""Registries whose names are near each other and which nobody mistypes into one another."""
_SCHEME: Final = re.compile(r"^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//")
_TAG: Final = re.compile(r"^(?P<name>[^/]+/.*?)(?::[\w][\w.-]*)?(?:@[A-Za-z0-9]+:[0-9a-fA-F]+)?$")
_PORT: Final = re.compile(r":(\d*)$")


SURE: Final = 3
"""Near misses up to this rank are mistakes; those beyond may be entries for another path of the same registry."""
FARTHEST: Final = 6


_LONGEST: Final = 255
"""No repository has a longer name: what a registry is asked for, and its own specification, end there."""
ALIKE: Final = 0.85
"""Paths are taken for one with slips when so much of both is the same."""


class Near(NamedTuple):
    """A near miss. `rank` orders them, the likeliest mistake first; `instead` is the key that matches ("": none)."""

    rank: int
    why: str
    instead: str = ""


class Spelling(NamedTuple):
    """What of a key tells which images it can miss narrowly.

    `names` are all that may be taken for its host, as written and with slips taken out; `host` is that of the key that
    is left, `path` what comes behind it. A `plain` key is without any slip: an image of its host that it does not
    match is below another path.
    """

    names: frozenset[str]
    host: str
    path: str
    plain: bool


def spelling(written: str) -> Spelling:
    """Take a key apart as `near_miss` does, whatever the image."""
    forms = (written, *(step for step, _ in _cleaned(written, "")))
    key = forms[-1]
    names = frozenset(name for one in forms for name in (registry_host(one), _written_host(one)))
    path = normalise_key(key).path.lstrip("/")
    sound = len(names) == len(forms) == 1 and not key.endswith("/") and _closed_version(key) == key
    return Spelling(names, host_of(key), path, plain=bool(sound and path) and path.lower() == path)


@lru_cache(maxsize=16384)
def near_miss(written: str, lookup: str, *, typos: bool = True) -> Near | None:
    """Say why the key `written` does not match `lookup` although it was probably meant to; None for another registry.

    Only for keys that do not match; `lookup` is the text that the kubelet or the importer compares. Without `typos`
    hosts that differ by letters are not compared: what is left is surely about this image, and is found faster.
    """
    if not lookup:
        return None
    cleaned, reasons = written, list[str]()
    for step, reason in _cleaned(written, host_of(lookup)):
        cleaned = step
        reasons.append(reason)
        if _matches(cleaned, lookup):
            return Near(0, ", and ".join(reasons), cleaned)
    open_ended = _closed_version(cleaned)
    if open_ended != cleaned and _matches(open_ended, lookup):
        why = "the slash after the API version is missing, so the version counts as a path"
        return Near(0, why, registry_host(open_ended))
    shorter = cleaned.rstrip("/")
    if shorter != cleaned and _matches(shorter, lookup):
        return Near(0, "its closing slash makes it serve what lies below that path only", shorter)
    found = _hub(cleaned, lookup) or _same_host(cleaned, lookup) or _other_host(cleaned, lookup, typos=typos)
    if found is None or not reasons:
        return found
    return found._replace(why=", and ".join([*reasons, found.why]))


def _matches(key: str, lookup: str) -> bool:
    return key_matches(normalise_key(key), lookup)


@lru_cache(maxsize=4096)
def _cleaned(written: str, wanted: str) -> tuple[tuple[str, str], ...]:
    """The key with one slip after the other taken out; each with what it was. The same for all images of a host."""
    key, steps = written, list[tuple[str, str]]()
    for reason, better in (
        ("white space or quotes stand around it", lambda text: text.strip(" \t\r\n\"'`")),
        ("only a lower-case https:// or http:// is taken for a scheme", _without_scheme),
        ("upper and lower case differ in its host, which is compared letter by letter", partial(_same_case, wanted)),
        ("an asterisk stands in its path, and only host labels may have one", _without_star),
        ("a tag or digest stands in it, for which only an import of that very tag looks", _without_tag),
    ):
        changed = better(key)
        if changed != key:
            key = changed
            steps.append((key, reason))
    return tuple(steps)


def _without_scheme(key: str) -> str:
    if key.startswith(("https://", "http://")):
        return key
    return _SCHEME.sub("", key)


def _same_case(wanted: str, key: str) -> str:
    scheme, rest = _apart(key)
    host, slash, path = rest.partition("/")
    return scheme + wanted + slash + path if host.lower() == wanted.lower() else key


def _without_star(key: str) -> str:
    return re.sub(r"/\*+$", "", key)


@lru_cache(maxsize=4096)
def _closed_version(key: str) -> str:
    scheme, rest = _apart(key)
    host, _, path = rest.partition("/")
    return f"{scheme}{host}/{path}/" if path in ("v1", "v2") else key


def _without_tag(key: str) -> str:
    scheme, rest = _apart(key)
    found = _TAG.match(rest)
    return scheme + found["name"] if found else key


def _apart(key: str) -> tuple[str, str]:
    scheme = next((one for one in ("https://", "http://") if key.startswith(one)), "")
    return scheme, key[len(scheme) :]


def host_of(key: str) -> str:
    """Return the host of a key or of a looked-up text, what stands for it where it cannot be parsed."""
    return registry_host(key) or _written_host(key)


def _written_host(key: str) -> str:
    return _apart(key)[1].partition("/")[0]


def _hub(key: str, lookup: str) -> Near | None:
    """Docker Hub's other addresses: a browser's, the token server's, the mirror protocol's."""
    host = host_of(key).lower()
    if host_of(lookup) != HUB or _PORT.sub("", host) not in HUB_NAMES:
        return None
    if host == "index.docker.io":
        return Near(0, "index.docker.io counts only without a path (or with /v1/ or /v2/)", HUB_KEY)
    return Near(0, f"images of Docker Hub are looked up as {HUB}, and {host} is another name", HUB_KEY)


def _same_host(key: str, lookup: str) -> Near | None:
    """The host agrees, and the port or the path does not."""
    host, wanted = host_of(key), host_of(lookup)
    path, target = normalise_key(key).path, lookup.partition("/")[2]
    if host == wanted:
        return _other_path(key, path.lstrip("/"), target, wanted)
    ours, theirs = _split_port(host), _split_port(wanted)
    if ours[0] != theirs[0]:
        return None
    instead = wanted + path
    said = f"its port is {ours[1]}" if ours[1] else "it names no port"
    asked = f"the image's is {theirs[1]}" if theirs[1] else "the image names none"
    why = f"{said} and {asked}: ports are compared as text, and no port stands for another"
    return Near(1, why, instead if _matches(instead, lookup) else wanted)


def _other_path(key: str, path: str, target: str, host: str) -> Near | None:
    if not path:
        return None
    if path.lower() != path and _matches(key.lower(), f"{host}/{target}"):
        return Near(1, "its path is written in upper case, and repositories are lower-case", key.lower())
    close = len(path) <= _LONGEST and _alike(SequenceMatcher(None, path, target))
    why = f"it serves only what begins with {host}/{path}"
    return Near(2 if close else FARTHEST, why, host)


def _alike(texts: SequenceMatcher[str]) -> bool:
    """Whether two texts share most of their letters in order; what tells soon that they cannot comes first."""
    return all(bound() >= ALIKE for bound in (texts.real_quick_ratio, texts.quick_ratio, texts.ratio))


def _other_host(key: str, lookup: str, *, typos: bool) -> Near | None:
    host, wanted = host_of(key), host_of(lookup)
    if not host:
        return None
    if lookup.startswith((f"{HUB}/{host}/", f"{HUB}/library/{host}")) and "*" not in host:
        why = f"without a dot or a colon, {host} in the image's name is no host: the image is one of Docker Hub"
        return Near(1, why)
    if any(char in host for char in "*["):
        return _wildcard(host, wanted)
    if wanted.endswith("." + host) and "." in host:
        return Near(3, f"a key does not cover subdomains, and {wanted} is one", wanted)
    if host.endswith("." + wanted):
        return Near(3, f"{host} is a subdomain of the image's host, and a key serves one host", wanted)
    return _typo(host, wanted) if typos else None


def _spread(host: str, wanted: str) -> bool:
    """Whether a glob would match if an asterisk stood for anything."""
    parts = host.split("*")
    return sum(map(len, parts)) <= len(wanted) and re.fullmatch(stretched(parts), wanted) is not None


def _wildcard(host: str, wanted: str) -> Near | None:
    """A glob that would match if an asterisk crossed dots: it stands for one label, or a part of one."""
    ours, theirs = _split_port(host), _split_port(wanted)
    if ours[1] != theirs[1] and _matches(f"{ours[0]}:{theirs[1]}" if theirs[1] else ours[0], wanted):
        why = "its port is another than the image's: ports are compared as text, and no port stands for another"
        return Near(1, why, f"{ours[0]}:{theirs[1]}" if theirs[1] else ours[0])
    bare = host.removeprefix("*").removeprefix(".")
    if not (_spread(host, wanted) or wanted == bare or wanted.endswith("." + bare)):
        return None
    if host.count(".") != wanted.count("."):
        depth, have = wanted.count(".") + 1, host.count(".") + 1
        why = f"an asterisk stands for one label: {host} has {have} labels, {wanted} has {depth}"
    else:
        why = f"{host} and {wanted} differ in a label, and an asterisk never crosses a dot"
    labels = wanted.split(".")
    glob = ".".join(["*", *labels[1:]]) if len(labels) > 2 and bare != wanted else wanted
    return Near(1, why, glob)


@lru_cache(maxsize=16384)
def _typo(host: str, wanted: str) -> Near | None:
    """A few letters differ, or one label does and the telling ones agree."""
    ours, theirs = _split_port(host), _split_port(wanted)
    if ours[1] != theirs[1] or (_KNOWN.fullmatch(host) and _KNOWN.fullmatch(wanted)):
        return None
    if _slips(ours[0], theirs[0]) <= (1 if len(wanted) < 8 else 2):
        return Near(2, f"its host is {host} and the image's is {wanted}: a typing error?", wanted)
    one, other = ours[0].split("."), theirs[0].split(".")
    if len(one) == len(other) > 1 and one[:-1] == other[:-1]:
        return Near(2, f"its host ends in .{one[-1]} and the image's in .{other[-1]}", wanted)
    return None


def _slips(one: str, other: str) -> int:
    """The number of letters inserted, dropped or replaced; 3 for more than two."""
    if abs(len(one) - len(other)) > 2 or len(one) > 255:
        return 3
    while one and other and one[-1] == other[-1]:  # hosts of one domain differ in their first label only
        one, other = one[:-1], other[:-1]
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        if min(row) > 2:
            return 3
        before, row = row, [i]
        for j, right in enumerate(other, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right)))
    return min(row[-1], 3)


def _split_port(host: str) -> tuple[str, str]:
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and port.isdigit() else (host, "")
