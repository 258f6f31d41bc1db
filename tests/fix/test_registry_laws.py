"""Laws of what rules on registry keys repair: `lookup`, which they must not contradict, is asked before and after."""

import base64
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from linter.__main__ import main
from linter.credentials import Consumer, Lookup, PullSecret, lookup

KIND = "kubernetes.io/dockerconfigjson"
KEY = ".dockerconfigjson"
ROOTS = ["", "https://", "http://"]
SPELLINGS = [
    "quay.io", "quay.io/", "quay.io/v1/", "quay.io/v2/", "https://quay.io", "http://quay.io/", "https://quay.io/v2/",
    "quay.io:", "https://quay.io:", "u@quay.io", "quay.io?x", "quay.io#y",
]  # fmt: skip
HOSTS = ["quay.io", "docker.io", "index.docker.io", "registry-1.docker.io", "u@quay.io", "Quay.io", "*.io", "q*y.io"]
PATHS = [
    "",
    "/",
    "/v1/",
    "/v2/",
    "/team",
    "/v1/team",
    "/v2/team",
    "/team/",
    "/team/app",
    "/team%2Fapp",
    "?x",
    "#y",
    ":",
]
TAILS = [*PATHS, "/v1", "/TEAM", "/team:1", "/team#f", "/team/*", "/team-"]
IMAGES = [
    f"{host}/{path}"
    for host in ("quay.io", "docker.io", "registry-1.docker.io", "quay.io:443")
    for path in ("app", "team/app", "team/app/more", "team/other", "team-b/app", "other/app", "library/nginx")
]


