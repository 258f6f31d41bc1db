"""Helm charts: findings at their line and value, dependencies put together, silence before they are rendered."""

import base64
import functools
import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from linter.__main__ import main
from linter.render.templates import line_of

real_helm = pytest.mark.skipif(not shutil.which("helm"), reason="needs helm on the PATH")

WEB = """\
{{- /* Two replicas of the same,
       kind: Nothing */ -}}
{{- range $i := until 2 }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $.Release.Name }}-{{ $i }}
  labels:
    {{- include "shop.labels" $ | nindent 4 }}
spec:
  template:
    spec:
      {{- with $.Values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
      - name: web
        image: "{{ $.Values.image.repository }}:{{ $.Values.image.tag }}"
      - name: other
        image: quay.io/shop/other:2
{{- end }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: one
imagePullSecrets:
- name: {{ .Values.pullSecret }}
- name: "{{ .Values.pullSecret }}"
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: two
imagePullSecrets:
- name: literal
- name: literal
"""
VALUES = """\
image:
  repository: quay.io/shop/web
  tag: "1"
pullSecret: both
imagePullSecrets:
  - name: first
  - name: second
  - name: second
"""
BUILT = """\
---
# Source: shop/templates/web.yaml
apiVersion: v1
kind: ServiceAccount
metadata:
  name: one
imagePullSecrets:
- name: both
- name: "both"
---
# Source: shop/templates/web.yaml
apiVersion: v1
kind: ServiceAccount
metadata:
  name: two
imagePullSecrets:
- name: literal
- name: literal
---
# Source: shop/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop-0
  labels:
    app: web
spec:
  template:
    spec:
      imagePullSecrets:
        - name: first
        - name: second
        - name: second
      containers:
      - name: web
        image: "quay.io/shop/web:1"
      - name: other
        image: quay.io/shop/other:2
---
# Source: shop/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop-1
  labels:
    app: web
spec:
  template:
    spec:
      imagePullSecrets:
        - name: first
        - name: second
        - name: second
      containers:
      - name: web
        image: "quay.io/shop/web:1"
      - name: other
        image: quay.io/shop/other:2
"""
CHART = {
    "shop/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
    "shop/values.yaml": VALUES,
    "shop/templates/_helpers.tpl": '{{- define "shop.labels" -}}\napp: web\n{{- end -}}\n',
    "shop/templates/web.yaml": WEB,
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a test, which is the working directory."""
    (tmp_path / "tree").mkdir()
    monkeypatch.chdir(tmp_path / "tree")
    return tmp_path / "tree"


@pytest.fixture
def printed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A helm that prints what the real one does for the chart of these tests."""
    program = folder.parent / "bin" / "helm"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ncat <<'EOF'\n{BUILT}EOF\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")


def _write(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _check(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    main(["check", *words, "--format", "json"])
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def _places(result: Mapping[str, Any], code: str = "RC307") -> list[tuple[str, str, int]]:
    found = [one for one in result["findings"] if one["code"] == code]
    return sorted((one["object"]["name"], one["location"]["path"], one["location"]["line"]) for one in found)


def _values(result: Mapping[str, Any], name: str) -> list[tuple[str, str, int]]:
    found = next(one for one in result["findings"] if one["code"] == "RC307" and one["object"]["name"] == name)
    related = [one for one in found["related"] if one["message"].startswith("the value of ")]
    return [(one["message"][13:], one["location"]["path"], one["location"]["line"]) for one in related]


def _judged(capsys: pytest.CaptureFixture[str]) -> None:
    _write(CHART)
    result = _check(capsys, "shop", "--render")
    path = "shop/templates/web.yaml"
    assert _places(result) == [("one", path, 31), ("shop-0", path, 15), ("shop-1", path, 15), ("two", path, 39)]
    assert _values(result, "one") == [(".Values.pullSecret", "shop/values.yaml", 4)]
    assert _values(result, "shop-0") == [(".Values.imagePullSecrets", "shop/values.yaml", 6)]
    one = next(found for found in result["findings"] if found["object"]["name"] == "one")
    assert "Change .Values.pullSecret in shop/values.yaml:4, and build again." in one["remedy"]
    assert [line["text"] for line in one["location"]["excerpt"]] == ['- name: "{{ .Values.pullSecret }}"']
    two = next(found for found in result["findings"] if found["object"]["name"] == "two")
    assert "Change shop/templates/web.yaml or the chart's values" in two["remedy"]


@pytest.mark.usefixtures("printed")
def test_a_finding_points_at_the_line_of_the_template_and_at_the_value(capsys: pytest.CaptureFixture[str]) -> None:
    _judged(capsys)


@real_helm
def test_the_real_helm_gives_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    _judged(capsys)
    made = subprocess.run(["helm", "template", "shop", "shop"], check=True, capture_output=True, text=True).stdout
    assert made == BUILT


@pytest.mark.usefixtures("printed")
def test_values_that_are_given_go_before_those_of_the_chart(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    _write(CHART)
    _write({"shop/values.yaml": "pullSecret: other\n", "../outside.yaml": "a: 1\npullSecret: both\n"})
    result = _check(capsys, "shop", "--render", "--values", "../outside.yaml")
    assert _values(result, "one") == [(".Values.pullSecret", "../outside.yaml", 2)]


@pytest.mark.usefixtures("printed")
def test_what_could_not_be_judged_points_at_the_template_too(capsys: pytest.CaptureFixture[str]) -> None:
    _write(CHART)
    withheld = _check(capsys, "shop", "--render")["coverage"]["not_evaluated"]
    places = {(one["object"]["name"], one["location"]["path"], one["location"]["line"]) for one in withheld}
    assert ("two", "shop/templates/web.yaml", 38) in places
    assert not any("(helm template)" in path for _, path, _ in places)


@pytest.mark.usefixtures("printed")
def test_a_comment_in_a_template_accepts_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    accepted = "- name: literal\n- name: literal  # regcred: ignore[duplicate-link] both are meant\n"
    _write(CHART | {"shop/templates/web.yaml": WEB.replace("- name: literal\n- name: literal\n", accepted)})
    result = _check(capsys, "shop", "--render")
    assert "two" not in [name for name, _, _ in _places(result)]
    assert [one["reason"] for one in result["suppressed"]] == ["both are meant"]


@pytest.mark.usefixtures("printed")
def test_a_credential_in_a_template_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    line = "- name: literal  # password: hunter2-hunter2\n"
    _write(CHART | {"shop/templates/web.yaml": WEB.replace("- name: literal\n", line)})
    result = _check(capsys, "shop", "--render")
    assert ("two", "shop/templates/web.yaml", 39) in _places(result)
    assert "hunter2" not in json.dumps(result)


_KEYS = st.text("abcxyz", min_size=1, max_size=3)
_TREES = st.recursive(
    st.sampled_from(["x", "y", "quay.io/a/b:1", "- x", "a: b"]) | st.integers(0, 3),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(_KEYS, inner, min_size=1, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(_KEYS, _TREES, min_size=1, max_size=4), st.booleans())
def test_a_template_without_actions_is_its_own_source(tree: dict[str, Any], indented: bool) -> None:
    text = yaml.safe_dump(tree, width=10_000, sort_keys=False)
    if indented:
        text = json.dumps(tree, indent=2)
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            found = line_of(text, text, number)
            assert found in (0, number) or _holds(text.split("\n")[found - 1], line)


@given(st.dictionaries(_KEYS, _TREES, min_size=1, max_size=4), st.data())
def test_a_line_that_an_action_fills_in_is_found_or_its_holder_is(tree: dict[str, Any], data: st.DataObject) -> None:
    lines = yaml.safe_dump(tree, width=10_000, sort_keys=False).split("\n")
    filled = [number for number, line in enumerate(lines, 1) if ": " in line and not line.lstrip().startswith("-")]
    if not filled:
        return
    number = data.draw(st.sampled_from(filled))
    line = lines[number - 1]
    template = [*lines]
    template[number - 1] = f"{line[: line.index(': ')]}: {{{{ .Values.x }}}}"
    found = line_of("\n".join(template), "\n".join(lines), number)
    assert found in (0, number) or _holds(lines[found - 1], line)


@pytest.mark.parametrize(("line", "found"), [(3, 3), (5, 5)])
def test_of_items_alike_each_line_is_found_in_its_own(line: int, found: int) -> None:
    """The value that is written out in one of them is no sign that a line comes from there."""
    built = "a:\n- name: x\n  key: y\n- name: x\n  key: y\n"
    assert line_of(built.replace("key: y", "key: {{ .Values.key }}", 1), built, line) == found


def _holds(outer: str, line: str) -> bool:
    """Whether a line can be what another one stands below."""
    indent, own = (len(one) - len(one.lstrip()) for one in (outer, line))
    return indent < own or (indent == own and line.lstrip().startswith("- ") and not outer.lstrip().startswith("- "))


DEPENDENT = {
    "app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 0.1.0\ndependencies:\n- name: lib\n  version: 0.1.0\n"
    "  repository: file://../libs/lib\n  alias: named\n",
    "app/values.yaml": "named:\n  secret: given\n",
    "libs/lib/Chart.yaml": "apiVersion: v2\nname: lib\nversion: 0.1.0\ndependencies:\n- name: deep\n"
    "  version: 0.1.0\n  repository: file://../deep\n",
    "libs/lib/values.yaml": "secret: own\n",
    "libs/lib/templates/p.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: lib}\nimagePullSecrets:\n"
    "- name: {{ .Values.secret }}\n- name: {{ .Values.secret }}\n",
    "libs/deep/Chart.yaml": "apiVersion: v2\nname: deep\nversion: 0.1.0\n",
    "libs/deep/values.yaml": "secret: deeper\n",
    "libs/deep/templates/p.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: deep}\nimagePullSecrets:\n"
    "- name: {{ .Values.secret }}\n- name: {{ .Values.secret }}\n",
}


def _state() -> dict[str, tuple[bytes, int]]:
    return {str(one): (one.read_bytes(), one.stat().st_mtime_ns) for one in Path().rglob("*") if one.is_file()}


@real_helm
def test_charts_beside_it_are_put_together_in_a_copy(capsys: pytest.CaptureFixture[str]) -> None:
    _write(DEPENDENT)
    before = _state()
    result = _check(capsys, ".", "--render")
    assert _state() == before
    assert not result["coverage"]["problems"]
    assert _places(result) == [("deep", "libs/deep/templates/p.yaml", 6), ("lib", "libs/lib/templates/p.yaml", 6)]
    assert _values(result, "lib") == [(".Values.secret", "app/values.yaml", 2)]
    assert _values(result, "deep") == [(".Values.secret", "libs/deep/values.yaml", 1)]


@pytest.fixture
def repository(folder: Path) -> Iterator[str]:
    """A repository of charts on this machine, with the chart `packed` in it; its address."""
    home = folder.parent / "repository"
    _write(
        {
            "../packed/Chart.yaml": "apiVersion: v2\nname: packed\nversion: 1.0.0\n",
            "../packed/templates/a.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: packed}\n"
            "imagePullSecrets: [{name: a}, {name: a}]\n",
        }
    )
    subprocess.run(["helm", "package", "../packed", "-d", home], check=True, capture_output=True)
    handler = functools.partial(_Quiet, directory=str(home))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    subprocess.run(["helm", "repo", "index", home, "--url", address], check=True, capture_output=True)
    yield address
    server.shutdown()
    thread.join()
    server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    login = ""

    def do_GET(self) -> None:
        if self.login and self.headers.get("Authorization") != self.login:
            self.send_error(401)
            return
        super().do_GET()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


PASSWORD = "chart-pass-5512"


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch, folder: Path, repository: str) -> Path:
    """The repository asks for a login, and the user's helm has it; its configuration's folder."""
    monkeypatch.setattr(_Quiet, "login", "Basic " + base64.b64encode(f"robot:{PASSWORD}".encode()).decode())
    home = folder.parent / "helm"
    home.mkdir()
    entry = {"name": "ours", "url": f"{repository}/", "username": "robot", "password": PASSWORD}
    (home / "repositories.yaml").write_text(json.dumps({"apiVersion": "", "repositories": [entry]}))
    monkeypatch.setenv("HELM_CONFIG_HOME", str(home))
    return home


@real_helm
@pytest.mark.parametrize("locked", [False, True])
@pytest.mark.parametrize("called", ["by address", "by name"])
def test_charts_are_fetched_with_the_logins_that_helm_has(
    repository: str, login: Path, called: str, locked: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    where = repository if called == "by address" else '"@ours"'
    needs = f"dependencies:\n- name: packed\n  version: 1.0.0\n  repository: {where}\n"
    _write({"app/Chart.yaml": f"apiVersion: v2\nname: app\nversion: 0.1.0\n{needs}"})
    if locked:
        subprocess.run(["helm", "dependency", "update", "app"], check=True, capture_output=True)
        shutil.rmtree("app/charts")
    before, files = _state(), sorted(login.rglob("*"))
    assert main(["check", ".", "--render", "--render-remote", "--format", "json"]) in (0, 1)
    said = capsys.readouterr()
    assert not json.loads(said.out)["coverage"]["problems"]
    assert _places(json.loads(said.out)) == [("packed", "app/Chart.yaml", 5)]
    assert PASSWORD not in said.out + said.err
    assert (_state(), sorted(login.rglob("*"))) == (before, files)
    (login / "repositories.yaml").unlink()
    (problem,) = _check(capsys, ".", "--render", "--render-remote")["coverage"]["problems"]
    assert problem["message"].startswith("could not be rendered")


@real_helm
@pytest.mark.parametrize("locked", [False, True])
def test_charts_elsewhere_are_fetched_when_that_is_allowed(
    repository: str, locked: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    needs = f"dependencies:\n- name: packed\n  version: 1.0.0\n  repository: {repository}\n"
    _write({"app/Chart.yaml": f"apiVersion: v2\nname: app\nversion: 0.1.0\n{needs}"})
    if locked:
        subprocess.run(["helm", "dependency", "update", "app"], check=True, capture_output=True)
        shutil.rmtree("app/charts")
        assert Path("app/Chart.lock").exists()
    before = _state()
    result = _check(capsys, ".", "--render", "--render-remote")
    assert _state() == before
    assert _places(result) == [("packed", "app/Chart.yaml", 5)]
    (problem,) = _check(capsys, ".", "--render")["coverage"]["problems"]
    assert problem["message"] == "was not rendered, because it needs what is not in its charts: packed"
    assert "--render-remote" in problem["remedy"]


def test_a_chart_that_is_not_where_it_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    _write({name: text for name, text in DEPENDENT.items() if not name.startswith("libs/lib")})
    problems = _check(capsys, "app", "--render")["coverage"]["problems"]
    assert [one["message"] for one in problems] == [
        "was not rendered, because it names what does not exist here: file://../libs/lib"
    ]


def test_what_is_in_an_archive_is_not_built_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    _write(CHART)
    shutil.make_archive("packed", "gztar", ".", "shop")
    result = _check(capsys, "packed.tar.gz", "--render")
    assert [(one["path"], one["remedy"]) for one in result["coverage"]["problems"]] == [
        ("packed.tar.gz", "unpack it, and name the folder")
    ]


STATIC = """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: here}
imagePullSecrets: [{name: reg}]
---
apiVersion: v1
kind: Secret
metadata: {name: other}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {serviceAccountName: runner, containers: [{name: a, image: quay.io/a/b:1}]}}}
"""
MAKERS = [
    "kind: Secret\nmetadata:\n  name: reg\n",
    "kind: Secret\nmetadata:\n  name: {{ .Release.Name }}eg\n",
    'kind: ExternalSecret\nmetadata:\n  name: {{ include "x.name" . }}\n',
]
TWINS = ["kind: Secret\nmetadata:\n  name: {{ .Release.Name }}-else\n", "kind: ConfigMap\nmetadata:\n  name: reg\n"]


@pytest.mark.parametrize("maker", MAKERS)
def test_what_a_template_may_make_is_not_missing(maker: str, capsys: pytest.CaptureFixture[str]) -> None:
    _write({"a.yaml": STATIC, "b.yaml": f"{{{{- if .Values.x }}}}\napiVersion: v1\n{maker}{{{{- end }}}}\n"})
    result = _check(capsys, ".")
    assert "RC303" not in [one["code"] for one in result["findings"]]
    assert "templated" in [one["reason"] for one in result["coverage"]["not_evaluated"] if one["object"]]


@pytest.mark.parametrize("maker", TWINS)
def test_what_no_template_can_make_is_missing_all_the_same(maker: str, capsys: pytest.CaptureFixture[str]) -> None:
    _write({"a.yaml": STATIC, "b.yaml": f"{{{{- if .Values.x }}}}\napiVersion: v1\n{maker}{{{{- end }}}}\n"})
    assert "RC303" in [one["code"] for one in _check(capsys, ".")["findings"]]


def test_what_a_broken_file_may_hold_is_not_missing(capsys: pytest.CaptureFixture[str]) -> None:
    broken = "apiVersion: v1\nkind: {}\nmetadata:\n  name: {}\n   more: x\n"
    _write({"a.yaml": STATIC, "b.yaml": broken.format("Secret", "reg"), "c.yaml": broken.format("ServiceAccount", "x")})
    codes = [one["code"] for one in _check(capsys, ".")["findings"]]
    assert "RC303" not in codes
    assert "RC308" in codes
    _write({"c.yaml": broken.format("ServiceAccount", "runner")})
    assert "RC308" not in [one["code"] for one in _check(capsys, ".")["findings"]]


SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: reg}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}'}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: here}
"""


@pytest.mark.parametrize(
    ("listed", "linked"),
    [
        ("imagePullSecrets:\n- name: {{ .Values.name }}\n", True),
        ("imagePullSecrets:\n- name: {{ .Release.Name }}g\n", True),
        ("imagePullSecrets:\n  {{- toYaml .Values.secrets | nindent 2 }}\n", True),
        ("imagePullSecrets: {{ .Values.secrets | toJson }}\n", True),
        ("imagePullSecrets: {{ pull_secrets | to_nice_yaml }}\n", True),
        ('imagePullSecrets: {{ include "x.secrets" . }}\n', True),
        ('{{- template "x.secrets" . }}\nimagePullSecrets: {{ template "x.secrets" . }}\n', True),
        ("imagePullSecrets:\n{% for one in secrets %}\n- name: {{ one }}\n{% endfor %}\n", True),
        ("imagePullSecrets:\n  {{- range .Values.secrets }}{{ . }}{{ end }}\n", True),
        ("pullSecretRef:\n  name: ${PULL_SECRET}\n", True),
        ("imagePullSecrets:\n${PULL_SECRETS}\n- name: a\n", False),
        ('"imagePullSecrets" : [{"name" : "{{ .Values.name }}"}]\n', True),
        ("imagePullSecrets:\n- name: {{ .Values.name }}-other\n", False),
        ("automount: {{ .Values.x }}\n", False),
    ],
)
def test_a_secret_that_a_template_may_list_is_not_called_unlinked(
    listed: str, linked: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    account = f"apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: a}}\n{listed}"
    _write({"a.yaml": SECRET, "b.yaml": f"{{{{- if .Values.x }}}}\n{account}{{{{ end }}}}\n"})
    assert ("RC301" in [one["code"] for one in _check(capsys, ".")["findings"]]) is not linked


def test_a_template_of_a_chart_is_skipped_even_where_it_is_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: a}}\n"
    link = f"{account}imagePullSecrets: [{{{{name: {{0}}}}}}, {{{{name: {{0}}}}}}]\n"
    _write(CHART | {"shop/templates/filled.yaml": link.format('"{{ .Values.x }}"')})
    _write({"shop/templates/static.yaml": link.format("x"), "plain/filled.yaml": link.format('"{{ .Values.x }}"')})
    result = _check(capsys, ".")
    assert sorted(path for _, path, _ in _places(result)) == ["plain/filled.yaml", "shop/templates/static.yaml"]
    (note,) = (one for one in result["coverage"]["not_evaluated"] if one["location"]["path"] == "shop/Chart.yaml")
    assert note["message"].startswith("2 templates of a Helm chart, skipped")
