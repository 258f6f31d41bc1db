"""Members of archives, support bundles, charts and contexts whose words mean harm: nothing runs, none steers."""

import io
import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.commons import TWICE, quiet
from tests.hostile import FORMATS, HOSTILE, every_format, harmless

MEMBER_NAMES = [
    *HOSTILE.values(),
    "C:\\x.yaml",
    "C:/windows/x.yaml",
    "\\\\host\\share\\x.yaml",
    "/etc/x.yaml",
    "//x.yaml",
    "a/../x.yaml",
    "../x.yaml",
    "a!/b.yaml",
    "CON.yaml",
    "-rf.yaml",
    "@SUM(1).yaml",
    "+1.yaml",
    "a\tb.yaml",
    "x" * 300 + ".yaml",
]


def members(folder: Path) -> None:
    """Write a tar and a zip whose members have such names: some judged, some broken, some refused, one cut off."""
    names = [name if name.endswith(".yaml") else f"{name.rstrip(chr(10))}.yaml" for name in MEMBER_NAMES]
    texts = {}
    for number, name in enumerate(names):
        texts[name] = TWICE.replace("name: a", f"name: a{number}")
        texts[name.replace(".yaml", "-broken.yaml")] = "kind: Secret\nx: [\n"
        texts[f"{name}.tar.gz"] = "x"
    with tarfile.open(folder / "a.tar", "w") as tar, zipfile.ZipFile(folder / "a.zip", "w") as zipped:
        for name, text in texts.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
            zipped.writestr(zipfile.ZipInfo(name.replace("\0", "")), text)
    whole = (folder / "a.tar").read_bytes()
    (folder / "cut.tar").write_bytes(whole[: whole.index(b"x.yaml") + 700])


