"""A failing pull among healthy ones: its cause, place and remedy stand on the first screen, or one click away."""

import base64
import io
import json
from contextlib import redirect_stdout
from typing import NamedTuple

import pytest

from linter.__main__ import main

NAMESPACES = 32


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def payload(*entries):
    return json.dumps({"auths": {key: {"auth": encoded(login)} for key, login in entries}})


def expired():
    """A token of 2023, as a registry that is asked by `registry.example.com` would have made it."""
    parts = [json.dumps(part) for part in ({"alg": "none"}, {"exp": 1_700_000_000, "sub": "ci"})]
    return "ci:" + ".".join([*(encoded(part).rstrip("=") for part in parts), "c2ln" * 6])


def made(kind, namespace, name, version="v1", **parts):
    metadata = {"name": name, "namespace": namespace, "uid": f"{namespace}-{kind}-{name}", "resourceVersion": "7"}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **parts}


def secret(namespace, name, text):
    data = {".dockerconfigjson": encoded(text)}
    return made("Secret", namespace, name, type="kubernetes.io/dockerconfigjson", data=data)


def account(namespace, name="default", *pulls):
    return made("ServiceAccount", namespace, name, imagePullSecrets=[{"name": pull} for pull in pulls])


def deployment(namespace, name, image, runs_as="default"):
    spec = {"serviceAccountName": runs_as, "containers": [{"name": "app", "image": image}]}
    template = {"metadata": {"labels": {"app": name}}, "spec": spec}
    return made("Deployment", namespace, name, "apps/v1", spec={"replicas": 1, "template": template})


def stream(namespace, name, image, refused):
    tag = {"name": "latest", "from": {"kind": "DockerImage", "name": image}}
    condition = {"type": "ImportSuccess", "status": "False", "reason": "Unauthorized", "message": refused}
    status = {"dockerImageRepository": "", "tags": [{"tag": "latest", "items": None, "conditions": [condition]}]}
    return made(
        "ImageStream", namespace, name, "image.openshift.io/v1", spec={"tags": [tag]}, status=status if refused else {}
    )


def healthy():
    for number in range(NAMESPACES):
        namespace = f"team-{number:02}"
        own = (f"quay.io/{namespace}", "ci:example-pass")
        yield secret(namespace, "registry-pull", payload(own, ("registry.example.com", f"ci-{number}:example-pass")))
        yield account(namespace, "default", "registry-pull")
        yield deployment(namespace, "web", f"quay.io/{namespace}/web:1.4")
        yield deployment(namespace, "jobs", f"registry.example.com/{namespace}/jobs:1.4")


class World(NamedTuple):
    """What is broken among the healthy, and what the first screen must say of it."""

    objects: list
    head: str
    cause: str
    who: str
    image: str
    command: str


WORLDS = {
    "a path that does not reach the imported image": World(
        [
            secret("payments", "nexus", payload(("nexus.example.com/payments/", "importer:example-pass"))),
            account("payments", "default", "nexus"),
            stream("payments", "ledger", "nexus.example.com/platform/ledger:3", "you may not have access"),
        ],
        "1 import will fail",
        "no secret of namespace payments matches nexus.example.com",
        "payments/ImageStream/ledger",
        "nexus.example.com/platform/ledger:3",
        "oc import-image ledger:latest -n payments",
    ),
    "a secret that no account links": World(
        [
            secret("orders", "harbor", payload(("harbor.example.com", "ci:example-pass"))),
            account("orders"),
            account("orders", "runner"),
            deployment("orders", "checkout", "harbor.example.com/orders/checkout:5", "runner"),
        ],
        "1 pull may fail",
        "Secret harbor in namespace orders is a pull secret that nothing uses",
        "orders/Deployment/checkout",
        "harbor.example.com/orders/checkout:5",
        "oc secrets link runner harbor --for=pull -n orders",
    ),
    "a line break in the password": World(
        [
            secret("search", "harbor", payload(("harbor.example.com", "ci:example-pass\n"))),
            account("search", "default", "harbor"),
            deployment("search", "indexer", "harbor.example.com/search/indexer:5"),
        ],
        "1 pull may fail",
        "ends with a line break",
        "search/Deployment/indexer",
        "harbor.example.com/search/indexer:5",
        "podman login --authfile=auth.json harbor.example.com",
    ),
    "a payload that is not JSON": World(
        [
            secret("crawl", "harbor", '{"auths": {"harbor.example.com": {"auth": "Y2k6ZXhhbXBsZS1wYXNz"},}}\n'),
            account("crawl", "default", "harbor"),
            deployment("crawl", "spider", "harbor.example.com/crawl/spider:5"),
        ],
        "1 pull will fail",
        "a comma stands before a closing bracket (line 1",
        "crawl/Deployment/spider",
        "harbor.example.com/crawl/spider:5",
        '"${EDITOR:-vi}" auth.json',
    ),
    "an expired token before a good one": World(
        [
            secret("media", "a-old", payload(("registry.example.com", expired()))),
            secret("media", "b-new", payload(("registry.example.com", "ci-new:example-pass"))),
            account("media", "default", "a-old", "b-new"),
            stream("media", "encoder", "registry.example.com/media/encoder:3", ""),
            deployment("media", "player", "registry.example.com/media/player:3"),
        ],
        "1 import will fail",  # the kubelet goes on to the good one
        "expired on 2023-11-14",
        "media/ImageStream/encoder",
        "registry.example.com/media/encoder:3",
        "podman login --authfile=auth.json registry.example.com",
    ),
}


@pytest.fixture(scope="module", params=WORLDS)
def told(request, tmp_path_factory):
    """A world, its page, and where its findings stand."""
    world = WORLDS[request.param]
    around = list(healthy())
    items = [*around[: len(around) // 2], *world.objects, *around[len(around) // 2 :]]
    folder = tmp_path_factory.mktemp("world")
    (folder / "dump.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=1))
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()):
        patch.chdir(folder)
        wanted = ["--format", "html=page.html", "--format", "json=run.json"]
        assert main(["check", "dump.json", "--fail-on", "never", *wanted]) == 0
    run = json.loads((folder / "run.json").read_text())
    places = {f"dump.json:{one['location']['line']}:{one['location']['column']}" for one in run["findings"]}
    return world, (folder / "page.html").read_text("utf-8"), places


def bottom(locator):
    box = locator.bounding_box()
    return box["y"] + box["height"]


def test_the_first_screen_says_what_fails_why_where_and_what_to_do(visit, told):
    world, text, places = told
    page = visit(text, viewport={"width": 1280, "height": 800})
    assert page.locator("h1").inner_text() == world.head
    case = page.locator(".case:visible").first
    for piece in (
        case.locator("h3", has_text=world.cause),
        case.locator(".who li", has_text=world.who).get_by_text(world.image, exact=True),
        case.locator(".cmd", has_text=world.command),
    ):
        assert bottom(piece) <= 800
    where = case.locator(".at").inner_text()
    assert where in places
    assert bottom(case.locator(".at")) <= 800
    case.get_by_text("why, and the fix").click()
    page.wait_for_selector("#list .f[open]")
    assert world.cause in page.locator("#list .f[open] .msg").inner_text()
    assert where in page.locator("#list .f[open] .meta").inner_text()
    assert page.locator("#list .f[open] .x").first.is_visible()


def test_on_a_narrow_screen_the_cause_comes_first_and_nothing_is_cut(visit, told):
    world, text, _ = told
    page = visit(text, viewport={"width": 400, "height": 860})
    assert bottom(page.locator(".case:visible h3").first) <= 860
    assert world.cause in page.locator(".case:visible h3").first.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
