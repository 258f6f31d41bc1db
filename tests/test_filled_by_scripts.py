"""A value that a script fills in before it is applied is not judged; what it does to another file is nothing."""

import json
import time
from pathlib import Path

import pytest

from tests.commons import calls, quiet

_SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: regcred, namespace: prod}
type: kubernetes.io/dockerconfigjson
%s:
  .dockerconfigjson: '%s'
"""
_OTHER = "apiVersion: v1\nkind: Secret\nmetadata: {name: other, namespace: prod}\nstringData: {a: b}\n"
_ENTRY = '{"auths":{"ghcr.io":{"auth":"${AUTH}"}}}'


def _said(folder: Path, files: dict[str, str], value: str, field: str = "data") -> tuple[list[str], str]:
    """The codes of what the check said, and what it could not judge."""
    for name, text in {"k8s/secret.yaml": _SECRET % (field, value), **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    _, out, _ = quiet("check", str(folder), "--fail-on", "never", "--format", "json", "--select", "RC115")
    report = json.loads(out)
    return [one["code"] for one in report["findings"]], " ".join(
        one["message"] for one in report["coverage"]["not_evaluated"]
    )


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("deploy.sh", "envsubst < k8s/secret.yaml | kubectl apply -f -"),
        ("k8s/deploy.sh", "envsubst <./secret.yaml >out.yaml"),
        ("k8s/Makefile", "deploy:\n\tcat secret.yaml | envsubst | oc apply -f -"),
        ("ci/deploy.sh", 'cat "$ROOT/k8s/secret.yaml" |\n  envsubst |\n  kubectl apply -f -'),
        ("ci/deploy.sh", "envsubst \\\n  < ../k8s/secret.yaml"),
        ("ci/deploy.sh", "cd ../k8s && envsubst < secret.yaml"),
        (".github/workflows/a.yml", "jobs: {a: {steps: [{run: envsubst < k8s/secret.yaml}]}}"),
        (".gitlab-ci.yml", "a:\n  script: |\n    envsubst < k8s/secret.yaml"),
        ("README.md", "    sed 's|${CONFIG}|'$C'|' k8s/secret.yaml"),
        ("deploy.sh", "sed -i \"s/\\${CONFIG}/$C/g\" k8s/secret.yaml"),
        ("deploy.sh", 'sed -i "s/\\$CONFIG/$C/g" k8s/*.yaml'),
        ("deploy.sh", 'for f in k8s/*.yaml; do\n  envsubst < "$f" | kubectl apply -f -\ndone'),
        ("deploy.sh", "for f in k8s/*.yaml k8s/*.yml; do cat $f | envsubst | kubectl apply -f -; done"),
        ("deploy.sh", "FILE=k8s/secret.yaml\nenvsubst < $FILE"),
        ("deploy.sh", 'fill() { envsubst < "$1" | kubectl apply -f -; }\nfill k8s/secret.yaml'),
        ("deploy.sh", "cd k8s\nfor f in *.yaml; do envsubst < $f; done"),
        ("deploy.sh", "find k8s -name '*.yaml' -exec sh -c 'envsubst < {}' \\;"),
        ("deploy.sh", "kustomize build k8s | envsubst | kubectl apply -f -"),
        ("deploy.sh", "kubectl kustomize k8s | envsubst | kubectl apply -f -"),
        ("deploy.sh", "envsubst '$CONFIG $TAG' < k8s/secret.yaml"),
        ("Makefile", "a:\n\tcat k8s/secret.yaml | envsubst '$${CONFIG}' | kubectl apply -f -"),
        ("deploy.sh", "yq -i '.data[\".dockerconfigjson\"] = strenv(C)' k8s/secret.yaml"),
        ("deploy.sh", "yq e '.data.\".dockerconfigjson\" |= env(C)' k8s/secret.yaml"),
        ("deploy.sh", "yq w -i k8s/secret.yaml 'data[.dockerconfigjson]' $C"),
        ("deploy.sh", "sed -i 's|.dockerconfigjson: .*|.dockerconfigjson: '$C'|' k8s/secret.yaml"),
        ("deploy.sh", "kubectl create secret docker-registry a --dry-run=client -o yaml > k8s/secret.yaml"),
        ("deploy.sh", "cat > k8s/secret.yaml <<EOF\nkind: Secret\nEOF"),
        ("deploy.ps1", "(Get-Content k8s\\secret.yaml) -replace '${CONFIG}', $c | kubectl apply -f -"),
        ("deploy.sh", "perl -pi -e 's/\\$\\{CONFIG\\}/$ENV{C}/g' k8s/secret.yaml"),
    ],
)
def test_a_value_that_a_script_fills_in_is_listed_under_coverage(tmp_path: Path, name: str, line: str) -> None:
    assert _said(tmp_path, {}, "${CONFIG}")[0] == ["RC115"]
    found, withheld = _said(tmp_path, {name: f"{line}\n"}, "${CONFIG}")
    assert not found
    assert f"{name} fills in the value before it is applied" in withheld


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("deploy.sh", "envsubst < k8s/deployment.yaml | kubectl apply -f -"),
        ("deploy.sh", "envsubst < k8s/my-secret.yaml"),
        ("deploy.sh", "envsubst < base/secret.yaml"),
        ("deploy.sh", "envsubst < s/secret.yaml"),
        ("deploy.sh", "# envsubst < k8s/secret.yaml"),
        ("deploy.sh", "kubectl apply -f k8s/secret.yaml\nenvsubst < a.yaml"),
        ("deploy.sh", "sed 's/${OTHER}/a/' k8s/secret.yaml"),
        ("deploy.sh", "sed 's/namespace: prod/namespace: test/' k8s/secret.yaml"),
        (".gitlab-ci.yml", "a:\n  script: |\n    # envsubst < k8s/secret.yaml\n    true"),
        ("deploy.sh", "for f in db/*.yaml; do envsubst < $f; done; kubectl apply -f k8s/secret.yaml"),
        ("deploy.sh", "for f in k8s/dep*.yaml; do envsubst < $f; done"),
        ("deploy.sh", "kustomize build db | envsubst | kubectl -n k8s apply -f -"),
        ("deploy.sh", "envsubst '$TAG' < k8s/secret.yaml"),
        ("deploy.sh", "yq '.data[\".dockerconfigjson\"]' k8s/secret.yaml | base64 -d"),
        ("deploy.sh", "yq -o=json '.data' k8s/secret.yaml"),
        ("deploy.sh", "kubectl create secret generic a --from-file=.dockerconfigjson=k8s/secret.yaml -o yaml > a.yaml"),
        ("deploy.sh", "kubectl create secret generic a --from-file '.dockerconfigjson=k8s/secret.yaml' | yq -P"),
        ("deploy.sh", "yq -i '.metadata.namespace = env(N)' k8s/secret.yaml"),
        ("deploy.sh", "kubectl apply -f k8s/secret.yaml >> log.yaml"),
        ("deploy.sh", "kubeseal < k8s/secret.yaml > sealed.yaml"),
        ("README.md", "> k8s/secret.yaml holds the echo of a Secret"),
        ("README.md", "<code>k8s/secret.yaml</code> cat"),
        ("deploy.sh", "diff a >k8s/secret.yaml.bak"),
        ("deploy.sh", "cat <<EOF | kubectl apply -f -\nkind: Secret\nmetadata: {name: other}\nEOF"),
    ],
)
def test_what_fills_in_something_else_excuses_nothing(tmp_path: Path, name: str, line: str) -> None:
    assert _said(tmp_path, {name: f"{line}\n"}, "${CONFIG}")[0] == ["RC115"]


def test_a_mere_name_counts_where_no_other_file_has_it(tmp_path: Path) -> None:
    line = {"ci/deploy.sh": "envsubst < secret.yaml\n"}
    assert not _said(tmp_path, line, "${CONFIG}")[0]
    assert _said(tmp_path, {"db/secret.yaml": _OTHER}, "${CONFIG}")[0] == ["RC115"]
    assert not _said(tmp_path, {"k8s/deploy.sh": "envsubst < secret.yaml\n"}, "${CONFIG}")[0]


def test_a_ci_runs_in_the_folder_that_holds_its_own(tmp_path: Path) -> None:
    secrets = {"k8s/secret.yaml": _OTHER, "secret.yaml": _SECRET % ("data", "${CONFIG}")}
    assert _said(tmp_path, secrets, "")[0] == ["RC115"]
    assert not _said(tmp_path, {**secrets, ".github/workflows/a.yml": "run: envsubst < secret.yaml\n"}, "")[0]


def test_sed_fills_in_the_very_value_that_it_looks_for(tmp_path: Path) -> None:
    line = {"deploy.sh": 'sed "s|DOCKER_CONFIG_JSON_BASE64|$(base64 -w0 a)|" k8s/secret.yaml\n'}
    assert not _said(tmp_path, line, "DOCKER_CONFIG_JSON_BASE64")[0]
    assert _said(tmp_path, {}, "YOUR_DOCKER_CONFIG_JSON_BASE64")[0] == ["RC115"]
    assert _said(tmp_path, {"deploy.sh": "envsubst < k8s/secret.yaml\n"}, "DOCKER_CONFIG_JSON_BASE64")[0] == ["RC115"]


def test_a_variable_within_a_payload_is_filled_in_where_it_is_text(tmp_path: Path) -> None:
    assert _said(tmp_path, {}, _ENTRY, "stringData")[0] == ["RC115"]
    found, withheld = _said(tmp_path, {"deploy.sh": "envsubst < k8s/secret.yaml\n"}, _ENTRY, "stringData")
    assert not found
    assert "deploy.sh" in withheld
    assert not _said(tmp_path, {"deploy.sh": "sed 's/${AUTH}/a/' k8s/secret.yaml\n"}, _ENTRY, "stringData")[0]
    plain = _ENTRY.replace("${AUTH}", "robot$ci")
    assert "deploy.sh" not in _said(tmp_path, {}, plain, "stringData")[1]


def test_a_comment_of_the_file_itself_may_tell(tmp_path: Path) -> None:
    secret = _SECRET % ("data", "${CONFIG}")
    told = {"k8s/secret.yaml": f"# envsubst < secret.yaml | kubectl apply -f -\n{secret}"}
    found, withheld = _said(tmp_path, told, "")
    assert not found
    assert "a comment in the file says that a command fills in the value" in withheld
    assert _said(tmp_path, {"k8s/secret.yaml": f"{secret}  a: envsubst < secret.yaml\n"}, "")[0] == ["RC115"]
    assert _said(tmp_path, {"k8s/secret.yaml": f"# envsubst < a.yaml\n{secret}"}, "")[0] == ["RC115"]


@pytest.mark.parametrize(
    ("value", "field", "line"),
    [
        ("op://vault/reg/config", "stringData", "op inject -i k8s/secret.yaml | kubectl apply -f -"),
        ("ref+vault://reg#/config", "stringData", "vals eval -f k8s/secret.yaml | kubectl apply -f -"),
        ("<REGISTRY_AUTH_JSON>", "data", 'sed "s/<REGISTRY_AUTH_JSON>/$A/" "$TARGET"'),
        ("__REGISTRY_AUTH__", "data", "sed -e s/__REGISTRY_AUTH__/$A/ | kubectl apply -f -"),
    ],
)
def test_other_tools_fill_in_what_is_theirs(tmp_path: Path, value: str, field: str, line: str) -> None:
    assert _said(tmp_path, {}, value, field)[0] == ["RC115"]
    assert not _said(tmp_path, {"deploy.sh": f"{line}\n"}, value, field)[0]
    other = f"{line}\n".replace("k8s/secret.yaml", "a.yaml").replace('"$TARGET"', "a.yaml").replace("__/", "__1/")
    assert _said(tmp_path, {"deploy.sh": other}, value, field)[0] == ["RC115"]


def test_a_placeholder_of_many_is_filled_in_only_where_its_file_is_named(tmp_path: Path) -> None:
    assert _said(tmp_path, {"deploy.sh": 'sed -i "s/changeme/$C/" "$TARGET"\n'}, "changeme")[0] == ["RC115"]
    assert not _said(tmp_path, {"deploy.sh": 'sed -i "s/changeme/$C/" k8s/secret.yaml\n'}, "changeme")[0]


def test_a_step_that_replaces_tokens_fills_in_the_files_that_it_names(tmp_path: Path) -> None:
    step = "steps:\n- task: replacetokens@5\n  inputs:\n    targetFiles: '%s'\n- script: cat k8s/secret.yaml\n"
    name = "azure-pipelines.yml"
    assert _said(tmp_path, {name: step % "db/*.yaml"}, "#{CONFIG}#")[0] == ["RC115"]
    assert not _said(tmp_path, {name: step % "k8s/*.yaml"}, "#{CONFIG}#")[0]
    assert not _said(tmp_path, {name: step % "**/*.yaml"}, "#{CONFIG}#")[0]
    assert _said(tmp_path, {name: step % "**/*.yaml"}, "<CONFIG>")[0] == ["RC115"]


def test_a_real_credential_beside_one_that_is_filled_in_is_told_all_the_same(tmp_path: Path) -> None:
    value = '{"auths":{"ghcr.io":{"auth":"${AUTH}"},"quay.io":{"username":"robot","password":"hunter2-x9"}}}'
    _said(tmp_path, {"deploy.sh": "envsubst < k8s/secret.yaml\n"}, value, "stringData")
    _, out, _ = quiet("check", str(tmp_path), "--fail-on", "never", "--format", "json", "--select", "RC115,RC701")
    assert [one["code"] for one in json.loads(out)["findings"]] == ["RC701"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("kubectl create secret docker-registry a -o yaml > k8s/secret.yaml", ["RC205"]),
        ("yq -i '.data[\".dockerconfigjson\"] = strenv(C)' k8s/secret.yaml", ["RC205"]),
        ("sed -i 's|.dockerconfigjson: .*|.dockerconfigjson: '$C'|' k8s/secret.yaml", ["RC205"]),
        ("envsubst < k8s/secret.yaml", []),
    ],
)
def test_a_config_with_a_dollar_in_its_password_is_judged_though_a_command_writes_it(
    line: str, found: list[str], tmp_path: Path
) -> None:
    value = '{"auths":{"oci://quay.io":{"username":"robot","password":"hunter2$x9"}}}'
    _said(tmp_path, {"deploy.sh": f"{line}\n"}, value, "stringData")
    out = quiet("check", str(tmp_path), "--fail-on", "never", "--format", "json", "--select", "RC205")[1]
    assert [one["code"] for one in json.loads(out)["findings"]] == found


def test_many_scripts_and_many_placeholders_take_time_by_their_length(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"k{number}").mkdir(exist_ok=True)
        (tmp_path / f"k{number}/secret.yaml").write_text(_SECRET % ("data", "changeme"))
    hostile = [
        "sed 's/changeme/x/' $F secret.yaml *.yaml k*/a.yaml\n" * 15_000,
        "envsubst " * 100_000,
        "sed " + "s|s/s#s,s@s:" * 60_000,
        "yq w " * 150_000,
        "kustomize find -k " * 50_000 + "envsubst",
        "for a in " * 100_000 + "envsubst < $a",
        "echo a" + " > secret.yaml" * 50_000,
        "| \t" * 200_000 + "envsubst",
    ]
    for number, text in enumerate(hostile):
        (tmp_path / f"deploy{number}.sh").write_text(text)
    started = time.perf_counter()
    quiet("check", str(tmp_path), "--fail-on", "never", "--select", "RC115")
    assert time.perf_counter() - started < 30


def test_what_a_variable_stands_for_is_found_once(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"s{number}.yaml").write_text(_SECRET % ("data", "changeme"))
    script, names = tmp_path / "deploy.sh", "".join(f"f=x{number}.yaml\n" for number in range(100))
    work = []
    for lines in (1, 2_000):
        script.write_text(names + "envsubst < $f\n" * lines)
        work.append(calls("check", str(tmp_path), "--fail-on", "never", "--select", "RC115"))
    assert work[1] - work[0] < 2_000 * 60


def test_what_is_searched_is_bounded_in_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = {f"{number}.sh": "echo a > b\n" * 100 for number in range(4)}
    scripts["z.sh"] = "envsubst < k8s/secret.yaml\n"
    assert not _said(tmp_path, scripts, "${CONFIG}")[0]
    monkeypatch.setattr("linter.substitutions._MOST_READ", 2_000)
    assert _said(tmp_path, scripts, "${CONFIG}")[0] == ["RC115"]
