"""What kustomizations make of the images of the objects that they build, by their `images` (kustomize 5).

Only the result counts: what is pulled, and with which credential, hangs on the name that is built.
"""

from collections.abc import Iterator
from typing import Any, Final

from linter.documents.objects import KubeObject
from linter.inventory.kustomized import Kustomized
from linter.inventory.paths import dig, text
from linter.inventory.records import ImageUse, Workload
from linter.patterns import lazy
from linter.secret import without_login

_BEHIND: Final = lazy(r"(:[\w.{}-]*)?(@sha256:[\w.{}-]*)?")
_LISTS: Final = frozenset({"initContainers", "containers", "ephemeralContainers"})
_MOST: Final = 200
"""So many build files are followed for one image."""


def built(workload: Workload, kustomized: Kustomized) -> tuple[Workload, tuple[ImageUse, ...]]:
    """Return a workload with the images that are built, and apart the uses of which several are, or none is known."""
    kept: list[ImageUse] = []
    open_ended: list[ImageUse] = []
    for use in workload.images:
        names = list(dict.fromkeys(_results(use.image, workload.object, kustomized)))
        if len(names) == 1 and (names[0] == use.image or not _unlisted(use)):
            kept.append(use if names[0] == use.image else use._replace(image=names[0]))
        else:
            open_ended.append(use)
    if tuple(kept) == workload.images:
        return workload, ()
    return workload._replace(images=tuple(kept)), tuple(open_ended)


def _unlisted(use: ImageUse) -> bool:
    """Whether it stands where kustomize looks for images only if its `configurations` say so."""
    return use.route[-1] == "image" and not _LISTS.intersection(map(str, use.route))


def _results(image: str, item: KubeObject, kustomized: Kustomized) -> Iterator[str]:
    """The names that outermost build files give an image; a second one where too many would have to be followed."""
    if any(_applies(one, image) for one in kustomized.flux_images):
        yield from (image, "")  # to what stands at a path of some repository: who knows
        return
    pending, count = [(number, image) for number in kustomized.direct(item)], 0
    if not pending:
        yield image
    while pending:
        number, name = pending.pop()
        for each in (*kustomized.components(number), number):
            name = _renamed(name, kustomized.body(each).get("images"))
        outer = kustomized.includers(number)
        if not outer:
            yield name
        count += 1
        if count > _MOST:
            yield from (image, "")
            return
        pending += [(each, name) for each in outer]


def _renamed(image: str, entries: Any) -> str:
    for entry in entries if isinstance(entries, list) else ():
        if _applies(entry, image):
            name = text(dig(entry, "name"))
            behind = image[len(name) :]
            tag, digest = dig(entry, "newTag"), text(dig(entry, "digest"))
            if tag is not None or digest:
                behind = (f":{tag}" if tag is not None else "") + (f"@{digest}" if digest else "")
            image = without_login((text(dig(entry, "newName")) or name) + behind)
    return image


def _applies(entry: Any, image: str) -> bool:
    name = text(dig(entry, "name"))
    return bool(name) and image.startswith(name) and _BEHIND.fullmatch(image, len(name)) is not None
