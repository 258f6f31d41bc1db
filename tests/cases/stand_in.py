"""A small cluster: it carries out the commands that an answer prints as a shell, `kubectl`, `oc` and an API server do.

`jq` is the machine's own. What the API server always refuses fails here too: another type of a Secret that is there, an
object that is there already, a `replace` of what has changed meanwhile.
"""

import base64
import json
import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from desk import DOCKERCONFIGJSON, account, auths, secret

MARKS = ("uid", "resourceVersion")
FILLED = {"USERNAME": "user", "PASSWORD": "pass"}

Hand = Callable[[dict[str, Any], str], dict[str, Any]]


class Cluster:
    """Objects that the commands of a change work on; `hand` edits a payload that was taken out, as `summary` says."""

    def __init__(self, objects: tuple[Any, ...], hand: Hand, summary: str) -> None:
        self.objects: list[dict[str, Any]] = json.loads(json.dumps(objects))
        self.hand, self.summary = hand, summary
        self.files: dict[str, bytes] = {}
        self.space = ""

    def run(self, line: str) -> None:
        """Carry out one command line."""
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&>")
        lexer.whitespace_split, lexer.commenters = True, ""
        for pipeline in _split(list(lexer), "&&"):
            given = b""
            for call in _split(pipeline, "|"):
                words, *into = _split(call, ">")
                given = self._call(words, given)
                if into:
                    self._keep(into[0][0], given)

    def find(self, kind: str, name: str) -> dict[str, Any]:
        (found,) = [one for one in self.objects if self._is(one, kind, name)]
        return found

    def _is(self, one: dict[str, Any], kind: str, name: str) -> bool:
        group = one["apiVersion"].rpartition("/")[0]
        kinds = (one["kind"].lower(), f"{one['kind'].lower()}s.{group}")
        known = (one["metadata"]["name"], one["metadata"].get("namespace", ""))
        return kind in kinds and known == (name, self.space)

    def _keep(self, file: str, given: bytes) -> None:
        """A file is written; a payload is edited there before the next command."""
        if file == "auth.json":
            given = json.dumps(self.hand(json.loads(given), self.summary)).encode()
        self.files[file] = given

    def _call(self, words: list[str], given: bytes) -> bytes:
        program, *rest = words
        if program == "jq":
            files = {name: content for name, content in self.files.items() if name in rest}
            return _jq(rest, given, files)
        if program == "base64":
            assert rest == ["-d"]
            return base64.b64decode(given, validate=True)
        if program == "test":
            assert rest[0] == "-s"
            assert self.files[rest[1]]
            return b""
        if program == "rm":
            del self.files[rest[0]]
            return b""
        assert program in ("oc", "kubectl")
        self.space = ""
        if "-n" in rest:
            at = rest.index("-n")
            self.space = rest[at + 1]
            del rest[at : at + 2]
        found: bytes = getattr(self, f"_{rest[0]}")(rest[1:], given) or b""
        return found

    def _get(self, words: list[str], _given: bytes) -> bytes:
        found = self.find(words[0], words[1])
        assert words[2] == "-o"
        if words[3] == "json":
            found["metadata"].setdefault("resourceVersion", "1")
            return json.dumps(found).encode()
        key = re.fullmatch(r"jsonpath=\{\.data\.(.+)\}", words[3])
        assert key
        value: str = found["data"][key[1].replace("\\.", ".")]
        return value.encode()

    def _replace(self, words: list[str], given: bytes) -> None:
        assert words == ["-f", "-"]
        new = json.loads(given)
        old = self.find(new["kind"].lower(), new["metadata"]["name"])
        assert new["metadata"]["resourceVersion"] == old["metadata"]["resourceVersion"], "Conflict"
        assert new.get("type") == old.get("type"), "the type of a Secret is immutable"
        new["metadata"]["resourceVersion"] += "1"
        self.objects[self.objects.index(old)] = new

    def _set(self, words: list[str], _given: bytes) -> None:
        assert words[0] == "data"
        target = self.find("secret", words[1].removeprefix("secret/"))
        key, _, file = words[2].removeprefix("--from-file=").partition("=")
        target["data"][key] = base64.b64encode(self.files[file]).decode()

    def _delete(self, words: list[str], _given: bytes) -> None:
        target = self.find(words[0], words[1])
        if target["metadata"].get("ownerReferences"):
            self._admit(target)
        else:
            self.objects.remove(target)

    @staticmethod
    def _admit(pod: dict[str, Any]) -> None:
        """Made anew, a pod has neither the marks of the cluster nor the list that admission gave to the old one."""
        for mark in MARKS:
            pod["metadata"].pop(mark, None)
        pod["spec"].pop("imagePullSecrets", None)

    def _rollout(self, words: list[str], _given: bytes) -> None:
        assert words[0] == "restart"
        for one in self.objects:
            if one["kind"] == "Pod" and one["metadata"]["namespace"] == self.space:
                self._admit(one)

    def _create(self, words: list[str], _given: bytes) -> None:
        made = json.loads(self.files[words[1]]) if words[0] == "-f" else self._made(words)
        assert not made["metadata"].keys() & set(MARKS), "a version is given to an object by the API server alone"
        known = made["kind"].lower(), made["metadata"]["name"]
        assert not any(self._is(one, *known) for one in self.objects), "AlreadyExists"
        self.objects.append(made)

    def _made(self, words: list[str]) -> dict[str, Any]:
        if words[0] == "serviceaccount":
            return account(name=words[1], namespace=self.space)
        options = dict(word[2:].split("=", 1) for word in words[3:] if "=" in word)
        kind = options.get("type", DOCKERCONFIGJSON)
        if "docker-server" not in options:
            key, _, file = options["from-file"].partition("=")
            return secret(self.files[file].decode(), words[2], kind, key, self.space)
        assert words[1] == "docker-registry"
        user, password = FILLED[options["docker-username"]], FILLED[options["docker-password"]]
        return secret(auths(options["docker-server"], user=user, password=password), words[2], namespace=self.space)

    def _secrets(self, words: list[str], _given: bytes) -> None:
        assert (words[0], words[3]) == ("link", "--for=pull")
        self.find("serviceaccount", words[1]).setdefault("imagePullSecrets", []).append({"name": words[2]})
        assert any(one["kind"] == "Secret" and one["metadata"]["name"] == words[2] for one in self.objects)

    def _patch(self, words: list[str], _given: bytes) -> None:
        assert words[2:4] == ["--type=json", "-p"]
        assert words[0] not in ("job", "pod"), "the API server lets nobody change it"
        for operation in json.loads(words[4]):
            *path, last = (step.replace("~1", "/").replace("~0", "~") for step in operation["path"].split("/")[1:])
            node: Any = self.find(words[0], words[1])
            for step in path:
                node = node[int(step)] if isinstance(node, list) else node[step]
            if isinstance(node, list) and last == "-":
                node.append(operation["value"])
            elif isinstance(node, list):
                node[int(last)] = operation["value"]
            elif operation["op"] == "test":
                assert node[last] == operation["value"], "the JSON patch is refused: its test failed"
            else:
                assert operation["op"] == "add" or last in node
                node[last] = operation["value"]


def _split(words: list[str], at: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for word in words:
        if word == at:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _jq(words: list[str], given: bytes, files: dict[str, bytes]) -> bytes:
    """Run `jq`; what it reads from `files` is written beside it."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        done = subprocess.run(["jq", *words], input=given, cwd=folder, capture_output=True, check=True)
    return done.stdout
