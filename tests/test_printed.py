"""What kubectl prints for people, handed over in the place of objects: said at once, and with what to ask instead."""

import json
from pathlib import Path

import pytest

from tests.commons import quiet

DESCRIBED = """\
Name:             web-5d4c
Namespace:        shop
Node:             node1/10.0.0.1
Containers:
  web:
    Image:          registry.example.com/shop/web:1
Events:
  Warning  Failed   1m    kubelet  Failed to pull image "registry.example.com/shop/web:1": unauthorized
"""
SECRET = """\
Name:         regcred
Namespace:    shop
Type:  kubernetes.io/dockerconfigjson

Data
====
.dockerconfigjson:  123 bytes
"""
TABLE = "NAME    READY   STATUS             RESTARTS   AGE\nweb-1   0/1     ImagePullBackOff   0          5m\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DESCRIBED, "is what `kubectl describe` prints"),
        (DESCRIBED.replace("\n", "\r\n"), "is what `kubectl describe` prints"),
        (f"\n{SECRET}", "is what `kubectl describe` prints"),
        (TABLE, "is a table that kubectl prints"),
        ("NAMESPACE   NAME   TYPE   DATA   AGE\nshop   a   Opaque   1   5m\n", "is a table that kubectl prints"),
        ("LAST SEEN   TYPE   REASON   OBJECT   MESSAGE\n1m   Warning   Failed   pod/web   x\n", "is a table"),
        ('Error from server (Forbidden): pods is forbidden: User "x" cannot list\n', "holds what kubectl said"),
        ('error: the server doesn\'t have a resource type "pod"\n', "holds what kubectl said"),
        ("No resources found in shop namespace.\n", "holds what kubectl said"),
    ],
)
def test_what_kubectl_prints_for_people_is_told(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "said.txt"
    file.write_bytes(text.encode())
    code, out, _ = quiet("check", str(file), "--format", "json")
    [problem] = json.loads(out)["coverage"]["problems"]
    assert code == 3
    assert problem["message"].startswith(said)
    assert problem["remedy"]


@pytest.mark.parametrize(
    "text",
    [
        "Name: web\nNamespace: shop\n",
        "Name:  web\n",
        "Name:     web\nVersion:  1.0\n",
        "error: Nicht gefunden\nok: gut\n",
        "NAME=web\nREADY=yes\n",
        "services:\n  web:\n    image: quay.io/a/b\n",
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{a: {json.dumps(DESCRIBED)}}}\n",
    ],
)
def test_what_is_like_it_is_left_alone(text: str, tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    file.write_text(text, encoding="utf-8")
    code, out, _ = quiet("check", str(file), "--format", "json")
    assert (code, json.loads(out)["coverage"]["problems"]) == (0, [])


def test_in_a_folder_it_is_one_file_among_others(tmp_path: Path) -> None:
    (tmp_path / "said.yaml").write_text(DESCRIBED, encoding="utf-8")
    assert json.loads(quiet("check", str(tmp_path), "--format", "json")[1])["coverage"]["problems"] == []
