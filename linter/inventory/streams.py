"""Image streams and image-stream imports: which images are imported, and which of them over an insecure connection."""

from collections.abc import Iterator
from typing import Any

from linter.documents.objects import KubeObject
from linter.inventory import paths
from linter.inventory.paths import dig, text
from linter.inventory.records import ImageStream, ImportTag
from linter.model import Route

INSECURE_ANNOTATION = "openshift.io/image.insecureRepository"


def image_stream(item: KubeObject) -> ImageStream:
    """Read what an ImageStream, ImageStreamImport or ImageStreamTag imports.

    Only tags `from` a DockerImage that are not references are imported; the annotation speaks for
    `spec.dockerImageRepository` alone (OpenShift 4.x, image-import controller).
    """
    if item.kind == "ImageStreamTag":
        tag = item.body.get("tag")
        return ImageStream(item, tuple(_tags([tag], ("tag",), numbered=False)))
    spec = item.body.get("spec")
    if item.kind == "ImageStreamImport":
        return ImageStream(item, tuple(_requested(spec)))
    tags = dig(spec, "tags")
    found = list(_tags(tags if isinstance(tags, list) else [], ("spec", "tags")))
    repository = paths.image(dig(spec, "dockerImageRepository"))
    if repository:
        insecure = text(dig(item.metadata, "annotations", INSECURE_ANNOTATION)) == "true"
        found.append(ImportTag("", repository, ("spec", "dockerImageRepository"), insecure))
    return ImageStream(item, tuple(found))


def _tags(tags: list[Any], route: Route, *, numbered: bool = True) -> Iterator[ImportTag]:
    for index, tag in enumerate(tags):
        if dig(tag, "from", "kind") != "DockerImage" or dig(tag, "reference") is True:
            continue
        image = paths.image(dig(tag, "from", "name"))
        if image:
            at: Route = (*route, index, "from", "name") if numbered else (*route, "from", "name")
            yield ImportTag(text(dig(tag, "name")), image, at, dig(tag, "importPolicy", "insecure") is True)


def _requested(spec: Any) -> Iterator[ImportTag]:
    images = dig(spec, "images")
    for index, request in enumerate(images if isinstance(images, list) else []):
        image = paths.image(dig(request, "from", "name"))
        if image and dig(request, "from", "kind") == "DockerImage":
            insecure = dig(request, "importPolicy", "insecure") is True
            yield ImportTag(
                text(dig(request, "to", "name")), image, ("spec", "images", index, "from", "name"), insecure
            )
    image = paths.image(dig(spec, "repository", "from", "name"))
    if image and dig(spec, "repository", "from", "kind") == "DockerImage":
        insecure = dig(spec, "repository", "importPolicy", "insecure") is True
        yield ImportTag("", image, ("spec", "repository", "from", "name"), insecure)


def unauthorized(body: object, tag: str) -> bool:
    """Whether the stream's status says that the import of `tag` was refused for want of a credential."""
    tags = dig(body, "status", "tags")
    for entry in tags if isinstance(tags, list) else []:
        if tag and dig(entry, "tag") != tag:
            continue
        conditions = dig(entry, "conditions")
        for condition in conditions if isinstance(conditions, list) else []:
            told = (dig(condition, "type"), dig(condition, "status"), dig(condition, "reason"))
            if told == ("ImportSuccess", "False", "Unauthorized"):
                return True
    return False
