"""What a plain call loads and compiles: counted, because time cannot be tested."""

import ast
import hashlib
import importlib
import pickle
import pkgutil
import subprocess
import sys
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import linter
import reports
import rules
from linter import record
from linter.hashes import blake2b, sha256
from linter.patterns import LazyPattern, lazy
from reports._jsontext import dump

ROOT = Path(__file__).parents[1]

SOUND = """\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: robot
  namespace: team
imagePullSecrets:
- name: pull
---
apiVersion: v1
kind: Secret
metadata:
  name: pull
  namespace: team
type: kubernetes.io/dockerconfigjson
data:
  .dockerconfigjson: eyJhdXRocyI6eyJxdWF5LmlvIjp7ImF1dGgiOiJkWE5sY2pwd1lYTnoifX19
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: team
spec:
  template:
    spec:
      serviceAccountName: robot
      containers:
      - name: web
        image: quay.io/team/web:1
"""

_COUNTS = """
import re, sys
made = []
compiler = sys.modules[re.compile.__module__]._compiler
compiled = compiler.compile
compiler.compile = lambda source, flags=0: made.append(repr(source)) or compiled(source, flags)
before = set(sys.modules)
from linter.__main__ import main
code = main(sys.argv[1:])
print({"code": code, "patterns": made, "modules": sorted(set(sys.modules) - before)}, file=sys.stderr)
"""

HEAVY = """
    jinja2 jsonschema msgspec shtab yaml zstandard
    asyncio base64 bz2 concurrent.futures dataclasses datetime difflib email hashlib inspect json logging lzma
    multiprocessing pathlib random shlex shutil socket subprocess tarfile tempfile threading urllib.parse uuid zipfile
"""


