"""Names and words that mean harm, in every place of an input that has some, through the command and to every output."""

import base64
import contextlib
import io
import json
import re
import shlex
import stat
import sys
import tarfile
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main
from tests.commons import TWICE

sys.path.insert(0, str(Path(__file__).parent / "reports"))

HOSTILE = {
    "terminal": "\x1b[31mred\x1b]0;t\x07\x9b31m\u202egnp\u2066x",
    "markup": "<img src=x onerror=alert(1)>\"'</script><!--",
    "markdown": "|a|`b` [c](http://d) @team #1 </details>\n\n# e",
    "formula": "=cmd|' /C calc'!A0,\"b\"",
    "workflow": "::error file=a,line=1::b%0A::c ##[error]d",
    "shell": "-n'; touch owned; $(touch owned) `touch owned` \\",
    "lines": "a\r\nb\n---\nkind: Secret\n",
    "path": "../../../etc/x\\y",
    "wide": "é路\u200b",
}
FORMATS = ("text", "json", "sarif", "html", "markdown", "csv", "junit", "github", "gitlab", "prometheus")


def world(folder: Path, text: str) -> None:
    """Write an input in which every word of an author is `text`."""
    word = json.dumps(text)
    entry = {"auth": base64.b64encode(f"{text}:pass".encode("utf-8", "replace")).decode()}
    payload = json.dumps(json.dumps({"auths": {text: entry, "quay.io": entry, "quay.io/": {"auth": "!"}}}))
    body = f"""\
apiVersion: v1
kind: Secret
metadata: {{name: {word}, namespace: {word}, uid: u1, annotations: {{{word}: {word}}}}}
type: kubernetes.io/dockerconfigjson
stringData: {{.dockerconfigjson: {payload}}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: {word}, namespace: {word}, uid: u2, annotations: {{regcred/ignore: {json.dumps("x: " + text)}}}}}
secrets: [{{name: {word}}}]
imagePullSecrets: [{{name: a}}, {{name: a}}, {{name: {json.dumps("no" + text)}}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: {word}, namespace: {word}, uid: u3}}
spec:
  serviceAccountName: {word}
  containers: [{{name: {word}, image: {json.dumps("quay.io/" + text)}}}]
status:
  containerStatuses:
  - {{name: {word}, image: {word}, state: {{waiting: {{reason: ErrImagePull, message: {word}}}}}}}
---
apiVersion: v1
kind: Event
metadata: {{name: {word}, namespace: {word}, uid: u4}}
involvedObject: {{kind: Pod, name: {word}, namespace: {word}}}
reason: Failed
message: {json.dumps("Failed to pull image: unauthorized " + text)}
---
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {{name: {word}, namespace: {word}, uid: u5}}
spec: {{tags: [{{name: {word}, from: {{kind: DockerImage, name: {json.dumps("quay.io/" + text)}}}}}]}}
status: {{tags: [{{tag: {word}, conditions: [{{type: ImportSuccess, status: "False", message: {word}}}]}}]}}
"""
    name = "n" + "".join(sign for sign in text if sign not in "/\0")[:80]
    (folder / name).mkdir(exist_ok=True)
    (folder / name / f"{name}.yaml").write_text(body)
    (folder / name / f"{name}-broken.yaml").write_text(f"kind: Secret\nx: [{word}\n")
    (folder / name / f"{name}.json").write_bytes(b'{"kind": "Secret", ' + word.encode() + b"}")
    (folder / ".regcred.yaml").write_text(
        f"ignore: [{{rule: duplicate-link, path: {word}, reason: {word}}}, {{rule: RC701, reason: {word}}}]\n"
        f"exclude: [{word}]\n"
    )
    (folder / "baseline").write_text(f"{text}\n")


def quiet(*words: str) -> tuple[int, str, str]:
    """Run a command: its exit code, and what it says on standard output and on standard error."""
    out, error = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        try:
            code = main(list(words))
        except SystemExit as left:  # what `argparse` does not understand
            code = int(left.code or 0)
    out.flush()
    return code, out.buffer.getvalue().decode(), error.getvalue()  # type: ignore[attr-defined]


def harmless(written: str, *allowed: str) -> None:
    """Fail where a terminal is steered, or a build service told something."""
    steering = {sign for sign in written if sign != "\n" and unicodedata.category(sign) in ("Cc", "Cf", "Cs")}
    assert steering <= {*allowed}
    assert "##[" not in written


