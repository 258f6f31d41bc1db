"""Writes the inputs of the measurements into a folder: trees, lists and dumps of a wanted size."""

import io
import itertools
import json
import random
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from benchmarks import objects, workloads
from benchmarks.objects import Stamp, to_json, to_yaml
from benchmarks.parts import NAME

MB: Final = 1_000_000


def yaml_list(path: Path, size: int) -> None:
    """Write one List of about `size` bytes, as `kubectl get -A -o yaml` does."""
    with path.open("w", encoding="utf-8") as stream:
        written = stream.write("apiVersion: v1\nitems:\n")
        for text in objects.cluster(to_yaml, prefix="  "):
            written += stream.write("- " + text.rstrip("\n ") + "\n")
            if written >= size:
                break
        stream.write('kind: List\nmetadata:\n  resourceVersion: ""\n')


def json_list(path: Path, size: int) -> None:
    """Write one List of about `size` bytes, as `kubectl get -A -o json` does."""
    glue, indent = '{\n    "apiVersion": "v1",\n    "items": [\n', " " * 8
    with path.open("w", encoding="utf-8") as stream:
        written = 0
        for text in objects.cluster(to_json, prefix=indent):
            written += stream.write(glue + indent + text)
            glue = ",\n"
            if written >= size:
                break
        stream.write('\n    ],\n    "kind": "List",\n    "metadata": {\n        "resourceVersion": ""\n    }\n}\n')


def namespaces(path: Path, count: int, total: int) -> None:
    """Write `total` pods spread over `count` namespaces, with an account and a secret in each, as one List of JSON."""
    few = [Stamp(kind, json.dumps) for kind in (objects.service_account, objects.pull_secret)]
    pod = Stamp(workloads.pod, json.dumps)
    spaces = [f"space-{number:05d}" for number in range(count)]
    items = [stamp(space) for space in spaces for stamp in few]
    items.extend(pod(space) for space in itertools.islice(itertools.cycle(spaces), total))
    _compact(path, items)


def tree(folder: Path, files: int) -> None:
    """Write a repository of `files` files of 10 KB each on average: applications, pods as exported, definitions."""
    application = [
        Stamp(_plain_deployment, to_yaml),
        Stamp(objects.service, to_yaml),
        Stamp(objects.service_account, to_yaml),
    ]
    single: list[tuple[str, Stamp, int]] = [
        ("pod", Stamp(workloads.pod, to_yaml), 4),
        ("settings", Stamp(objects.config_map, to_yaml), 3),
        ("definition", Stamp(objects.resource_definition, to_yaml), 1),
        ("secret", Stamp(objects.pull_secret, to_yaml), 2),
        ("stream", Stamp(objects.image_stream, to_yaml), 1),
    ]

    def app(space: str) -> str:
        return "---\n".join(stamp(space) for stamp in application)

    kinds: list[tuple[str, Callable[[str], str]]] = [("app", app)] * 7
    kinds += [(name, stamp) for name, stamp, weight in single for _ in range(weight)]
    for number, (name, make) in zip(range(files), itertools.cycle(kinds), strict=False):
        place = folder / f"team-{number // 90:03d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{name}-{number:05d}.yaml").write_text(make(f"space-{number // 90:05d}"), encoding="utf-8")


def _plain_deployment(dice: random.Random) -> dict[str, object]:
    return workloads.deployment(dice, live=False)


def dump(folder: Path, size: int) -> None:
    """Write a must-gather of about `size` bytes: a list a kind and namespace."""
    for name, text in _dumped(size):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


def dumps(folder: Path, count: int, size: int) -> None:
    """Write `count` clusters, each a must-gather of about `size` bytes."""
    for number in range(count):
        dump(folder / f"must-gather-{number}", size)


def archive(path: Path, size: int) -> None:
    """Write the same must-gather as a tar.gz, in which it is of about `size` bytes."""
    with tarfile.open(path, "w:gz", compresslevel=1) as packed:
        for name, text in _dumped(size):
            data = text.encode()
            member = tarfile.TarInfo(f"must-gather/{name}")
            member.size = len(data)
            packed.addfile(member, io.BytesIO(data))


def _dumped(size: int) -> Iterator[tuple[str, str]]:
    """Yield the files of a must-gather, each with its path."""
    written = 0
    stamps = [(make.__name__, Stamp(make, to_yaml, prefix="  "), count) for make, count in objects.PER_NAMESPACE]
    for number in itertools.count():
        space = f"space-{number:05d}"
        for name, stamp, count in stamps:
            items = "".join("- " + stamp(space).rstrip("\n ") + "\n" for _ in range(count))
            text = f'---\napiVersion: v1\nitems:\n{items}kind: List\nmetadata:\n  resourceVersion: ""\n'
            written += len(text)
            yield f"namespaces/{space}/core/{name}s.yaml", text
        if written >= size:
            return


def findings(path: Path, count: int) -> None:
    """Write a List that yields about `count` findings: pull secrets with defects, and pods that cannot use them."""
    stamp = Stamp(_broken_secret, json.dumps)
    items = (stamp(f"space-{number % 500:05d}") for number in range(count))
    _compact(path, items)


def baseline(path: Path, count: int) -> None:
    """Write a baseline of `count` findings that are no more."""
    dice = random.Random(count)
    lines = sorted(f"{dice.getrandbits(64):016x} RC108 Secret/space-{number % 500:05d}/gone" for number in range(count))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _compact(path: Path, items: Iterable[str]) -> None:
    path.write_text('{"apiVersion":"v1","kind":"List","items":[' + ",\n".join(items) + "]}", encoding="utf-8")


def _broken_secret(dice: random.Random) -> dict[str, object]:
    found = objects.pull_secret(dice)
    found["metadata"] = {**found["metadata"], "name": NAME}
    found["data"] = {".dockerconfigjson": objects.encoded('{"auths":{"quay.io":{"auth":"dXNlcg=="}}}')}
    return found


def cached(folder: Path, name: str, make: Callable[[Path], None]) -> Path:
    """Return the input `name` below `folder`, made unless it is there."""
    path = folder / name
    if not path.exists():
        partial = folder / f"{name}.partial"
        make(partial)
        partial.rename(path)
    return path


def sizes(path: Path) -> Iterator[int]:
    """Yield the size of every file of an input."""
    for one in [path] if path.is_file() else path.rglob("*"):
        if one.is_file():
            yield one.stat().st_size
