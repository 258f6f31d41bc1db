"""Auth files: the config.json of docker or the kubelet, the auth.json of podman, as they stand beside no object.

Such a file is what pull secrets are made of, and what a node holds for all of its pods. It is one by its content: a
member that only such files have (docker/cli 27, containers-auth.json(5)), or nothing but hosts with an `auth` each.
"""

import base64
from typing import Final

from linter.credentials import JsonNode, parse_json
from linter.documents import Document
from linter.documents.objects import KubeObject
from linter.inventory.records import AUTH_FILE, DOCKERCFG, DOCKERCONFIGJSON, KEY_OF_TYPE, PullSecret
from linter.inventory.secrets import pull_secret
from linter.patterns import lazy

LONGEST: Final = 2**20
"""Bytes of such a file: a Secret holds no more (`MaxSecretSize`, every version of Kubernetes)."""
_MEMBER: Final = lazy(r"""["'](?:auths|credHelpers|credsStore)["']\s*:""")
_MEMBERS: Final = {"auths": ("object", "array", "null"), "credHelpers": ("object",), "credsStore": ("string",)}
"""The members that tell such a file, each with the kinds of value that somebody who means one writes."""
_HOST: Final = lazy(r".*[.:/].*")
"""A key that is no single word, as those of other settings are."""


def auth_file(path: str, data: bytes) -> PullSecret | None:
    """Return the auth file at `path` as the pull secret that it would make, None where it is no auth file."""
    kind = _type(data) if len(data) <= LONGEST else ""
    if not kind:
        return None
    body = {"type": kind, "data": {KEY_OF_TYPE[kind]: base64.b64encode(data).decode("ascii")}}
    return as_file(pull_secret(KubeObject(Document(path, 0, None), (), body, "Secret", "v1")))


def as_file(secret: PullSecret) -> PullSecret:
    """Return a Secret that is made of a file as that file."""
    item = KubeObject(Document(secret.object.path, 0, None), (), {}, AUTH_FILE, "")
    item.name = item.path.rpartition("/")[2]
    return secret._replace(object=item, route=(), written=None)


def _type(data: bytes) -> str:
    """The type of the Secret that a file of this content makes, "" for a file of another kind."""
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return ""
    text = data.decode("utf-8", "replace")
    root = parse_json(text)
    if not isinstance(root, JsonNode):  # whoever made it meant JSON
        return DOCKERCONFIGJSON if _MEMBER.search(text) else ""
    held = {name: value for name, _, _, value in root.members}
    if any(name in held and held[name].kind in kinds for name, kinds in _MEMBERS.items()):
        return DOCKERCONFIGJSON
    hosts = [_HOST.fullmatch(name) and any(key == "auth" for key, *_ in one.members) for name, one in held.items()]
    return DOCKERCFG if hosts and all(hosts) else ""
