"""What a lookup promises of every input, and two plain models that it must equal on well-formed ones."""

from __future__ import annotations

import base64
import json
import random
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from linter.credentials import Consumer, Lookup, PullSecret, lookup

_JSON, _CFG = "kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"
_KEYRINGS = st.sampled_from([Consumer.KUBELET, Consumer.IMPORTER])
_CONSUMERS = st.sampled_from(list(Consumer))

_label = st.sampled_from(["a", "b", "quay", "io", "docker", "index"])
_host = st.builds(
    lambda labels, port: ".".join(labels) + port, st.lists(_label, min_size=2, max_size=3), st.sampled_from(["", ":80"])
)
_parts = st.lists(st.sampled_from(["t", "te", "team", "app", "v1", "v2"]), max_size=3)
_path = _parts.map(lambda parts: "".join(f"/{part}" for part in parts))
_key_path = st.builds(str.__add__, _path, st.sampled_from(["", "", "/"]))
_glob = st.builds(
    lambda labels, port: ".".join(labels) + port,
    st.lists(_label | st.just("*"), min_size=2, max_size=3),
    st.sampled_from(["", ":80"]),
)
_key = st.builds(str.__add__, _host | _glob, _key_path)
_image = st.builds(lambda host, path: f"{host}{path}/app", _host, _path)
_credential = st.tuples(st.sampled_from(["u", "v", ""]), st.sampled_from(["p", "q:r", ""]))


def _entry(credential: tuple[str, str]) -> dict[str, str]:
    return {"username": credential[0], "password": credential[1]}


def _auth(credential: tuple[str, str]) -> dict[str, str]:
    return {"auth": base64.b64encode(":".join(credential).encode()).decode()}


def _config(hosts: object) -> bytes:
    return json.dumps({"auths": hosts}).encode()


def _secret(name: str, hosts: object) -> PullSecret:
    return PullSecret(name, _JSON, {".dockerconfigjson": _config(hosts)})


def _offers(answer: Lookup) -> list[tuple[str, str, str | None, str]]:
    return [tuple(candidate) for candidate in answer.candidates]


_hosts = st.dictionaries(_key, _credential, max_size=5)
_some_secrets = st.lists(_hosts, max_size=3)


class _Key(NamedTuple):
    host: str
    path: str

    @property
    def text(self) -> str:
        return self.host + self.path


def _read(key: str) -> _Key:
    """The kubelet's reading of a key without scheme, query or escapes."""
    host, slash, rest = key.partition("/")
    path = slash + rest
    if path.startswith(("/v1/", "/v2/")):
        path = path[3:]
    return _Key(host, "" if path == "/" else path)


def _matches(key: _Key, reference: str) -> bool:
    host, _, path = reference.partition("/")
    name, _, port = host.partition(":")
    wanted, _, key_port = key.host.partition(":")
    labels, patterns = name.split("."), wanted.split(".")
    return (
        port == key_port
        and len(labels) == len(patterns)
        and all(pattern in ("*", label) for pattern, label in zip(patterns, labels, strict=True))
        and f"/{path}".startswith(key.path)
    )


def _keyring(secrets: list[dict[str, tuple[str, str]]], reference: str) -> list[list[list[tuple[str, str]]]]:
    """Per key, from the last in byte order to the first; per secret; the credentials, whose order is nobody's."""
    found: dict[str, dict[int, list[tuple[str, str]]]] = {}
    hub: dict[int, list[tuple[str, str]]] = {}
    for number, hosts in enumerate(secrets):
        for written, credential in hosts.items():
            key = _read(written)
            if _matches(key, reference):
                found.setdefault(key.text, {}).setdefault(number, []).append(credential)
            if key.text == "index.docker.io":
                hub.setdefault(number, []).append(credential)
    if not found and reference.startswith(("docker.io/", "index.docker.io/")):
        found = {"": hub}
    return [list(found[text].values()) for text in sorted(found, reverse=True)]


@given(_image, _some_secrets, _hosts, _KEYRINGS)
def test_the_keyring_is_its_model(
    image: str, secrets: list[dict[str, tuple[str, str]]], node: dict[str, tuple[str, str]], consumer: Consumer
) -> None:
    given = [
        _secret(f"s{number}", {key: _entry(credential) for key, credential in hosts.items()})
        for number, hosts in enumerate(secrets)
    ]
    config = _config({key: _entry(credential) for key, credential in node.items()})
    answer = lookup(image, given, consumer=consumer, node_config=config)
    assert answer.error is None
    assert answer.reference is not None
    groups = [
        group
        for slot in _keyring(secrets, answer.reference) + _keyring([node], answer.reference)
        for group in slot
    ]  # fmt: skip
    assert answer.ambiguous == any(len(set(group)) > 1 for group in groups)
    offered = [(candidate.username, candidate.password) for candidate in answer.candidates]
    for group in groups:
        assert sorted(offered[: len(group)]) == sorted(group)
        offered = offered[len(group) :]
    assert offered == []


