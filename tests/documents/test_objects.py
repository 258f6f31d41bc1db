"""Lists, typed lists, templates and kustomizations give their objects, each knowing where it stands."""

from typing import Any

from linter.documents import Document, Positions, read
from linter.documents.objects import KubeObject, Seen, objects
from linter.model import Location, ObjectRef


def found(data: Any, path: str = "a.yaml") -> list[KubeObject]:
    return list(objects(Document(path, 0, data)))


def secret(name: Any = "a", **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "ns", **more}}


def test_a_single_object() -> None:
    (item,) = found(secret(uid="u"))
    assert item.ref == ObjectRef("v1", "Secret", "ns", "a")
    assert (item.uid, item.listed, item.group, item.route) == ("u", False, "", ())
    assert item.at("data", "x", part="key") == Location("a.yaml", 0, ("data", "x"), part="key")
    assert "Secret a" in repr(item)


def test_lists_typed_lists_and_lists_in_lists() -> None:
    typed = {"apiVersion": "v1", "kind": "SecretList", "items": [{"metadata": {"name": "b"}}, None, 3]}
    items = found({"apiVersion": "v1", "kind": "List", "items": [secret(), typed, {"metadata": {}}, "text"]})
    assert [(i.name, i.kind, i.api_version, i.route, i.listed) for i in items] == [
        ("a", "Secret", "v1", ("items", 0), True),
        ("b", "Secret", "v1", ("items", 1, "items", 0), True),
    ]
    assert found({"kind": "PodList", "items": None}) == []
    assert found({"kind": "List"})[0].kind == "List"


def test_templates_and_top_level_lists() -> None:
    template = {"kind": "Template", "apiVersion": "template.openshift.io/v1", "objects": [secret("${NAME}")]}
    assert [(i.kind, i.route) for i in found(template)] == [("Template", ()), ("Secret", ("objects", 0))]
    assert [(i.kind, i.route, i.listed) for i in found([secret(), {"op": "add"}, 1])] == [("Secret", (0,), False)]
    assert found("text") == found(None) == found({"a": 1}) == []


def test_what_is_not_text_is_empty() -> None:
    (item,) = found(secret(12, namespace=None))
    assert (item.name, item.namespace) == ("", "")
    (item,) = found({"kind": "Secret", "metadata": "none", "apiVersion": 1})
    assert item.ref == ObjectRef("", "Secret", "", "")
    assert found({"kind": 5}) == []


def test_kustomizations_without_kind() -> None:
    (item,) = found({"resources": []}, "x/kustomization.yaml")
    assert (item.kind, item.group) == ("Kustomization", "kustomize.config.k8s.io")
    assert found({"resources": []}, "x/other.yaml") == []


def test_repeats_are_told_by_group_kind_place_and_uid() -> None:
    seen = Seen()
    (one,) = found(secret(uid="1"))
    (again,) = found(secret(uid="1"))
    (reborn,) = found(secret(uid="2"))
    (nameless,) = found({"kind": "Secret"})
    assert [seen.repeated(item) for item in (one, again, reborn, nameless, nameless)] == [
        False,
        True,
        False,
        False,
        False,
    ]


def test_routes_lead_to_the_text() -> None:
    data = b"kind: SecretList\napiVersion: v1\nitems:\n- metadata:\n    name: b\n"
    (document,) = read("a.yaml", data).documents
    (item,) = objects(document)
    at = item.at("metadata", "name")
    span = Positions("a.yaml", data).span(at.document, at.route)
    assert span is not None
    assert span.line == 5
