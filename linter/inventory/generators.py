"""Objects that become Secrets: SealedSecret, ExternalSecret, Vault operators, kustomize and OpenShift templates."""

from collections.abc import Iterator
from typing import Any

from linter.documents.objects import KubeObject
from linter.inventory.paths import dig, group, text
from linter.inventory.records import GeneratedSecret

_VAULT_GROUP = "secrets.hashicorp.com"
_EXTERNAL = ("external-secrets.io", "kubernetes-client.io")


def generated_secrets(item: KubeObject) -> Iterator[GeneratedSecret]:
    """Yield the Secrets that `item` will be turned into by a controller or by kustomize."""
    where = group(item.api_version)
    if item.kind == "SealedSecret":
        yield _sealed(item)
    elif item.kind in ("ExternalSecret", "ClusterExternalSecret") and where in _EXTERNAL:
        yield from _external(item)
    elif where == _VAULT_GROUP:
        yield from _vault(item)
    elif item.kind in ("Kustomization", "Component") and where.startswith("kustomize.config.k8s.io"):
        yield from _kustomize(item)
    elif item.kind == "SecretProviderClass":
        yield from _csi(item)


def kustomization_secrets(item: KubeObject) -> Iterator[GeneratedSecret]:
    """The generators of a kustomization.yaml, which often names neither kind nor apiVersion."""
    yield from _kustomize(item)


def _keys(*mappings: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(key) for mapping in mappings if isinstance(mapping, dict) for key in mapping))


def _sealed(item: KubeObject) -> GeneratedSecret:
    spec = item.body.get("spec")
    return GeneratedSecret(
        object=item,
        name=item.name,
        namespace=item.namespace,
        type=text(dig(spec, "template", "type")),
        keys=_keys(dig(spec, "encryptedData"), dig(spec, "template", "data")),
        how="SealedSecret",
        type_route=("spec", "template", "type"),
    )


def _external(item: KubeObject) -> Iterator[GeneratedSecret]:
    base: tuple[str, ...] = ("spec", "externalSecretSpec") if item.kind == "ClusterExternalSecret" else ("spec",)
    spec = dig(item.body, *base)
    target = dig(spec, "target")
    if dig(target, "manifest") is not None:
        return
    data = dig(spec, "data")
    asked = [text(dig(entry, "secretKey")) for entry in data] if isinstance(data, list) else []
    templated = _keys(dig(target, "template", "data"))
    # Templates replace what was fetched unless they are to be merged with it (applyTemplate of external-secrets).
    replaced = templated or dig(target, "template", "templateFrom")
    if dig(target, "template", "mergePolicy") == "Merge" or not replaced:
        templated = tuple(dict.fromkeys((*templated, *filter(None, asked))))
    name = text(dig(target, "name"))
    if item.kind == "ClusterExternalSecret":
        name = name or text(dig(item.body, "spec", "externalSecretName"))
    yield GeneratedSecret(
        object=item,
        name=name or item.name,
        namespace="" if item.kind == "ClusterExternalSecret" else item.namespace,
        type=text(dig(target, "template", "type")),
        keys=templated,
        how=item.kind,
        type_route=(*base, "target", "template", "type"),
    )


def _vault(item: KubeObject) -> Iterator[GeneratedSecret]:
    destination = dig(item.body, "spec", "destination")
    name = text(dig(destination, "name"))
    if name:
        yield GeneratedSecret(
            object=item,
            name=name,
            namespace=item.namespace,
            type=text(dig(destination, "type")),
            keys=_keys(dig(destination, "transformation", "templates")),
            how=item.kind,
            type_route=("spec", "destination", "type"),
        )


def _kustomize(item: KubeObject) -> Iterator[GeneratedSecret]:
    generators = item.body.get("secretGenerator")
    fixed = dig(item.body, "generatorOptions", "disableNameSuffixHash") is True
    for index, generator in enumerate(generators if isinstance(generators, list) else []):
        name = text(dig(generator, "name"))
        if not name:
            continue
        own = dig(generator, "options", "disableNameSuffixHash") is True
        yield GeneratedSecret(
            object=item,
            name=text(item.body.get("namePrefix")) + name + text(item.body.get("nameSuffix")),
            namespace=text(dig(generator, "namespace")) or text(item.body.get("namespace")),
            type=text(dig(generator, "type")),
            keys=tuple(_generator_keys(generator)),
            how="secretGenerator",
            type_route=("secretGenerator", index, "type"),
            hashed=not (fixed or own),
        )


def _generator_keys(generator: Any) -> Iterator[str]:
    for field in ("files", "literals"):
        sources = dig(generator, field)
        for source in sources if isinstance(sources, list) else []:
            key, equals, path = text(source).partition("=")
            yield key if equals else path or key.rpartition("/")[2]


def _csi(item: KubeObject) -> Iterator[GeneratedSecret]:
    made = dig(item.body, "spec", "secretObjects")
    for index, entry in enumerate(made if isinstance(made, list) else []):
        name = text(dig(entry, "secretName"))
        data = dig(entry, "data")
        if name:
            yield GeneratedSecret(
                object=item,
                name=name,
                namespace=item.namespace,
                type=text(dig(entry, "type")),
                keys=tuple(text(dig(one, "key")) for one in data) if isinstance(data, list) else (),
                how="SecretProviderClass",
                type_route=("spec", "secretObjects", index, "type"),
            )