@pytest.mark.parametrize("scope", ["cluster", "manifests"])
def test_members_of_archives_may_have_any_name(scope: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from test_structure import SKELETONS  # noqa: PLC0415 - beside the reports

    monkeypatch.chdir(tmp_path)
    members(tmp_path)
    Path("out").mkdir()
    outputs = [f"--format={name}=out/{name}" for name in FORMATS]
    for words in (("a.tar",), ("a.zip",), ("a.tar", "a.zip", "cut.tar")):
        code, out, error = quiet("check", *words, "--scope", scope, "--fail-on", "info", "--verbose", *outputs)
        assert code == (3 if "cut.tar" in words else 1), error
        assert not out
        harmless(error)
        written = {name: Path("out", name).read_bytes().decode() for name in FORMATS}
        found = json.loads(written["json"])
        places = {one["location"]["path"] for one in found["findings"]}
        assert len(places) > len(MEMBER_NAMES) // 2
        assert not [path for path in places if ".." in path.split("/")]
        for name, report in written.items():
            harmless(report, *("\u2060" if name == "markdown" else ""))
            SKELETONS[name](report)
    before = {*Path().rglob("*")}
    for words in (
        ("check", "a.tar", "a.zip", "--diff"),
        ("check", "a.tar", "--fix"),
        ("resolve", "a.tar", "--scope", scope),
        ("check", "a.tar", "--fix-dir", "out/fixes", "--scope", scope),
        ("collect", "a.tar", "-o", "out/c.tar.gz"),
        ("collect", "a.zip", "--redact", "-o", "out/r.tar.gz"),
    ):
        code, out, error = quiet(*words)
        assert code in (0, 1, 2, 3)
        assert "internal error" not in error
        assert "usage:" not in error
        harmless(re.sub(r"(?m)^((?:---|\+\+\+) [^\t\n]+)\t$", r"\1", out))  # the end of a name with blanks, in a diff
        harmless(error)
    made = {*Path().rglob("*")} - before
    assert {path.parts[0] for path in made} == {"out"}
    for name in ("out/c.tar.gz", "out/r.tar.gz"):
        with tarfile.open(name) as collected:
            for one in collected.getmembers():
                assert one.isfile()
                assert not one.name.startswith("/")
                assert ".." not in one.name.split("/")
                assert not one.name.startswith("C:")
                harmless(one.name.replace("##[", ""), "\u200b")


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_support_bundle_says_of_secrets_steers_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its list of errors is text of whoever made it: the names in it, and what it says of each."""
    monkeypatch.chdir(tmp_path)
    text = HOSTILE[name]
    root = Path("support-bundle-2026-11-02/cluster-resources")
    for kind in ("pods", "serviceaccounts", "image-pull-secrets/b"):
        (root / kind).mkdir(parents=True)
    (root.parent / "version.yaml").write_text("apiVersion: troubleshoot.sh/v1beta2\nkind: SupportBundle\n")
    pod: dict[str, Any] = {
        "metadata": {"name": text, "namespace": "b", "uid": "u", "resourceVersion": "1"},
        "spec": {
            "containers": [{"name": text, "image": "quay.io/a/b:1"}],
            "imagePullSecrets": [{"name": text}, {"name": text}],
        },
    }
    (root / "pods/b.json").write_text(json.dumps({"kind": "PodList", "apiVersion": "v1", "items": [pod] * 20}))
    said = {
        f"b/{text}/quay.io": f"illegal base64 data at input byte 3 {text}",
        f"b/x/{text}": text,
        f"{text}/{text}/{text}": f"invalid character {text}",
        text: text,
        f"b/{text}": "illegal base64 data at input byte 5",
    }
    (root / "image-pull-secrets-errors.json").write_text(json.dumps(said))
    (root / "image-pull-secrets/b/x.json").write_text(json.dumps({text: text}))
    written = every_format("support-bundle-2026-11-02")
    found = json.loads(written["json"])
    assert found["scan"]["recognised"].startswith("support-bundle")
    assert "illegal base64" in json.dumps(found["coverage"])

CHARTS = {
    "kustomize": "cat <<'END'\n{manifest}END\n",
    "helm": "cat <<'END'\n---\n# Source: {line}/templates/web.yaml\n{manifest}END\n",
    "failing": "cat >&2 <<'END'\nError: {text}\nEND\nexit 1\n",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("failing", [False, True])
def test_charts_and_releases_may_have_any_name(
    name: str, failing: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a chart, its folder, what it needs and the program that builds it call things: nothing runs, or steers."""
    monkeypatch.chdir(tmp_path)
    text = HOSTILE[name]
    step = "".join(sign for sign in text if sign not in "/\0")[:80]
    Path("bin").mkdir()
    manifest = f"apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {json.dumps(text)}, namespace: b}}\n"
    manifest += f"imagePullSecrets: [{{name: {json.dumps(text)}}}, {{name: {json.dumps(text)}}}]\n"
    for program in ("kustomize", "helm"):
        body = CHARTS["failing" if failing else program].format(
            manifest=manifest, text=text, line=" ".join(text.split())
        )
        Path("bin", program).write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >> {tmp_path}/words\n{body}")
        Path("bin", program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    chart = Path("in", step)
    (chart / "templates").mkdir(parents=True)
    about = f"apiVersion: v2\nname: {json.dumps(text)}\nversion: {json.dumps(text)}\n"
    (chart / "Chart.yaml").write_text(about)
    (chart / "values.yaml").write_text(f"{json.dumps(text)}: {json.dumps(text)}\n")
    (chart / "templates/web.yaml").write_text("{{- if true }}\n" + manifest + "{{- end }}\n")
    needy = Path("in", f"needy{step}")
    needy.mkdir()
    needs = [{"name": text, "repository": f"file://{text}"}, {"name": text, "repository": f"https://{text}"}]
    (needy / "Chart.yaml").write_text(f"{about}dependencies: {json.dumps(needs)}\n")
    for folder, resources in (("k", ["a.yaml"]), ("gone", [text]), ("far", [f"https://{text}/x"])):
        kustomization = Path("in", f"{folder}{step}")
        kustomization.mkdir()
        (kustomization / "kustomization.yaml").write_text(f"resources: {json.dumps(resources)}\nnamePrefix: x\n")
        (kustomization / "a.yaml").write_text(manifest)
    words = ("in", "--render", "--scope", "manifests")
    found = json.loads(every_format(*words)["json"])
    assert [one for one in found["coverage"]["problems"] if "was not rendered" in one["message"]]
    assert not Path("owned").exists()
    assert [one for one in found["findings"] if one["code"] == "RC307"]
    said = Path("words").read_text().splitlines()
    assert "build" in said
    if "template" in said:  # else its Chart.yaml is none that anybody reads
        assert re.fullmatch(r"[a-z0-9.-]+", said[said.index("template") + 1])

CONTEXTS = """#!{python}
import json, sys
words = sys.argv[1:]
with open("words", "a") as log:
    log.write(json.dumps(words) + "\\n")
if words[:1] == ["config"]:
    print({text!r})
    sys.exit(0)
if "/version" in " ".join(words):
    print(json.dumps({{"gitVersion": "v1.30.0"}}))
    sys.exit(0)
sys.stderr.write("error: context was not found for specified context: " + {text!r})
sys.exit(1)
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_contexts_of_clusters_may_have_any_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A context that exists, and one that does not: each is one word of `kubectl`, and steers no output."""
    monkeypatch.chdir(tmp_path)
    text = HOSTILE[name].replace("\0", "")
    Path("bin").mkdir()
    Path("bin/kubectl").write_text(CONTEXTS.format(python=sys.executable, text=text))
    Path("bin/kubectl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    every_format(f"cluster:{text}", "cluster:", code=3)
    for line in Path("words").read_text().splitlines():
        words = json.loads(line)
        assert words[0] in ("get", "config", f"--context={text}")
        assert not [word for word in words if text in word and word != f"--context={text}"]
    code, out, error = quiet("collect", f"cluster:{text}", "-o", "out/c.tar.gz")
    assert code in (2, 3)
    assert not Path("out/c.tar.gz").exists()
    harmless(out)
    harmless(error)
    assert not Path("owned").exists()
