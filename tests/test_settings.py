"""`.regcred.yaml`: found, checked, and explained when it is wrong."""

import json
from pathlib import Path

import jsonschema
import pytest

from linter import settings
from linter.__main__ import main
from linter.errors import SettingsError

ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default, namespace: team}\n"


def load(tmp_path: Path, text: str) -> settings.Settings:
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    return settings.load(str(path))


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "settings.yaml"))
    return message.removeprefix(str(tmp_path / "settings.yaml"))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(settings.schema())


def test_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "")._replace(source="") == settings.Settings() == load(tmp_path, "{}")._replace(source="")


def test_everything_is_read(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        'select: [RC1]\nignore:\n- links\n- {rule: RC101, reason: why, path: a/, kind: Secret, namespace: n, name: x}\n'
        'severities: {RC102: info}\nopenshift-version: "4.10"\nplatform: openshift\nprivate-registries: [quay.io]\n'
        "expiry-warning-days: 7\nexclude: [old/]\nlimits: {file: 512 MiB, archive: 7}\n"
        "overrides:\n- {path: a, ignore: [RC1], severities: {RC2: error}, reason: r}\n- {path: [b, c]}\n"
        "rules:\n- path: mine\n- {name: x-y, message: m, match: {kind: Pod}, assert: {object: {a: 2020-01-01}}}\n",
    )
    assert found.select == ("RC1",)
    assert found.ignore == ("links",)
    assert found.suppressions == (settings.Ignore("RC101", "why", "a/", "Secret", "n", "x"),)
    assert found.severities == {"RC102": 1}
    assert found.openshift == (4, 10)
    assert found.private_registries == ("quay.io",)
    assert found.expiry_warning_days == 7
    assert found.exclude == ("old/",)
    assert found.limits == {"file": 512 * 2**20, "archive": 7}
    assert found.overrides == (settings.Override(("a",), ("RC1",), {"RC2": 3}, "r"), settings.Override(("b", "c")))
    files, declared = found.custom
    assert files == settings.RuleFiles("mine")
    assert isinstance(declared, settings.DeclaredRule)
    assert (declared.name, declared.about, declared.kinds) == ("x-y", "object", ("Pod",))
    assert json.loads(declared.schema) == {"a": "2020-01-01"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("severity: {}\n", ":1: there is no setting 'severity': did you mean 'severities'?"),
        ("select: []\nprivate_registries: []\n", ":2: there is no setting 'private_registries': did you mean 'priv"),
        ("qqqq: 1\n", ":1: there is no setting 'qqqq'; known are select, ignore,"),
        ("ignore:\n- {rule: a, reson: b, reason: c}\n", ":2: there is no setting 'reson' in ignore.0: did you mean"),
        ("overrides:\n- path: a\n  ignored: []\n", ":3: there is no setting 'ignored' in overrides.0: did you mean 'i"),
        ("4: x\n", "there is no setting '4'"),
    ],
)
def test_an_unknown_key_names_the_nearest(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("select: RC1\n", ":1: select: 'RC1' is not of type 'array'. Rules to run"),
        ("a: &a []\n", "there is no setting 'a'"),
        ("exclude: [a, 3]\n", ":1: exclude.1: 3 is not of type 'string'"),
        ("limits: {file: 1 XB}\n", ":1: limits.file: ••• does not fit. A size is a number with KiB, MiB or GiB"),
        ("private-registries: ['https://x.io/']\n", ":1: private-registries.0: ••• does not fit. A host, as in"),
        ("select: [RC1]\nignore: [RC2]\nselect: [RC3]\n", ":3: 'select' stands here a second time"),
        ("options:\n  a: {b: 1}\n  a: {c: 2}\n", ":3: 'a' stands here a second time"),
        ("\nexpiry-warning-days: -1\n", ":2: expiry-warning-days: -1 is less than the minimum of 0"),
        ("severities: {RC101: fatal}\n", "severities.RC101: 'fatal' is not one of ['error', 'warning', 'info']"),
        ("platform: nomad\n", "platform: 'nomad' is not one of"),
        ("- select\n", ": the file: ['select'] is not of type 'object'"),
        ("ignore:\n- {rule: a}\n", "ignore.0: 'reason' is a required property"),
        ("ignore: [3]\n", "ignore.0: 3 is not of type 'string'"),
        ("overrides:\n- {ignore: []}\n", "overrides.0: 'path' is a required property"),
    ],
)
def test_a_wrong_type_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, text)


def test_what_is_no_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    assert refused(tmp_path, "select:\n- a\n b: [\n").startswith(":3: this cannot be read as YAML: ")
    (tmp_path / "settings.yaml").write_bytes(b"select: \xff\n")
    with pytest.raises(SettingsError, match="this is not UTF-8 text"):
        settings.load(str(tmp_path / "settings.yaml"))


def test_a_version_without_quotes_is_a_number_and_said_so(tmp_path: Path) -> None:
    said = refused(tmp_path, "openshift-version: 4.10\n")
    assert said == ':1: openshift-version: write the version in quotes, as in "4.12": without them YAML reads a number'
    assert "openshift-version" in refused(tmp_path, "openshift-version: four\n")


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text(ACCOUNT)
    assert main(["check", str(tmp_path / "a.yaml"), "--config", str(tmp_path / "absent.yaml")]) == 2
    assert "absent.yaml: cannot be read" in capsys.readouterr().err


def test_the_nearest_file_counts_and_none_beyond_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "repository" / "team" / "app"
    inner.mkdir(parents=True)
    (tmp_path / ".regcred.yaml").write_text("select: [RC1]\n")
    (tmp_path / "repository" / ".git").mkdir()
    monkeypatch.chdir(inner)
    assert settings.load(None) == settings.Settings()
    (tmp_path / "repository" / ".regcred.yml").write_text("select: [RC2]\n")
    assert settings.load(None).select == ("RC2",)
    (inner / ".regcred.yaml").write_text("select: [RC3]\n")
    assert settings.load(None).select == ("RC3",)
    assert settings.load(str(tmp_path / ".regcred.yaml")).select == ("RC1",)


SHARED = """\
apiVersion: v1
kind: Secret
metadata: {name: pull, namespace: %s}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}'}
---
"""


def test_an_option_is_declared_by_its_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text(SHARED % "shop" + SHARED % "billing")
    config = tmp_path / "settings.yaml"

    def said(options: str) -> tuple[int, str]:
        config.write_text(f"options: {options}\n")
        code = main(
            ["check", str(tmp_path / "a.yaml"), "--select", "RC703", "--fail-on", "info", "--config", str(config)]
        )
        output = capsys.readouterr()
        return code, output.out + output.err

    assert said("{}")[0] == 0
    assert said("{shared-credential: {namespaces: 2}}")[0] == 1
    assert said("{shared-credential: {namespace: 2}}") == (
        2,
        "regcred: options: rule shared-credential has no option 'namespace': it has namespaces\n",
    )
    assert said("{shared-credential: {namespaces: two}}")[0] == 2
    assert "did you mean shared-credential?" in said("{shared-credentials: {namespaces: 2}}")[1]