_HUB = {"docker.io": "index.docker.io", "registry-1.docker.io": "index.docker.io"}
_containers_key = st.builds(
    lambda scheme, host, path: scheme + host + path,
    st.sampled_from(["", "", "https://", "http://", "HTTPS://"]),
    _host | st.sampled_from(["docker.io", "index.docker.io", "registry-1.docker.io"]),
    _key_path,
)


@given(
    st.builds(lambda host, path: f"{host}{path}/app", _host | st.just("docker.io"), _path),
    st.dictionaries(_containers_key, st.sampled_from(["u", "v"]), max_size=5),
)
def test_the_auth_file_is_its_model(image: str, hosts: dict[str, str]) -> None:
    config = _config({key: _auth((user, "p")) for key, user in hosts.items()})
    answer = lookup(image, [], consumer="containers", node_config=config)
    assert answer.reference is not None
    registry = answer.reference.partition("/")[0]
    parents = [answer.reference.rsplit("/", cut)[0] for cut in range(answer.reference.count("/") + 1)]
    exact = [key for key in parents if key in hosts]
    if exact:
        expected = [exact[0]]
    else:
        stripped = {key: key.removeprefix("https://").removeprefix("http://") for key in hosts}
        reduced = {key: text.partition("/")[0] if text != key else text for key, text in stripped.items()}
        wanted = _HUB.get(registry, registry)
        expected = [key for key, host in reduced.items() if _HUB.get(host, host) == wanted]
    assert [candidate.key for candidate in answer.candidates] == expected
    assert answer.ambiguous == (len({hosts[key] for key in expected}) > 1)


_odd_entry: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.just({}), _credential.map(_entry), _credential.map(_auth), st.just({"auth": "Og", "email": "e"})
)
_unrelated_key = st.builds(
    lambda scheme, host, path: f"{scheme}{host}.unrelated.example{path}",
    st.sampled_from(["", "https://"]),
    st.sampled_from(["x", "*", "io"]),
    _path,
) | st.sampled_from(["q[uay.io", "quay.io:abc", " quay.io", "*.*.*.*.*", "QUAY.IO/x", "http://%zz"])


@given(_image, st.lists(_hosts, min_size=1, max_size=3), _unrelated_key, _odd_entry, _CONSUMERS, st.data())
def test_an_unrelated_entry_anywhere_changes_nothing(
    image: str,
    hosts: list[dict[str, tuple[str, str]]],
    key: str,
    entry: object,
    consumer: Consumer,
    data: st.DataObject,
) -> None:
    plain = [{name: _auth(credential) for name, credential in one.items()} for one in hosts]
    before = lookup(image, [_secret(str(n), one) for n, one in enumerate(plain)], consumer=consumer)
    where = data.draw(st.integers(0, len(plain) - 1))
    items: list[tuple[str, object]] = list(plain[where].items())
    items.insert(data.draw(st.integers(0, len(items))), (key, entry))
    more = [*plain[:where], dict(items), *plain[where + 1 :]]
    assert lookup(image, [_secret(str(n), one) for n, one in enumerate(more)], consumer=consumer) == before


@given(_image, _some_secrets, _CONSUMERS, st.sampled_from(["Opaque", "", "kubernetes.io/tls", _CFG]), st.binary())
def test_a_secret_of_another_type_changes_nothing(
    image: str, hosts: list[dict[str, tuple[str, str]]], consumer: Consumer, kind: str, payload: bytes
) -> None:
    given = [_secret(str(n), {k: _auth(c) for k, c in one.items()}) for n, one in enumerate(hosts)]
    stray = PullSecret("stray", kind, {".dockerconfigjson": payload, "config.json": payload})
    assert lookup(image, [stray, *given, stray], consumer=consumer) == lookup(image, given, consumer=consumer)


_POISON = [b"{", b"[]", b'{"auths":[]}', b'{"auths":{"x":3}}', b'{"auths":{"x":{"auth":"dTpwYQ="}}}', b'{"auths":{}} x']


