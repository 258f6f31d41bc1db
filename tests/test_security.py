"""What SECURITY.md promises and no other file of tests shows, and that each of its promises is shown somewhere."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.commons import TWICE, quiet

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "SECURITY.md").read_text()
TAGGED = "!!python/object/apply:os.system ['touch owned']"
TAGS = (TAGGED, "!!python/object/new:os.system ['touch owned']", "!!python/name:os.system", "!!python/module:owned")


def rows(heading: str) -> list[list[str]]:
    """The rows of the table under a heading."""
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_each_promise_names_what_shows_it() -> None:
    promised = [row[0].strip() for row in rows("Threats and answers")]
    shown = {row[0]: re.findall(r"`([^`]+)`", row[1]) for row in rows("How this is tested")}
    assert [*shown] == promised
    for paths in shown.values():
        assert paths
        for path in paths:
            assert (ROOT / path).exists(), path


@pytest.mark.parametrize("tag", TAGS)
def test_no_tag_makes_an_object(tag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever YAML is read: manifests, lists, applied copies, settings, schemas, charts and kustomizations."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "owned.py").write_text("open('owned', 'w')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    Path("bin").mkdir()
    for program in ("kustomize", "helm"):
        Path("bin", program).write_text(f"#!/bin/sh\ncat <<'END'\nkind: Secret\nx: {tag}\nEND\n")
        Path("bin", program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    listed = "apiVersion: v1\nkind: List\nitems:\n" + f"- kind: Secret\n  apiVersion: v1\n  x: {tag}\n" * 300
    files = {
        "in/a.yaml": f"kind: Secret\napiVersion: v1\nmetadata: {{name: a, namespace: b}}\nx: {tag}\n",
        "in/list.yaml": listed,
        "in/directive.yaml": f"%TAG ! tag:yaml.org,2002:python/\n---\nkind: Secret\nx: {tag}\n",
        "in/chart/Chart.yaml": f"apiVersion: v2\nname: shop\nversion: 0.1.0\nx: {tag}\ndependencies: {tag}\n",
        "in/chart/values.yaml": f"x: {tag}\n",
        "in/chart/templates/a.yaml": "x: {{ .Values.x }}\n",
        "in/k/kustomization.yaml": f"resources: {tag}\nx: {tag}\n",
        "in/good.yaml": TWICE,
        "settings": f"rules: {tag}\nignore: {tag}\n",
        "values": f"x: {tag}\n",
    }
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    words = ("check", "in", "--scope", "manifests", "--fail-on", "info")
    for more in ((), ("--render", "--values", "values"), ("--diff",), ("--fix",), ("--config", "settings")):
        code, _, error = quiet(*words, *more)
        assert code == (2 if "--config" in more else 1), error
        assert "internal error" not in error
    for command in (("collect", "in", "-o", "c"), ("collect", "in", "--redact", "-o", "r"), ("resolve", "in")):
        quiet(*command)
    assert not Path("owned").exists()
    assert "owned" not in sys.modules


SPY = """#!{python}
import json, os, sys
with open({log!r}, "a") as log:
    log.write(json.dumps([sys.argv, os.getcwd(), dict(os.environ), sys.stdin.read(), os.isatty(0)]) + "\\n")