def _auth(user: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:s3cr3tpw9".encode()).decode()}


def _bare(user: str) -> dict[str, str]:
    return {"username": user, "password": "s3cr3tpw9"}


ENTRIES = st.one_of(st.sampled_from([_auth("u1"), _auth("u1"), _auth("u1"), _auth("u2")]), st.just(_bare("u1")))


def _spelled(host: str, paths: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Payloads of a few keys, most of them of one host."""
    keys = st.builds(
        "{}{}{}".format, st.sampled_from(ROOTS), st.sampled_from([host] * 4 + HOSTS), st.sampled_from(paths)
    )
    return st.dictionaries(keys, ENTRIES, min_size=2, max_size=5)


PAYLOADS = st.sampled_from(HOSTS).flatmap(lambda host: _spelled(host, PATHS))


def _secret(auths: dict[str, Any], name: str, namespace: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    content = json.dumps({"auths": auths})
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": KIND, "stringData": {KEY: content}}


def _repaired(
    place: Path, payloads: list[dict[str, Any]], *words: str, node: bool = False, fix: bool = True
) -> list[dict[str, Any]]:
    """Return the payloads after `--fix`, each of a Secret of its own; `node`: the one is the node-wide secret."""
    names = ["pull-secret"] if node else [f"s{number}" for number in range(len(payloads))]
    namespace = "openshift-config" if node else "shop"
    items = [_secret(auths, name, namespace) for auths, name in zip(payloads, names, strict=True)]
    file = place / "list.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")
    fixing = ["--fix"] if fix else []
    assert main(["check", str(place), *fixing, "--fail-on", "never", *words]) in (0, 3)
    after = json.loads(file.read_text(encoding="utf-8"))["items"]
    return [json.loads(one["stringData"][KEY])["auths"] for one in after]


def _found(auths: dict[str, Any], image: str, consumer: Consumer) -> Lookup:
    data = {KEY: json.dumps({"auths": auths}).encode()}
    return lookup(image, [PullSecret("one", KIND, data)], consumer=consumer)


def _sent(found: Lookup) -> list[str]:
    return [one.username for one in found.candidates]


def _lost(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return which reader finds less, or something else first, and for which image."""
    told = []
    for consumer, image in itertools.product(Consumer, IMAGES):
        was, now = _found(before, image, consumer), _found(after, image, consumer)
        old, new = _sent(was), _sent(now)
        unclear = was.ambiguous or now.ambiguous
        kept = set(old) == set(new) if unclear else old[:1] == new[:1] and set(old) <= set(new)
        if old and not kept:
            told.append(f"{consumer} {image}: {old} before, {new} after")
    return told


def test_of_two_spellings_the_one_that_all_readers_find_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    payloads = [dict.fromkeys(pair, _auth("u1")) for pair in itertools.permutations(SPELLINGS, 2)]
    after = _repaired(tmp_path, payloads, "--select", "RC202")
    capsys.readouterr()
    merged = [(before, now) for before, now in zip(payloads, after, strict=True) if before != now]
    assert len(merged) == 92
    for before, now in merged:
        assert len(now) == 1
        assert not _lost(before, now), (list(before), list(now))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payloads=st.lists(PAYLOADS, min_size=5, max_size=15))
def test_what_is_merged_safely_serves_all_that_it_served(
    payloads: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    after = _repaired(tmp_path, payloads, "--select", "RC202")
    capsys.readouterr()
    for before, now in zip(payloads, after, strict=True):
        if before != now:
            assert not _lost(before, now), (before, list(now))


LEANING = [
    dict.fromkeys(keys, _auth("u1"))
    for keys in (
        ("docker.io/team", "https://index.docker.io/team/", "https://docker.io/team#f"),
        ("index.docker.io/", "https://index.docker.io/team", "https://index.docker.io/team/"),
        ("quay.io/a", "https://quay.io/a#f", "quay.io/b", "https://quay.io/b#f"),
    )
]
"""Keys each of which may go because another is there, and that may go as well."""


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(payloads=LEANING)
@given(payloads=st.lists(st.sampled_from(HOSTS).flatmap(lambda host: _spelled(host, TAILS)), min_size=5, max_size=15))
def test_what_is_renamed_safely_serves_all_that_it_served(
    payloads: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    after = _repaired(tmp_path, payloads, "--select", "RC202,RC205")
    capsys.readouterr()
    for before, now in zip(payloads, after, strict=True):
        if before != now:
            # An image of Docker Hub under its other name is none that the rule takes for usual.
            lost = [one for one in _lost(before, now) if "registry-1.docker.io/" not in one]
            assert not lost, (before, list(now))


@pytest.mark.parametrize(
    "key",
    [
        "https://quay.io/TEAM", "https://quay.io/team#f", "https://quay.io/team:1", "https://quay.io/team/*",
        "https://index.docker.io/library/nginx", "http://registry-1.docker.io/library", "https://docker.io/Library",
    ],
)  # fmt: skip
def test_a_key_that_cri_o_takes_for_a_registry_is_not_narrowed(
    key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {key: _auth("u1")}
    assert _repaired(tmp_path, [before], "--format", "json", node=True) == [before]
    found = [one for one in json.loads(capsys.readouterr().out)["findings"] if one["code"] == "RC205"]
    host = "docker.io" if "docker.io" in key else "quay.io"
    assert f"CRI-O, podman and builds take it for all of {host}" in found[0]["message"]
    assert found[0]["fix"]["applicability"] == "unsafe"
    assert f"lose the rest of {host}" in found[0]["fix"]["summary"]


NODE_HOSTS = ["quay.io", "docker.io", "index.docker.io", "registry-1.docker.io", "quay.io:443", "localhost"]
NODE_PATHS = [
    "", "/", "/v1/", "/v2/", "/v1", ":", "/team", "/team/", "/v1/team", "/team%2Fapp", "/team-", "?x", "#y", "/TEAM",
]  # fmt: skip
LOCAL = ["localhost/app", "localhost/team/app", "localhost/team-b/app"]
NODE_IMAGES = [*(one for one in IMAGES if not one.startswith("registry-1.")), *LOCAL]


def _differing(auths: dict[str, Any], key: str) -> list[str]:
    """Return the images for which kubelet and CRI-O disagree, but for those whose name only begins as the key does."""
    listed = [image for image in NODE_IMAGES if key.endswith("-") or "team-b" not in image]
    # To the kubelet `localhost` is Docker Hub as long as no key names it.
    listed = [image for image in listed if "localhost" in key or image not in LOCAL]
    return [image for image in listed if len({_first(auths, image, one) for one in ("kubelet", "containers")}) > 1]


def _first(auths: dict[str, Any], image: str, consumer: str) -> str:
    return next(iter(_sent(_found(auths, image, Consumer(consumer)))), "")


@pytest.mark.parametrize("path", NODE_PATHS)
@pytest.mark.parametrize("root", ["", "https://"])
def test_of_the_node_wide_secret_every_key_is_told_that_its_readers_find_for_other_images(
    root: str, path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for host in NODE_HOSTS:
        key = f"{root}{host}{path}"
        before = {key: _auth("u1")}
        words = ("--format", "json", "--select", "RC204,RC205,RC505")
        place = tmp_path / host
        place.mkdir()
        (after,) = _repaired(place, [before], *words, node=True, fix=False)
        found = json.loads(capsys.readouterr().out)["findings"]
        differing = _differing(before, key)
        assert after == before
        assert found or not differing, (key, differing)
        if [one["code"] for one in found] != ["RC505"]:
            continue
        assert differing, (key, found)
        (after,) = _repaired(place, [before], *words, node=True)
        capsys.readouterr()
        if after == before:
            assert key.endswith(("/team/", "/team-")), key
            continue
        assert not _differing(after, next(iter(after))), key
        for consumer, image in itertools.product(("kubelet", "importer"), NODE_IMAGES):
            assert _first(before, image, consumer) == _first(after, image, consumer), (key, image)


COLLIDING = [
    "quay.io:", "quay.io/", "Quay.io", "docker://quay.io", "quay.io/v1/", "https://quay.io:", "quay.io/v2", "quay.io?x",
    "https://quay.io/v2",
]  # fmt: skip


@pytest.mark.parametrize("one", COLLIDING)
def test_no_two_keys_become_one(one: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, other in enumerate(key for key in COLLIDING if key != one):
        place = tmp_path / str(number)
        place.mkdir()
        (after,) = _repaired(place, [{one: _auth("u1"), other: _auth("u2")}], node=True)
        capsys.readouterr()
        assert len(after) == 2, (one, other, list(after))