@given(_image | st.just("-bad"), _some_secrets, _KEYRINGS, st.sampled_from(_POISON), st.integers(0, 3))
def test_one_undecodable_secret_refuses_all_wherever_it_stands(
    image: str, hosts: list[dict[str, tuple[str, str]]], consumer: Consumer, payload: bytes, at: int
) -> None:
    given = [_secret(str(n), {k: _auth(c) for k, c in one.items()}) for n, one in enumerate(hosts)]
    given.insert(at, PullSecret("poison", _JSON, {".dockerconfigjson": payload}))
    answer = lookup(image, given, consumer=consumer, node_config=_config({}))
    assert (answer.error, answer.culprit, answer.candidates) == ("keyring", "poison", ())


@given(_image, _hosts, _KEYRINGS, st.sampled_from(_POISON))
def test_a_bad_node_wide_file_is_as_good_as_none(
    image: str, hosts: dict[str, tuple[str, str]], consumer: Consumer, payload: bytes
) -> None:
    given = [_secret("s", {k: _auth(c) for k, c in hosts.items()})]
    assert lookup(image, given, consumer=consumer, node_config=payload) == lookup(image, given, consumer=consumer)


@given(_image, _hosts, _KEYRINGS)
def test_both_forms_of_a_secret_mean_the_same_to_a_keyring(
    image: str, hosts: dict[str, tuple[str, str]], consumer: Consumer
) -> None:
    entries = {key: _auth(credential) for key, credential in hosts.items()}
    legacy = PullSecret("s", _CFG, {".dockercfg": json.dumps(entries).encode()})
    assert lookup(image, [legacy], consumer=consumer) == lookup(image, [_secret("s", entries)], consumer=consumer)


@given(_image, _hosts, _credential, _key)
def test_the_spelling_of_a_key_does_not_matter_to_a_keyring(
    image: str, hosts: dict[str, tuple[str, str]], credential: tuple[str, str], key: str
) -> None:
    read = _read(key)
    plain = read.path or "/"
    spellings = [f"{read.host}/v1{plain}", f"{read.host}/v2{plain}", f"https://{read.host}/v1{plain}?q"]
    if not plain.startswith(("/v1/", "/v2/")):
        spellings += [template.format(read.text) for template in ("{}", "https://{}", "http://{}", "u:p@{}", "{}?q#f")]
    before = _secret("s", {name: _auth(entry) for name, entry in hosts.items()})
    answers = [
        lookup(image, [before, _secret("t", {spelling: _auth(credential)})], consumer="kubelet")
        for spelling in spellings
    ]
    assert len({tuple((c.username, c.password, c.secret) for c in answer.candidates) for answer in answers}) == 1


@given(_host, _path, _path, st.integers(0, 12))
def test_the_path_of_a_key_is_a_plain_string_prefix(host: str, path: str, rest: str, cut: int) -> None:
    assume(host != "index.docker.io")  # the kubelet calls this host docker.io, so that no path of it is looked up
    image = f"{host}/x{path}{rest}/app"
    repository = "/" + image.partition("/")[2]
    for prefix in (repository[: cut + 1], repository, repository + "s", f"/x{path}s", f"/x{path}/"):
        answer = lookup(image, [_secret("s", {host + prefix: _auth(("u", "p"))})], consumer="kubelet")
        assert answer.found == repository.startswith("" if prefix == "/" else prefix), (image, host + prefix)


@given(_image, _hosts)
def test_a_tag_matters_to_the_importer_only_where_a_key_names_it(image: str, hosts: dict[str, tuple[str, str]]) -> None:
    given = [_secret("s", {key: _auth(credential) for key, credential in hosts.items()})]
    pulled, imported = (lookup(f"{image}:1", given, consumer=consumer) for consumer in ("kubelet", "importer"))
    if not image.startswith("index.docker.io/"):  # the kubelet calls this host docker.io, the importer does not
        assert imported.reference == f"{pulled.reference}:1"
        assert _offers(pulled) == _offers(imported)
    host, _, path = str(imported.reference).partition("/")
    tagged = [*given, _secret("t", {f"{host}/v2/{path}": _auth(("tagged", "p"))})]
    assert _offers(lookup(f"{image}:1", tagged, consumer="importer"))[0][:3] == ("tagged", "p", "t")
    assert _offers(lookup(f"{image}:1", tagged, consumer="kubelet")) == _offers(pulled)


_user = st.text(st.characters(codec="utf-8", exclude_characters=":"), max_size=6)
_password = st.text(st.characters(codec="utf-8"), max_size=6)