@pytest.fixture(scope="module", params=HOSTILE)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("hostile")
    world(folder, HOSTILE[request.param])
    return folder, HOSTILE[request.param]


@pytest.fixture
def text(place: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(place[0])
    return place[1]


@pytest.mark.usefixtures("text")
@pytest.mark.parametrize("scope", ["cluster", "manifests"])
def test_every_format_holds(scope: str, tmp_path: Path) -> None:
    from test_structure import SKELETONS  # noqa: PLC0415 - beside the reports

    outputs = [f"--format={name}={tmp_path / name}" for name in FORMATS]
    code, out, error = quiet("check", ".", "--scope", scope, "--verbose", *outputs)
    assert code == 1, error
    assert not out
    harmless(error)
    written = {name: (tmp_path / name).read_bytes().decode() for name in FORMATS}
    found = json.loads(written["json"])
    assert len({one["code"] for one in found["findings"]}) > 2
    assert len(found["coverage"]["problems"]) >= 2
    for name, report in written.items():
        harmless(report, *("\u2060" if name == "markdown" else ""))
        SKELETONS[name](report)
    assert written["github"].count("\n::") >= len(found["findings"]) - 1


def test_commands_are_for_a_shell_what_they_say(text: str, tmp_path: Path) -> None:
    """Each word is a word; run by a shell with tools that do nothing, they do nothing else."""
    code, out, _ = quiet("check", ".", "--scope", "cluster", "--format", "json")
    assert code == 1
    commands = [command for one in json.loads(out)["findings"] for command in one.get("commands", ())]
    assert commands or text.startswith("-")
    for command in commands:
        words = shlex.split(command, comments=True)
        assert words
        assert not any(word == text for word in words if text.startswith("-"))
    assert not (tmp_path / "owned").exists()
    assert not Path("owned").exists()


ODD = ("-n", "--all", "-f", "--from-file=/etc/passwd", "--help")
"""Names that are options of the programs that are named in commands; no API server takes them, files hold them."""


@pytest.mark.parametrize("secret", [*ODD, "s"])
@pytest.mark.parametrize("account", [*ODD, "a"])
@pytest.mark.parametrize("openshift", [True, False])
def test_answers_have_no_name_that_is_an_option(
    secret: str, account: str, openshift: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What makes a pull work is told as a change, with commands where every name can only be a name."""
    monkeypatch.chdir(tmp_path)
    entry = {"auth": base64.b64encode(b"user:pass").decode()}
    payloads = {
        secret: ("kubernetes.io/dockerconfigjson", {"auths": {"quay.io": entry}}),
        f"{secret}-broken": ("kubernetes.io/dockerconfigjson", {"auths": {"quay.io": {"auth": "!"}}}),
        f"{secret}-typed": ("Opaque", {"auths": {"gcr.io": entry}}),
        f"{secret}-near": ("kubernetes.io/dockerconfigjson", {"auths": {"https//ghcr.io": entry, "ghcr.oi": entry}}),
    }
    items: list[dict[str, object]] = [
        {
            "kind": "Secret",
            "metadata": {"name": name, "namespace": "x", "uid": f"s{name}"},
            "type": kind,
            "data": {".dockerconfigjson": base64.b64encode(json.dumps(payload).encode()).decode()},
        }
        for name, (kind, payload) in payloads.items()
    ]
    items.append({"kind": "ServiceAccount", "metadata": {"name": account, "namespace": "x", "uid": "a"}})
    listed = ([], [f"{secret}-broken"], [f"{secret}-typed"], [f"{secret}-gone"], [f"{secret}-near"])
    for number, links in enumerate(listed):
        containers = [
            {"name": str(at), "image": f"{host}/a/b:1"} for at, host in enumerate(("quay.io", "gcr.io", "ghcr.io"))
        ]
        spec = {"containers": containers, "imagePullSecrets": [{"name": one} for one in links]}
        for kind, name in (("Pod", f"{account}{number}"), ("Pod", f"{account}lost{number}")):
            who = account if "lost" not in name else f"{account}gone"
            items.append(
                {
                    "kind": kind,
                    "metadata": {"name": name, "namespace": "x", "uid": name},
                    "spec": {**spec, "serviceAccountName": who},
                }
            )
    if openshift:
        items.append(
            {"kind": "ImageStream", "apiVersion": "image.openshift.io/v1", "metadata": {"name": "i", "namespace": "x"}}
        )
    whole = {"kind": "List", "apiVersion": "v1", "items": [{"apiVersion": "v1", **item} for item in items]}
    Path("all.json").write_text(json.dumps(whole))
    code, out, error = quiet("resolve", ".", "--scope", "cluster", "--format", "json")
    assert code == 1, error
    changes = [change for one in json.loads(out)["answers"] for change in one["changes"]]
    assert {change["summary"] for change in changes}
    commands = [command for change in changes for command in change["commands"]]
    assert commands or secret != "s"
    for command in commands:
        words = shlex.split(command)
        assert not {secret, account, f"{secret}-broken", f"{secret}-typed", f"{secret}-near"} & {
            word for word in words[1:] if word.startswith("-") and word not in ("-n", "-f")
        }, command
        assert words.count("-n") <= words.count("kubectl") + words.count("oc"), command


@pytest.mark.usefixtures("text")
def test_what_is_written_stays_inside(tmp_path: Path) -> None:
    before = {*Path.cwd().rglob("*")}
    words = ("check", ".", "--scope", "cluster", "--unsafe-fixes", "--fix-dir", str(tmp_path / "fixes"))
    code, out, error = quiet(*words)
    assert code in (0, 1), error
    harmless(out + error)
    assert {*Path.cwd().rglob("*")} == before
    written = [path for path in (tmp_path / "fixes").rglob("*") if path.is_file()]
    assert written
    assert [path.name for path in tmp_path.iterdir()] == ["fixes"]
    for path in written:
        inside = str(path.relative_to(tmp_path / "fixes"))
        assert inside.isascii()
        assert inside.isprintable()
        assert len(path.name) < 200
        assert not inside.startswith(("-", ".")) or path.name == "README.md"
        harmless(path.read_text().replace("##[", ""))
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 in (0, 0o044)


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


def every_format(*words: str, code: int = 1) -> dict[str, str]:
    """Judge in every format, see that none is steered or broken, and return what was written."""
    from test_structure import SKELETONS  # noqa: PLC0415 - beside the reports

    Path("out").mkdir(exist_ok=True)
    outputs = [f"--format={name}=out/{name}" for name in FORMATS]
    ended, out, error = quiet("check", *words, "--fail-on", "info", "--verbose", *outputs)
    assert ended == code, error
    assert not out
    harmless(error)
    written = {name: Path("out", name).read_bytes().decode() for name in FORMATS}
    for name, report in written.items():
        harmless(report, *("\u2060" if name == "markdown" else ""))
        SKELETONS[name](report)
    return written


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


@pytest.mark.usefixtures("text")
def test_diffs_lists_and_answers_hold() -> None:
    for words in (
        ("check", ".", "--diff", "--unsafe-fixes"),
        ("check", ".", "--baseline", "baseline"),
        ("baseline", ".", "-o", "/dev/null"),
        ("resolve", ".", "--scope", "cluster"),
        ("resolve", ".", "--scope", "cluster", "--format", "json"),
        ("resolve", "quay.io/shop/web:1", ".", "--scope", "cluster"),
    ):
        code, out, error = quiet(*words)
        assert code in (0, 1, 2, 3)
        assert "usage:" not in error
        assert "internal error" not in error
        harmless(out, *("\t" if words[0] == "baseline" else ""))
        harmless(error)


def test_names_on_the_command_line(text: str) -> None:
    word = text.replace("\0", "")
    for words in (
        ("check", f"./{word}"),
        ("check", ".", "--select", word),
        ("check", ".", f"--baseline={word}"),
        ("check", ".", f"--format={word}"),
        ("check", ".", f"--fix-dir=gone/{word}/x"),
        ("resolve", f"quay.io/{word}", ".", "-n", f"x{word}"),
        ("explain", f"x{word}"),
        ("check", f"cluster:{word}"),
        ("trend", f"--history=gone/{word}"),
        (f"x{word}",),
    ):
        code, out, error = quiet(*words)
        assert code in (0, 1, 2, 3), words
        assert "internal error" not in error
        harmless(out)
        harmless(error)
