"""What stands for `kubectl`, `oc`, `podman`, `aws` and an editor where a shell runs printed commands, as they do it.

Called by the name of the program. Objects stand in `cluster.json`, what programs are asked for in `said.txt`.
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any

CLUSTER, SAID, FILE = Path("cluster.json"), Path("said.txt"), Path("auth.json")
CREDENTIAL = base64.b64encode(b"new:secret").decode()


def main(program: str, *words: str) -> None:
    """Do what the program does; what it would refuse ends this program."""
    with SAID.open("a") as file:
        file.write(" ".join((program, *words)) + "\n")
    if program == "podman":
        login(*words)
    elif program == "aws":
        say("token\n")
    elif program == "vi":
        held = json.loads(FILE.read_text())
        FILE.write_text(json.dumps({**held, "edited": True}))
    else:
        rest = list(words)
        if "-n" in rest:
            at = rest.index("-n")
            del rest[at : at + 2]
        API[rest[0]](rest[1:])


def say(text: str) -> None:
    """Print what the program prints."""
    sys.stdout.write(text)


def login(*words: str) -> None:
    """Decode the file, set one entry, and write what is known of it, as containers/image does (`modifyJSON`)."""
    assert words[0] == "login"
    options = dict(word.split("=", 1) for word in words if "=" in word)
    password = sys.stdin.readline().strip() if "--password-stdin" in words else "secret"
    path = Path(options["--authfile"])
    held = json.loads(path.read_text())
    auths: dict[str, Any] = {key: {"auth": one["auth"]} if "auth" in one else {} for key, one in held["auths"].items()}
    sent = f"{options.get('--username', 'new')}:{password}"
    auths[words[-1]] = {"auth": base64.b64encode(sent.encode()).decode()}
    path.write_text(json.dumps({"auths": auths}))


def _get(words: list[str]) -> None:
    found = _named(words[1])
    if words[3] == "json":
        say(json.dumps(found))
    else:
        key = words[3].removeprefix("jsonpath={.data.").removesuffix("}").replace("\\.", ".")
        say(found["data"][key])


def _replace(words: list[str]) -> None:
    assert words == ["-f", "-"]
    new = json.loads(sys.stdin.read())
    old = _named(new["metadata"]["name"])
    assert new["metadata"]["resourceVersion"] == old["metadata"]["resourceVersion"]
    assert new["type"] == old["type"]
    _store(new)


def _set(words: list[str]) -> None:
    found = _named(words[1].removeprefix("secret/"))
    key, _, path = words[2].removeprefix("--from-file=").partition("=")
    found["data"][key] = base64.b64encode(Path(path).read_bytes()).decode()
    _store(found)


def _create(words: list[str]) -> None:
    if words[0] == "token":
        say(f"token-of-{words[1]}\n")
        return
    new = json.loads(Path(words[1]).read_text())
    assert new["metadata"]["name"] not in _objects()
    assert not {"uid", "resourceVersion"} & new["metadata"].keys()
    _store(new)


def _delete(words: list[str]) -> None:
    objects = _objects()
    del objects[words[1]]
    CLUSTER.write_text(json.dumps(objects))


def _objects() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(CLUSTER.read_text())
    return found


def _named(name: str) -> dict[str, Any]:
    found: dict[str, Any] = _objects()[name]
    return found


def _store(new: dict[str, Any]) -> None:
    CLUSTER.write_text(json.dumps({**_objects(), new["metadata"]["name"]: new}))


API = {"get": _get, "replace": _replace, "set": _set, "create": _create, "delete": _delete}

if __name__ == "__main__":
    main(Path(sys.argv[0]).name, *sys.argv[1:])