print({manifest!r})
"""


@pytest.mark.parametrize("remote", [False, True])
def test_what_builds_sees_no_cluster_no_plugin_and_no_way_out(
    remote: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    Path(tmp_path, "bin").mkdir()
    for program in ("kustomize", "helm"):
        file = tmp_path / "bin" / program
        file.write_text(SPY.format(python=sys.executable, log=str(log), manifest=TWICE))
        file.chmod(0o755)
    tree = tmp_path / "tree"
    for name, text in {
        "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
        "k/kustomization.yaml": "resources: [a.yaml]\n",
        "k/a.yaml": TWICE,
    }.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    monkeypatch.chdir(tree)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    for name in ("KUBECONFIG", "HELM_PLUGINS", "HELM_KUBECONTEXT", "KUSTOMIZE_PLUGIN_HOME", "HELM_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "users-own"))
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    before = {path: path.stat().st_mtime_ns for path in tree.rglob("*")}
    quiet("check", ".", "--render", *(["--render-remote"] if remote else []))
    assert {path: path.stat().st_mtime_ns for path in tree.rglob("*")} == before
    calls = [json.loads(line) for line in log.read_text().splitlines()]
    assert {Path(call[0][0]).name for call in calls} == {"kustomize", "helm"}
    for words, folder, environment, typed, terminal in calls:
        assert not [word for word in words if "plugin" in word or "exec" in word or "--enable" in word]
        assert not Path(folder).exists()  # it was a temporary one, and has gone
        assert (typed, terminal) == ("", False)
        assert environment["KUBECONFIG"] == "/dev/null"
        assert environment["HELM_PLUGINS"].startswith(folder)
        assert not [name for name, value in environment.items() if value == str(tmp_path / "users-own")]
        assert environment["HTTPS_PROXY"] == ("http://proxy.example.com:3128" if remote else "http://127.0.0.1:9")
        assert (environment.get("GIT_ALLOW_PROTOCOL") == "none") is not remote


KUBECTL = """#!{python}
import json, sys
words = [word for word in sys.argv[1:] if not word.startswith("--context=")]
with open({log!r}, "a") as log:
    log.write(json.dumps(words) + "\\n")
if words[:1] == ["config"]:
    print("prod")
elif words[:2] == ["get", "--raw"] and "?" in words[2]:
    print(json.dumps({{"kind": "List", "apiVersion": "v1", "metadata": {{}}, "items": []}}))
elif words[:2] == ["get", "--raw"]:
    print(json.dumps({{"kind": "APIResourceList", "groupVersion": "v1", "resources": [
        {{"name": "secrets", "kind": "Secret", "namespaced": True, "verbs": ["get", "list"]}}], "groups": []}}))
else:
    sys.exit(1)
"""


def test_of_a_cluster_nothing_is_asked_but_to_get(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is to be done with what is found: a repair of a cluster is manifests, which a person applies."""
    log = tmp_path / "log"
    Path(tmp_path, "bin").mkdir()
    file = tmp_path / "bin/kubectl"
    file.write_text(KUBECTL.format(python=sys.executable, log=str(log)))
    file.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    commands: Any = (
        ("check", "cluster:", "--verbose"),
        ("check", "cluster:prod", "--fix-dir", "fixes", "--unsafe-fixes"),
        ("resolve", "cluster:"),
        ("baseline", "cluster:", "-o", "b"),
        ("collect", "cluster:", "-o", "c.tar.gz"),
    )
    for words in commands:
        quiet(*words)
    said = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(said) > len(commands)
    assert {tuple(words[:2]) for words in said} <= {("get", "--raw"), ("config", "current-context")}


NAMING_NONE: Any = (
    ("check", "in", "--verbose", "--render", "--scope", "cluster"),
    ("check", "in", "--fix-dir", "fixes", "--unsafe-fixes"),
    ("check", "in", "--history", "h.db", "--resume"),
    ("resolve", "in"),
    ("resolve", "quay.io/shop/web:1", "in"),
    ("baseline", "in", "-o", "b"),
    ("collect", "in", "-o", "in.tar.gz"),
    ("check",),
    ("check", "-n", "shop", "in"),
    ("resolve", "-n", "shop", "in"),
    ("trend", "--history", "h.db"),
)


def test_a_cluster_is_asked_when_it_is_named_or_when_there_is_nothing_else_to_collect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    Path(tmp_path, "bin").mkdir()
    for program in ("kubectl", "oc"):
        file = tmp_path / "bin" / program
        file.write_text(KUBECTL.format(python=sys.executable, log=str(log)))
        file.chmod(0o755)
    Path(tmp_path, "in").mkdir()
    Path(tmp_path, "in/a.yaml").write_text(TWICE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    for words in NAMING_NONE:
        try:
            quiet(*words)
        except SystemExit:  # a call that lacks its path
            continue
    assert not log.exists()
    assert quiet("collect", "-o", "c.tar.gz")[0] == 0
    assert ["config", "current-context"] in [json.loads(line) for line in log.read_text().splitlines()]
    # The promise names both.
    promised = dict(tuple(row[:2]) for row in rows("Threats and answers"))["A live cluster is touched"]
    assert "`cluster:` is named" in promised
    assert "`regcred collect` without a PATH" in promised
