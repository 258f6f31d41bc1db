"""Rules of a project: the worked examples of the documentation, their mistakes, and settings for some files only."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from linter import registry
from linter.__main__ import main

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "custom-rules.md").read_text()
EXAMPLES: dict[str, dict[str, str]] = {}
for _match in re.finditer(r"<!-- example: (\S+) (\S+) -->\n```\w*\n(.*?)```", PAGE, re.DOTALL):
    EXAMPLES.setdefault(_match[1], {})[_match[2]] = _match[3]

ACCOUNT = (
    "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default, namespace: team}\n"
    "imagePullSecrets: [{name: gone}]\n"
)
SECRET = (
    "apiVersion: v1\nkind: Secret\nmetadata: {name: known, namespace: team}\ntype: kubernetes.io/dockerconfigjson\n"
    'stringData: {.dockerconfigjson: \'{"auths": {"quay.io": {"username": "robot", "password": "hunter2"}}}\'}\n'
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


def put(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(list(words))
    output = capsys.readouterr()
    return code, output.out, output.err


def judged(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    _, out, err = run(capsys, "check", *words, "--format", "json")
    assert out, err
    return json.loads(out)


def told(result: Any) -> list[str]:
    return [
        f"{one['location']['path']}:{one['location']['line']}:{one['location']['column']} "
        f"{one['severity']} {one['code']} {one['name']}"
        for one in result["findings"]
    ]


@pytest.mark.parametrize("name", ["declared", "python"])
def test_the_worked_examples_of_the_page(name: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(place, {path: text for path, text in EXAMPLES[name].items() if path != "findings"})
    result = judged(capsys, "manifests.yaml", "--select", "custom")
    assert told(result) == EXAMPLES[name]["findings"].splitlines()
    assert "pass" not in json.dumps(result["findings"]).replace("password", "")


def test_there_are_two_worked_examples() -> None:
    assert {"declared", "python"} <= {name for name, files in EXAMPLES.items() if "findings" in files}


@pytest.fixture
def both(place: Path) -> Path:
    rules = EXAMPLES["declared"][".regcred.yaml"] + EXAMPLES["python"][".regcred.yaml"].removeprefix("rules:\n")
    manifests = "---\n".join(EXAMPLES[name]["manifests.yaml"] for name in ("declared", "python"))
    put(place, {**EXAMPLES["python"], ".regcred.yaml": rules, "manifests.yaml": manifests})
    return place


def test_they_run_beside_the_built_in_rules(both: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = {one["name"] for one in judged(capsys, "manifests.yaml")["findings"]}
    assert {"robots-only", "explicit-pull-secret", "shared-default-account"} <= names
    assert names - {"robots-only", "explicit-pull-secret", "shared-default-account"}


def test_they_are_listed_explained_selected_and_ignored(both: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "X001  shared-default-account" in run(capsys, "rules", "custom")[1]
    assert "every pod shares" in run(capsys, "explain", "X001")[1]
    assert "additionalProperties" in run(capsys, "explain", "robots-only")[1]
    assert {one["code"] for one in judged(capsys, "manifests.yaml", "--select", "X0")["findings"]} == {"X001", "X010"}
    assert "X001" not in {one["code"] for one in judged(capsys, "manifests.yaml", "--ignore", "X001")["findings"]}
    assert "did you mean robots-only?" in run(capsys, "explain", "robot-only")[2]


def test_they_are_suppressed_and_kept_in_baselines(both: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (both / "manifests.yaml").read_text()
    mark = "kind: Secret  # regcred: ignore[robots-only] on its way"
    (both / "manifests.yaml").write_text(text.replace("kind: Secret", mark))
    assert [one["reason"] for one in judged(capsys, "manifests.yaml")["suppressed"]] == ["on its way"]
    assert run(capsys, "baseline", "manifests.yaml", "-o", "known")[0] == 0
    assert not judged(capsys, "manifests.yaml", "--baseline", "known")["findings"]


def test_every_report_knows_them(both: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for form in registry.report_names():
        code, out, err = run(capsys, "check", "manifests.yaml", "--select", "custom", "--format", form)
        assert (code, err) == (1, "")
        assert "shared-default-account" in out or "X001" in out


def test_a_code_follows_the_name_and_not_the_place(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = "- {name: first, message: m, match: {kind: Pod}, assert: {object: true}}\n"
    two = "- {name: second, message: m, match: {kind: Pod}, assert: {object: true}}\n"
    seen = []
    for rules in (one + two, two + one, two):
        put(place, {".regcred.yaml": f"rules:\n{rules}"})
        found = json.loads(run(capsys, "rules", "custom", "--format", "json")[1])
        seen.append({rule["name"]: rule["code"] for rule in found})
    assert seen[0] == seen[1]
    assert seen[2]["second"] == seen[0]["second"]
    assert all(re.match(r"^X\d{3}$", code) for code in seen[0].values())


def test_what_breaks_a_schema_is_named_and_its_value_is_not(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = (
        "rules:\n- name: short\n  message: m\n  assert:\n    payload:\n      properties:\n        auths:\n"
        "          additionalProperties:\n            properties: {password: {maxLength: 3}}\n"
        "            required: [email]\n"
        "- name: plain\n  message: m\n  match: {kind: [Pod, Secret]}\n  assert:\n    object:\n      properties:\n"
        "        stringData: {additionalProperties: {const: x}}\n"
        "        spec: {properties: {containers: {items: {properties: {env: {$ref: '#/$defs/env'}}}}}}\n"
        "      $defs: {env: {items: {properties: {value: {const: x}}}}}\n"
    )
    pod = (
        "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: team}\nspec:\n  containers:\n  - name: c\n"
        "    image: quay.io/a/b\n    env:\n    - name: SESAME\n      value: hunter2\n"
    )
    put(place, {".regcred.yaml": rule, "a.yaml": SECRET + pod})
    details = [one["detail"] for one in judged(capsys, "a.yaml", "--select", "custom")["findings"]]
    assert "/auths/quay.io/password does not satisfy `maxLength`, which short asks for." in details
    assert "/auths/quay.io does not satisfy `required`: without email, which short asks for." in details
    assert any(detail.startswith("/spec/containers/0/env/0/value does not") for detail in details)
    for form in registry.report_names():
        out = run(capsys, "check", "a.yaml", "--select", "custom", "--format", form, "--verbose")[1]
        assert "hunter2" not in out
        if form in ("text", "json", "sarif", "html", "markdown", "github", "junit"):  # the others carry no details
            assert "maxLength" in out, form


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{name: a, message: m, assert: {object: {}}}", "match.kind"),
        ("{name: a, message: m, match: {kind: ConfigMap}, assert: {object: {}}}", "does not read objects of kind"),
        ("{name: a, message: m, match: {kind: Deploymnt}, assert: {object: {}}}", "did you mean 'Deployment'?"),
        ("{name: a, message: m, match: {kind: Pod}, assert: {payload: {}}}", "only a Secret"),
        ("{name: a, message: m, match: {kind: Pod}, assert: {object: {type: thing}}}", "the schema of a is none"),
        ("{name: duplicate-key, message: m, match: {kind: Pod}, assert: {object: {}}}", "RC201 duplicate-key would"),
        ("{name: links, message: m, match: {kind: Pod}, assert: {object: {}}}", "would be one"),
        ("{name: A B, message: m, assert: {payload: {}}}", "rules.0.name"),
        ("{name: a, message: m, assert: {}}", "rules.0.assert"),
        ("{name: a, message: m, assert: {payload: {}, object: {}}}", "rules.0.assert"),
        ("{name: a, message: m, asert: {payload: {}}}", "did you mean 'assert'?"),
        ("{name: a, message: m, code: RC999, assert: {payload: {}}}", "X and three digits"),
        ("{path: nowhere}", "nowhere cannot be read"),
        ("{pth: my_rules}", "did you mean 'path'?"),
    ],
)
def test_mistakes_in_the_settings(rule: str, said: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(place, {".regcred.yaml": f"rules:\n- {rule}\n", "a.yaml": ACCOUNT})
    code, out, err = run(capsys, "check", "a.yaml")
    assert (code, out) == (2, "")
    assert ".regcred.yaml" in err
    assert said in err


def test_a_reference_out_of_the_schema_is_not_fetched(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = '- {name: a, message: m, match: {kind: ServiceAccount}, assert: {object: {$ref: "http://127.0.0.1:9/x"}}}'
    put(place, {".regcred.yaml": f"rules:\n{rule}\n", "a.yaml": ACCOUNT})
    code, _, err = run(capsys, "check", "a.yaml")
    assert code == 2
    assert "which is not in it" in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n", "it has no RULE"),
        ("def broken(:\n", "SyntaxError"),
        ("import does_not_exist_at_all\n", "ModuleNotFoundError"),
        (
            "from linter.rule import Rule, Severity\nRULE = Rule('RC999', Severity.INFO, lambda context: iter(()))\n",
            "X001 to X999",
        ),
    ],
)
def test_mistakes_in_a_rule_file(text: str, said: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(place, {".regcred.yaml": "rules: [{path: mine}]\n", "mine/some_rule.py": text, "a.yaml": ACCOUNT})
    code, out, err = run(capsys, "check", "a.yaml")
    assert (code, out) == (2, "")
    assert "mine/some_rule.py" in err
    assert said in err


def test_rule_files_are_found_beside_the_settings(both: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "linter", "rules", "custom", "--config", str(both / ".regcred.yaml")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "shared-default-account" in done.stdout, done.stderr


def test_overrides(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(place, {".regcred.yaml": EXAMPLES["overrides"][".regcred.yaml"], "known.yaml": SECRET})
    for name in ("dev", "prod", "test"):
        put(place, {f"{name}/a.yaml": ACCOUNT.replace("name: default", f"name: {name}")})
    result = judged(capsys, ".", "--select", "missing-pull-secret")
    severities = {one["location"]["path"]: one["severity"] for one in result["findings"]}
    assert severities.keys() == {"prod/a.yaml", "test/a.yaml"}
    assert severities["prod/a.yaml"] == "error"
    assert severities["test/a.yaml"] == "warning"
    assert [(one["finding"]["location"]["path"], one["by"], one["reason"]) for one in result["suppressed"]] == [
        ("dev/a.yaml", "configuration", "the development cluster makes them")
    ]


def test_of_several_overrides_the_last_one_counts(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = "overrides:\n- {path: '*', severities: {RC3: error}}\n"
    config += "- {path: a.yaml, severities: {RC303: info, links: error}}\n"
    put(place, {".regcred.yaml": config, "a.yaml": SECRET + "---\n" + ACCOUNT})
    assert {one["severity"] for one in judged(capsys, "a.yaml", "--select", "RC303")["findings"]} == {"info"}


@pytest.mark.parametrize(
    "config",
    [
        "overrides:\n- {path: a.yaml, ignore: [duplicate-keys]}\n",
        "overrides:\n- {path: a.yaml, severities: {duplicate-keys: info}}\n",
        "severities: {duplicate-keys: info}\n",
    ],
)
def test_a_rule_that_does_not_exist(config: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(place, {".regcred.yaml": config, "a.yaml": ACCOUNT})
    code, _, err = run(capsys, "check", "a.yaml")
    assert code == 2
    assert "did you mean duplicate-key?" in err