def _fold(name: str, seed: int) -> str:
    """Another spelling of a member name that Go takes for the same."""
    choose = random.Random(seed)
    folds = {"s": "sS\u017f", "k": "kK\u212a"}
    return "".join(choose.choice(folds.get(char, char + char.upper())) for char in name)


@given(_user, _password, st.integers(0, 9), st.integers(0, 30), st.booleans(), st.booleans())
def test_a_credential_reads_the_same_however_it_is_written(
    user: str, password: str, seed: int, at: int, padded: bool, beside: bool
) -> None:
    encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
    encoded = encoded if padded else encoded.rstrip("=")
    encoded = encoded[:at] + "\r\n" + encoded[at:]
    entry: dict[str, str] = {_fold("auth", seed): encoded}
    if beside:
        entry |= {_fold("username", seed): "other", _fold("password", seed): "other", "unknown": "other"}
    config = json.dumps({_fold("auths", seed): {"quay.io": entry}}, indent=seed)
    fields = _config({"quay.io": _entry((user, password))})
    for node in (config, config.encode(), fields):
        (candidate,) = lookup("quay.io/a/b", [], consumer="kubelet", node_config=node).candidates
        assert (candidate.username, candidate.password) == (user, password)


_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4) | st.just("Og=="),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["auths", "auth", "quay.io", "credHelpers", "HttpHeaders"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
_payload = st.one_of(
    _json.map(json.dumps),
    _json.map(lambda value: json.dumps({"auths": {"quay.io": value}})),
    _json.map(lambda value: json.dumps({"auths": {"quay.io": {"auth": value}}}, ensure_ascii=False)),
    st.dictionaries(st.text(max_size=12), _json, max_size=3).map(lambda value: json.dumps({"auths": value})),
    st.text(max_size=12),
) | st.binary(max_size=12)
_any_secret = st.builds(
    PullSecret,
    st.text(max_size=2),
    st.sampled_from([_JSON, _CFG, "Opaque"]) | st.text(max_size=3),
    st.dictionaries(st.sampled_from([".dockerconfigjson", ".dockercfg"]) | st.text(max_size=3), _payload, max_size=3),
)


@given(
    _image | st.text(max_size=12) | st.binary(max_size=6),
    st.lists(_any_secret, max_size=3),
    _CONSUMERS,
    st.none() | _payload,
)
def test_nothing_makes_a_lookup_raise(
    image: str, secrets: list[PullSecret], consumer: Consumer, node: bytes | str | None
) -> None:
    answer = lookup(image, iter(secrets), consumer=str(consumer), node_config=node)
    assert answer == lookup(image, secrets, consumer=consumer, node_config=node)
    assert answer.error in (None, "keyring", "image")
    assert answer.error is None or (answer.reason and not answer.candidates)
    assert (answer.reference is None) <= (answer.error is not None)
    for candidate in answer.candidates:
        assert all(type(part) is str for part in (candidate.username, candidate.password, candidate.key))
        assert candidate.secret is None or candidate.secret in {secret.name for secret in secrets}
        (candidate.username + candidate.password).encode()


@pytest.mark.parametrize("consumer", list(Consumer))
def test_hostile_sizes_end(consumer: Consumer) -> None:
    entry = {"auth": "dTpw"}
    for payload in (
        json.dumps({"auths": {f"quay.io/p{n}": entry for n in range(5000)}}),
        json.dumps({"auths": {f"https://quay.io/{n}": entry for n in range(5000)}}),
        json.dumps({"auths": {"quay.io": {"auth": "dTpw" * 300_000}}}),
        json.dumps({"auths": {"*." * 300_000: entry}}),
        '{"auths":' * 100_000,
        '{"x":' + "[" * 9_999 + "]" * 9_999 + ',"auths":{"quay.io":{"auth":"dTpw"}}}',
    ):
        lookup("quay.io/team/app", [], consumer=consumer, node_config=payload)
    for image in ("a-" * 300_000, "a." * 300_000 + "b/c", "[" + ":" * 300_000 + "]/a", "q/a@" + "a+" * 300_000):
        lookup(image, [], consumer=consumer)


@pytest.mark.parametrize(("depth", "error"), [(9_999, None), (10_000, "keyring")])
def test_go_refuses_more_than_ten_thousand_levels(depth: int, error: str | None) -> None:
    payload = b'{"x":' + b"[" * depth + b"]" * depth + b"}"
    secret = PullSecret("deep", _JSON, {".dockerconfigjson": payload})
    assert lookup("quay.io/a/b", [secret], consumer="kubelet").error == error
