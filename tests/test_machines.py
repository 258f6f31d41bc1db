"""Long lives of a folder, step by step at random: what repairs and baselines promise holds after every step."""

import base64
import contextlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from linter.__main__ import main

LIFE = settings(
    max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
NAMES = st.sampled_from(["alpha", "beta"])
FILES = st.sampled_from(["a.yaml", "b.yaml", "deep/c.yaml"])


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Make a folder the working directory."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def call(folder: Path, *words: str) -> tuple[int, str]:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with inside(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = main([*words])
        out.flush()
    return code, out.buffer.getvalue().decode()


def check(folder: Path, *words: str) -> dict[str, Any]:
    _, told = call(folder, "check", ".", *words, "--format", "json")
    result: dict[str, Any] = json.loads(told)
    return result


class Look(NamedTuple):
    """How the text of a file is written: its encoding, its line ends, and whether the last line has one."""

    encoding: str = "utf-8"
    newline: str = "\n"
    ended: bool = True

    def written(self, text: str) -> bytes:
        """The bytes of a text."""
        text = text if self.ended else text.removesuffix("\n")
        return text.replace("\n", self.newline).encode(self.encoding)

    def read(self, data: bytes) -> str:
        """The text of a file, which must look as it was written."""
        text = data.decode(self.encoding).replace(self.newline, "\n")
        text = text if self.ended else f"{text}\n"
        assert self.written(text) == data
        return text


PLAIN = Look()
LOOKS = st.builds(
    Look, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.sampled_from(["\n", "\r\n"]), st.booleans()
)


class Folder(RuleBasedStateMachine):
    """A folder that is made for one life and removed after it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="regcred-life-"))

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def put(self, name: str, text: str, look: Look = PLAIN) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(look.written(text))


def auth(user: str) -> str:
    return base64.b64encode(f"{user}:pass".encode()).decode()


def account(name: str, pulls: list[str], mark: str) -> str:
    links = "".join(f"- name: {pull}  # {mark}\n" for pull in pulls)
    head = f"# {mark}\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {name}\n  namespace: shop\n"
    return f"{head}imagePullSecrets:\n{links}"


def secret(name: str, users: list[str], mark: str, *, flaw: str) -> str:
    entries = {f"{user}.example.com": {"auth": auth(user)} for user in users}
    text = json.dumps({"auths": entries}, indent=2)
    if flaw == "comma":
        text = text.replace('"\n    }', '",\n    }')
    data = base64.b64encode(text.encode()).decode()
    if flaw == "twice":
        data = base64.b64encode(data.encode()).decode()
    body = "stringData:\n  .dockerconfigjson: |-\n" + "".join(f"    {line}\n" for line in text.split("\n"))
    body = body if flaw in ("plain", "comma") else f"data:\n  .dockerconfigjson: {data}  # {mark}\n"
    head = f"# {mark}\napiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n  namespace: shop\n"
    return f"{head}type: kubernetes.io/dockerconfigjson\n{body}"


def workload(name: str, account_name: str, user: str, mark: str) -> str:
    return (
        f"# {mark}\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n"
        f"  template:\n    spec:\n      serviceAccountName: {account_name}  # {mark}\n"
        f"      containers:\n      - {{name: c, image: {user}.example.com/a/b:1}}\n"
    )


class Repairs(Folder):
    """Objects come and go, repairs are made between: they lose nothing, break nothing, and come to an end."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.parts: dict[tuple[str, str], tuple[str, str, set[str]]] = {}
        self.looks: dict[str, Look] = {}

    def text(self, file: str) -> str:
        return self.looks.get(file, PLAIN).read((self.folder / file).read_bytes())

    def add(self, file: str, kind: str, text: str, users: set[str]) -> None:
        self.parts[kind, file] = (file, text, users)
        for one in {part[0] for part in self.parts.values()}:
            text = "---\n".join(text for where, text, _ in self.parts.values() if where == one)
            self.put(one, text, self.looks.get(one, PLAIN))

    def mark(self) -> str:
        self.count += 1
        return f"mark-{self.count}."

    @initialize(
        flaw=st.sampled_from(["", "plain", "twice", "comma"]),
        looks=st.fixed_dictionaries({"a.yaml": LOOKS, "b.yaml": LOOKS, "deep/c.yaml": LOOKS}),
    )
    def begin(self, flaw: str, looks: dict[str, Look]) -> None:
        self.looks = looks
        self.an_account("a.yaml", "alpha", ["alpha", "beta", "alpha"])
        self.a_secret("b.yaml", "alpha", ["alpha", "beta"], flaw)
        self.a_secret("b.yaml", "beta", ["beta"], "")
        self.a_workload("a.yaml", "alpha", "alpha", "alpha")
        self.a_workload("deep/c.yaml", "beta", "alpha", "beta")

    @rule(file=FILES, name=NAMES, pulls=st.lists(NAMES, min_size=1, max_size=4))
    def an_account(self, file: str, name: str, pulls: list[str]) -> None:
        self.add(file, f"account {name}", account(name, pulls, self.mark()), set())

    @rule(
        file=FILES,
        name=NAMES,
        users=st.lists(NAMES, min_size=1, max_size=3, unique=True),
        flaw=st.sampled_from(["", "plain", "twice", "comma"]),
    )
    def a_secret(self, file: str, name: str, users: list[str], flaw: str) -> None:
        self.add(file, f"secret {name}", secret(name, users, self.mark(), flaw=flaw), set(users))

    @rule(file=FILES, name=NAMES, whose=NAMES, user=NAMES)
    def a_workload(self, file: str, name: str, whose: str, user: str) -> None:
        self.add(file, f"workload {name}", workload(name, whose, user, self.mark()), set())

    @precondition(lambda self: self.parts)
    @rule()
    def repair(self) -> None:
        before = check(self.folder)
        texts = {file: self.text(file) for file in {part[0] for part in self.parts.values()}}
        pulls = self.served()
        check(self.folder, "--fix")
        after = check(self.folder)
        assert not [one for one in after["findings"] if one.get("fix") and self.makes(one["fix"])]
        assert len(after["findings"]) <= len(before["findings"])
        assert pulls <= self.served()
        for file, text in texts.items():
            now = self.text(file)
            heads = [line for line in text.split("\n") if line.startswith("# mark-")]
            assert all(line in now for line in heads)
        done = {path: path.read_bytes() for path in self.folder.rglob("*.yaml")}
        check(self.folder, "--fix")
        assert done == {path: path.read_bytes() for path in self.folder.rglob("*.yaml")}
        for key, (file, _, users) in list(self.parts.items()):
            self.parts[key] = (file, "", users)
        for one in {part[0] for part in self.parts.values()}:
            self.adopt(one)

    @staticmethod
    def makes(fix: dict[str, Any]) -> bool:
        return fix["applicability"] == "safe" and not fix.get("obstacle")

    def served(self) -> set[str]:
        """The pulls that a credential is offered for, by workload and image."""
        _, told = call(self.folder, "resolve", ".", "--format", "json")
        works = [one for one in json.loads(told)["answers"] if one["works"] and one["verdict"] != "anonymous"]
        return {f"{who['object']} {one['image']}" for one in works for who in one["for"]}

    def adopt(self, file: str) -> None:
        """Go on with the text that the repair has left."""
        kinds = [key for key, (where, _, _) in self.parts.items() if where == file]
        texts = self.text(file).split("---\n")
        assert len(texts) == len(kinds)
        for key, text in zip(kinds, texts, strict=True):
            self.parts[key] = (file, text, self.parts[key][2])


class Baselines(Folder):
    """Findings are made, moved, accepted and repaired: a baseline holds what it has seen, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.text: dict[str, dict[str, bool]] = {}
        self.above: dict[str, int] = {}
        self.known: set[tuple[str, str]] | None = None

    def write(self, file: str) -> None:
        parts = [account(name, ["p", "p"] if bad else ["p"], "m") for name, bad in self.text[file].items()]
        self.put(file, "# above\n" * self.above.get(file, 0) + "---\n".join(parts))

    def there(self) -> set[tuple[str, str]]:
        return {(file, name) for file, parts in self.text.items() for name, bad in parts.items() if bad}

    @initialize()
    def begin(self) -> None:
        self.text["a.yaml"] = {"alpha": True}
        self.write("a.yaml")

    @rule(file=FILES, name=NAMES, bad=st.booleans())
    def an_account(self, file: str, name: str, bad: bool) -> None:
        if any(name in parts for other, parts in self.text.items() if other != file):
            return
        self.text.setdefault(file, {})[name] = bad
        self.write(file)

    @rule(file=FILES)
    def lines_above(self, file: str) -> None:
        if file in self.text:
            self.above[file] = self.above.get(file, 0) + 3
            self.write(file)

    @rule(file=FILES)
    def reversed_order(self, file: str) -> None:
        if file in self.text:
            self.text[file] = dict(reversed(self.text[file].items()))
            self.write(file)

    @rule()
    def accept(self) -> None:
        code, _ = call(self.folder, "baseline", ".", "--select", "RC307", "-o", "baseline.json")
        assert code == 0
        self.known = self.there()

    @rule()
    def accept_again(self) -> None:
        """A second baseline of the same findings is the same file."""
        self.accept()
        first = (self.folder / "baseline.json").read_bytes()
        self.accept()
        assert (self.folder / "baseline.json").read_bytes() == first

    @invariant()
    def what_is_new_is_what_nobody_accepted(self) -> None:
        if self.known is None:
            return
        result = check(self.folder, "--select", "RC307", "--baseline", "baseline.json")
        new = {(one["location"]["path"].removeprefix("./"), one["object"]["name"]) for one in result["findings"]}
        assert new == self.there() - self.known
        assert result["summary"]["baselined"] == len(self.there() & self.known)
        assert result["baseline"]["gone"] == len(self.known - self.there())


TestRepairs = Repairs.TestCase
TestRepairs.settings = LIFE
TestBaselines = Baselines.TestCase
TestBaselines.settings = LIFE
