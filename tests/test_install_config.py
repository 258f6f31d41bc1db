"""Pull secrets that stand as text where no Secret is: told of however they are written, shown in no output."""

import base64
import json
import re
import tarfile
from pathlib import Path

import pytest

from tests.commons import calls, quiet

PASSWORD = "Kp7vXw2mQ9Lr"
AUTH = base64.b64encode(f"robot:{PASSWORD}".encode()).decode()
CONFIG = f'{{"auths":{{"quay.io":{{"auth":"{AUTH}"}}}}}}'
ENCODED = base64.b64encode(CONFIG.encode()).decode()
HELD = (
    "kind: ClusterSecret\napiVersion: clustersecret.io/v1\nmetadata: {name: a}\n"
    f"data: {{.dockerconfigjson: {ENCODED}}}\n"
)
LIST = f"kind: List\napiVersion: v1\nitems:\n- {HELD.replace(chr(10), chr(10) + '  ')}\n"
NAMESPACE = "kind: Namespace\napiVersion: v1\nmetadata: {name: a}\n"
HEAD = "apiVersion: v1\nbaseDomain: example.com\nmetadata: {name: ocp4}\n"
JSON = json.dumps({"apiVersion": "v1", "baseDomain": "x.org", "metadata": {"name": "ocp4"}, "pullSecret": CONFIG})


def _judged(file: Path, text: str | bytes) -> list[tuple[str, int, int]]:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    result = json.loads(quiet("check", str(file), "--format", "json")[1])
    return [(one["code"], one["location"]["line"], one["location"]["column"]) for one in result["findings"]]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"{HEAD}pullSecret: '{CONFIG}'\n", (4, 13)),
        (f"{HEAD}pullSecret: |\n  {CONFIG}\n", (4, 13)),
        (f"{HEAD}pullSecret: >-\n  {CONFIG.replace(':{', ':' + chr(10) + '  {')}\n", (4, 13)),
        (f"{HEAD}? pullSecret\n: '{CONFIG}'\n", (5, 3)),
        (f"{HEAD}x: &it '{CONFIG}'\npullSecret: *it\n", (4, 4)),
        (f'{HEAD}"pull\\x53ecret": \'{CONFIG}\'\n', (4, 18)),
        (f"{HEAD}pullSecret: !!str '{CONFIG}'\n", (4, 13)),
        (f"# words\n---\n{HEAD}pullSecret: '{CONFIG}'\n---\nx: y\n", (6, 13)),
        (f"{HEAD}pullSecret: '{CONFIG}'\n".replace("\n", "\r\n"), (4, 13)),
        (f"{HEAD}pullSecret: '{CONFIG}'\n".encode("utf-16"), (4, 13)),
        (JSON, (1, JSON.index('"pullSecret"') + 15)),
    ],
)
def test_a_pull_secret_is_found_however_it_is_written(
    text: str | bytes, place: tuple[int, int], tmp_path: Path
) -> None:
    assert _judged(tmp_path / "install-config.yaml", text) == [("RC701", *place)]


@pytest.mark.parametrize("form", ["text", "html", "json", "sarif", "markdown", "github", "gitlab", "junit", "csv"])
@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}pullSecret: '{CONFIG}'\nsshKey: x\n",
        f"{HEAD}pullSecret: '{CONFIG[:-1]}'\n",
        f"{HEAD}pullSecret: '{{\"quay.io\":{{\"auth\":\"{AUTH}\"}}}}'\n",
        f"a: b\nregistry_pull_secret: {{auths: {{quay.io: {{username: robot, password: {PASSWORD}}}}}}}\n",
        f"{HEAD}pullSecret:\n  auths:\n    quay.io:\n      password: {PASSWORD}\n      username: robot\n",
        f"global:\n  dockerconfigjson: {ENCODED}\n",
        HELD,
        LIST,
    ],
)
def test_no_output_shows_the_credential(text: str, form: str, tmp_path: Path) -> None:
    file = tmp_path / "install-config.yaml"
    file.write_text(text, encoding="utf-8")
    code, out, error = quiet("check", str(file), "--format", form)
    assert code == 1
    assert not any(part in out + error for part in (PASSWORD, AUTH, AUTH[:12], ENCODED[-24:]))


def test_a_finding_can_be_accepted_in_the_file(tmp_path: Path) -> None:
    text = f"{HEAD}pullSecret: '{CONFIG}' # regcred: ignore[RC701] of a throw-away cluster\n"
    assert _judged(tmp_path / "install-config.yaml", text) == []


def test_a_config_beside_manifests_makes_and_uses_no_secret(tmp_path: Path) -> None:
    objects = (
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: app}\n---\napiVersion: apps/v1\nkind: Deployment\n"
        "metadata: {name: web}\nspec: {template: {spec: {serviceAccountName: app, containers: [{name: a, "
        "image: 'quay.io/team/web:1'}]}}}\n"
    )
    assert _judged(tmp_path / "all.yaml", f"{HEAD}pullSecret: '{CONFIG}'\n---\n{objects}") == [("RC701", 4, 13)]


def test_a_list_of_fields_costs_what_its_length_is_worth(tmp_path: Path) -> None:
    one, four = tmp_path / "one.yaml", tmp_path / "four.yaml"
    for file, count in ((one, 200), (four, 800)):
        fields = "".join(f"x{at}_pull_secret: '{CONFIG}'\n" for at in range(count))
        assert len(_judged(file, fields)) == count
    assert calls("check", str(four)) < 4.2 * calls("check", str(one))


def test_what_stands_in_a_pull_secret_is_no_second_one(tmp_path: Path) -> None:
    text = f"pull_secret:\n  auths: {{quay.io: {{auth: {AUTH}}}}}\n  pull_secret: '{CONFIG}'\n"
    assert _judged(tmp_path / "vars.yaml", text) == [("RC701", 2, 3)]


@pytest.mark.parametrize(
    "text",
    [f"global:\n  dockerconfigjson: {ENCODED}\n", f"a:\n- registryDockerCfg: {ENCODED}\n", HELD, LIST],
    ids=["values", "field", "object", "list"],
)
def test_a_redacted_collection_keeps_a_config_in_base64_and_no_credential(text: str, tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "values.yaml").write_text(f"{text}---\n{NAMESPACE}", encoding="utf-8")
    code, _, error = quiet("collect", str(tmp_path / "all"), "--redact", "-o", str(tmp_path / "dump.tar.gz"))
    assert code == 0, error
    with tarfile.open(tmp_path / "dump.tar.gz") as archive:
        told = "".join(held.read().decode() for one in archive if (held := archive.extractfile(one)) is not None)
    configs = [base64.b64decode(one).decode() for one in re.findall(r"eyJhdXRocyI6[\w+/]+=*", told)]
    auths = [json.loads(one)["auths"]["quay.io"]["auth"] for one in configs]
    assert len(auths) == 1
    assert not any(part in one for one in (told, *configs, *map(_decoded, auths)) for part in (PASSWORD, AUTH, ENCODED))


def _decoded(auth: str) -> str:
    return base64.b64decode(auth).decode()