def _call(tmp_path: Path, text: str, *words: str) -> dict[str, Any]:
    folder = tmp_path / "deploy"
    folder.mkdir()
    (folder / "all.yaml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", _COUNTS, "check", str(folder), *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    found: dict[str, Any] = ast.literal_eval(done.stderr)
    return found


def _own(found: dict[str, Any]) -> list[str]:
    return [name for name in found["modules"] if name.partition(".")[0] in ("linter", "reports", "rules")]


def _argparse_loads() -> set[str]:
    """What the standard parser of arguments loads by itself: since Python 3.14 what colours its help as well."""
    words = "import sys, argparse; argparse.ArgumentParser().add_argument('path'); print(*sys.modules)"
    return {*subprocess.check_output([sys.executable, "-I", "-c", words], text=True).split()}


def test_a_check_loads_little_and_compiles_few_patterns(tmp_path: Path) -> None:
    found = _call(tmp_path, SOUND, "--ignore", "credential-in-manifest")
    assert found["code"] == 0
    parser = _argparse_loads()
    assert not ({*HEAVY.split()} - parser).intersection(found["modules"])
    # A digest is taken only of files that were written to just now, as the one of this test was.
    engine = [name for name in _own(found) if not name.startswith("rules.") and name != "linter.hashes"]
    # Each costs what every call pays: raise these for what every call needs, and for nothing else.
    assert len(engine) <= 110, engine
    others = {*found["modules"]} - {*_own(found)} - parser
    assert len(others) <= 24, others
    assert len(found["patterns"]) <= 78, found["patterns"]


def test_what_proves_and_shows_is_loaded_with_the_first_finding(tmp_path: Path) -> None:
    found = _call(tmp_path, SOUND, "--ignore", "credential-in-manifest")
    shows = {"linter.excerpts", "reports._excerpt", "rules.payload._json_causes"}
    proves = {"linter.proof", "linter.fix.data", "linter.documents.compose"}
    assert not (shows | proves).intersection(found["modules"])


def test_findings_in_what_machines_write_are_placed_without_a_parser(tmp_path: Path) -> None:
    found = _call(tmp_path, SOUND)
    assert found["code"] == 1
    assert "linter.documents.simple_positions" in found["modules"]
    assert not {"yaml", "hashlib", "linter.documents.compose"}.intersection(found["modules"])


def test_a_small_report_in_json_is_written_without_msgspec(tmp_path: Path) -> None:
    found = _call(tmp_path, SOUND, "--format", "json")
    assert found["code"] == 1
    assert "msgspec" not in found["modules"]


def test_few_values_are_written_as_many_are() -> None:
    codes = (*range(0xD800), *range(0xE000, 0x10100), 0x10FFFF)
    texts = "".join(map(chr, codes)), "", "##", "</x>"
    few = [*texts, {}, [], [[]], {"a": {}, "": []}, [{"b": 1}, {}], 0, -1, -(2**63), 2**64 - 1, True, False, None]
    many = dump([*few, [0] * 10_000])
    assert many.startswith(dump(few).removesuffix("\n]\n") + ",\n")


@pytest.mark.parametrize(("first", "said"), [("", ""), ("import atexit; atexit.register(print, 'end')", "end\n")])
def test_what_wants_to_know_of_the_end_of_a_call_is_told(tmp_path: Path, first: str, said: str) -> None:
    """A call ends without taking apart what it holds, unless somebody waits for the end."""
    (tmp_path / "all.yaml").write_text(SOUND, encoding="utf-8")
    program = f"{first}\nfrom linter.__main__ import main\nmain()\nprint('apart')"
    command = [sys.executable, "-c", program, "check", str(tmp_path), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    report, _, rest = done.stdout.partition("\n}\n")
    assert done.stderr == ""
    assert '"findings": [' in report
    assert rest == (f"apart\n{said}" if first else "")
    assert done.returncode == (0 if first else 1)


def test_every_pattern_that_is_compiled_late_compiles() -> None:
    names = [
        one.name
        for package in (linter, reports, rules)
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    found = []
    for name in names:
        for value in vars(importlib.import_module(name)).values():
            found += [value] if isinstance(value, LazyPattern) else []
    assert len(found) > 50
    assert all(one.pattern is not None for one in found)


def test_a_late_pattern_does_what_a_pattern_does() -> None:
    assert lazy(r"(\d)(b)").sub(r"\2\1", "1b 2b") == "b1 b2"
    assert lazy(rb"a").fullmatch(b"a")
    word = lazy(r"[a-z]+", 2)
    assert word.fullmatch("ABC")
    assert [found[0] for found in word.finditer("a B")] == ["a", "B"]
    with pytest.raises(AttributeError):
        word.nothing  # type: ignore[attr-defined] # noqa: B018


def test_a_digest_without_openssl_is_that_of_hashlib() -> None:
    for text in (b"", b"a", bytes(range(256)) * 40):
        assert sha256(text).hexdigest() == hashlib.sha256(text).hexdigest()
        assert blake2b(text, digest_size=16).hexdigest() == hashlib.blake2b(text, digest_size=16).hexdigest()


class _Late(record.NamedTuple):
    """A record."""

    name: str
    size: int = 1
    rest: tuple[str, ...] = ()

    @property
    def twice(self) -> int:
        return 2 * self.size


class _Typed(typing.NamedTuple):
    """A record."""

    name: str
    size: int = 1
    rest: tuple[str, ...] = ()

    @property
    def twice(self) -> int:
        return 2 * self.size


def _outcome(act: Callable[[Any], Any], kind: Any) -> str:
    try:
        return repr(act(kind)).replace("_Late", "_Typed")
    except (TypeError, ValueError, AttributeError) as error:
        return f"{type(error).__name__}: {error}".replace("_Late", "_Typed")


@pytest.mark.parametrize(
    "act",
    [
        lambda kind: kind("a"),
        lambda kind: kind(size=2, name="b").twice,
        lambda kind: kind(),
        lambda kind: kind("a", 1, (), 2),
        lambda kind: kind("a", other=1),
        lambda kind: kind("a")._replace(size=3, rest=("x",)),
        lambda kind: kind("a")._replace(other=3),
        lambda kind: kind("a")._asdict(),
        lambda kind: kind._make(["a", 1, ()]),
        lambda kind: kind._make(["a"]),
        lambda kind: (kind._fields, kind._field_defaults, kind.__match_args__, kind.__doc__, kind.__slots__),
        lambda kind: kind("a") == ("a", 1, ()) and hash(kind("a")) == hash(("a", 1, ())),
        lambda kind: pickle.loads(pickle.dumps(kind("a", 5))),
        lambda kind: type(pickle.loads(pickle.dumps(kind("a")))).__name__,
        lambda kind: setattr(kind("a"), "name", "b"),
        lambda kind: setattr(kind("a"), "more", "b"),
        typing.get_type_hints,
        lambda kind: [*kind("a", rest=("x",))],
        lambda kind: (isinstance(kind("a"), tuple), kind.__mro__[1:], type(kind)),
    ],
)
def test_a_record_is_what_typing_makes(act: Callable[[Any], Any]) -> None:
    assert _outcome(act, _Late) == _outcome(act, _Typed)


def test_a_record_may_be_generic_and_matched() -> None:
    kind = typing.TypeVar("kind")

    class Pair(record.NamedTuple, typing.Generic[kind]):
        left: kind
        right: kind

    assert Pair[int](1, 2) == (1, 2)
    match Pair("a", "b"):
        case Pair("a", other):
            assert other == "b"
        case _:
            pytest.fail("it did not match")


def test_a_record_is_declared_where_a_function_makes_the_annotations() -> None:
    # Python 3.14 (PEP 649) leaves such a function in the body of a class, and no annotations.
    body = {"__annotate_func__": lambda _format: {"name": str, "size": int}, "size": 0}
    kind: Any = type(record.NamedTuple)("Lazy", (record.NamedTuple,), body)
    assert kind._fields == ("name", "size")
    assert kind("a")._asdict() == {"name": "a", "size": 0}


def test_a_record_refuses_fields_that_no_call_could_give() -> None:
    with pytest.raises(TypeError, match="without a default"):
        type(record.NamedTuple)("Wrong", (record.NamedTuple,), {"__annotations__": {"a": int, "b": int}, "a": 1})
