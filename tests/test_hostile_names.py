"""Names and words that mean harm, in every place of an input that has some, through the command and to every output."""

import base64
import json
import shlex
import stat
from pathlib import Path

import pytest

from tests.commons import quiet
from tests.hostile import FORMATS, HOSTILE, harmless


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
