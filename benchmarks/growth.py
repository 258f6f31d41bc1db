"""How the time of a whole call grows with crowded inputs: at a size, at four and at sixteen times that size.

An exponent of 1 is linear: twice the input, twice the time. It is that of the last step, in which what is done once a
call counts least; what a call takes for next to nothing is taken off all times.
"""

import math
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks import crowds
from benchmarks.measure import REGCRED, run

STEPS: Final = (1, 4, 16)
_CHECK: Final = (*REGCRED, "check", "--fail-on", "never")
_NOISE: Final = 0.15
"""Seconds under which a time says nothing: a call for next to nothing takes as much."""


class Crowd(NamedTuple):
    """An input that grows: a title, what writes it, the smaller size, the suffix of its file ("" for a folder).

    Among the further words of the command `{folder}` stands for a folder that is not there yet, `{input}` for the
    input.
    """

    title: str
    make: crowds.Maker
    size: int
    suffix: str = ".json"
    words: tuple[str, ...] = ()


_SETTINGS: Final = ("--config", "{input}/.regcred.yaml")

CROWDS: Final = (
    Crowd("one namespace: N secrets with fixes, N workloads, N imports", crowds.own_registries, 125),
    Crowd("one namespace: N secrets for one registry, N imports from it", crowds.one_registry, 125),
    Crowd("one namespace: one secret, N imports from its registry", crowds.one_secret, 1000),
    Crowd("one namespace: one secret of N wildcards, an import for each", crowds.wildcards, 250),
    Crowd("one namespace: N secrets with Docker Hub's key, N imports", crowds.same_key, 125),
    Crowd("one namespace: 8 undecodable secrets, N imports", crowds.poisoned, 125),
    Crowd("one namespace: N accounts with 20 of N secrets each, N workloads", crowds.many_accounts, 125),
    Crowd("one namespace: N unlinked secrets that N workloads need", crowds.unlinked, 125),
    Crowd("one account with N secrets, N workloads", crowds.long_account, 60),
    Crowd("one account that lists N secrets twice, N workloads", crowds.repeated_links, 100),
    Crowd("one workload that lists N secrets twice, N others", crowds.repeated_links_of_workloads, 100),
    Crowd("one secret with N entries, N/10 workloads of 10 images", crowds.long_secret, 250),
    Crowd("one secret with N entries, N/10 with a fix", crowds.long_secret_of_defects, 125),
    Crowd("one secret with N entries, N/10 with a fix, --fix", crowds.long_secret_of_defects, 125, words=("--fix",)),
    Crowd("one secret with N entries that cannot be decoded", crowds.long_secret_of_rubbish, 1000),
    Crowd("N namespaces, each with a secret for one host that nobody links", crowds.same_host_everywhere, 500),
    Crowd("N repositories with mirrors, N workloads", crowds.mirrored, 1000),
    Crowd("one secret with N entries, one image stream of N tags", crowds.long_stream, 60),
    Crowd("one secret with N entries, one workload of N containers", crowds.long_pod, 60),
    Crowd("N accounts that name N secrets nearly", crowds.missing, 60),
    Crowd("N secrets of one registry, N workloads that name others", crowds.missing_beside, 125),
    Crowd("N secrets, N pulls and N imports of other registries", crowds.strangers, 60),
    Crowd("one account with N secrets, N workloads and N builds that do not get theirs", crowds.masked, 60),
    Crowd("one host with N ports, N workloads that name others", crowds.other_ports, 60),
    Crowd("N namespaces with a secret of one name, N others that name it", crowds.named_elsewhere, 250),
    Crowd("one account that lists N secrets for mounts only, N workloads", crowds.mounted, 60),
    Crowd("N namespaces", crowds.many_spaces, 60),
    Crowd("N image streams", crowds.streams, 250),
    Crowd("N findings, N entries of `ignore` that name them", crowds.suppressed, 125, "", _SETTINGS),
    Crowd("N findings, N entries of `ignore` by path and pattern", crowds.suppressed_elsewhere, 125, "", _SETTINGS),
    Crowd("one account that lists N secrets twice, --fix", crowds.repeated_links, 100, words=("--fix",)),
    Crowd("one line of JSON of N secrets, --fix", crowds.line_of_defects, 125, words=("--fix",)),
    Crowd("one file of N secrets, --fix", crowds.manifests_of_defects, 60, ".yaml", ("--fix",)),
    Crowd("one file of N secrets, --diff", crowds.manifests_of_defects, 250, ".yaml", ("--diff",)),
    Crowd("one file of N secrets, --fix-dir", crowds.manifests_of_defects, 250, ".yaml", ("--fix-dir", "{folder}")),
    Crowd(
        "one account that N secrets are missing from, --fix-dir", crowds.unlinked, 125, words=("--fix-dir", "{folder}")
    ),
)


def rows(only: str, scale: float) -> Iterator[tuple[str, int, list[float]]]:
    """Yield for each crowd its title, its size, and the seconds for each of `STEPS` times that size."""
    with tempfile.TemporaryDirectory() as temporary:
        least = Path(temporary) / "least.json"
        crowds.many_spaces(least, 1)
        start = run((*_CHECK, str(least))).seconds
        for crowd in CROWDS:
            if only not in crowd.title:
                continue
            small = max(int(crowd.size * scale), 4)
            yield crowd.title, small, [_seconds(crowd, Path(temporary), small * step) - start for step in STEPS]


def _seconds(crowd: Crowd, temporary: Path, size: int) -> float:
    place, folder = temporary / f"input{crowd.suffix}", temporary / "written"
    crowd.make(place, size)
    words = [word.replace("{folder}", str(folder)).replace("{input}", str(place)) for word in crowd.words]
    try:
        return run((*_CHECK, str(place), *words)).seconds
    finally:
        for one in (place, folder):
            if one.exists():
                shutil.rmtree(one) if one.is_dir() else one.unlink()


def exponent(times: Sequence[float]) -> float | None:
    """The power of the size with which a time grew in the last step; None where the smaller one is noise."""
    small, large = times[-2:]
    if small < _NOISE:
        return None
    return math.log(max(large, 0.001) / small) / math.log(STEPS[-1] / STEPS[-2])


def table(only: str, scale: float) -> Iterator[str]:
    """Measure, and yield the lines of one table, each when it is known."""
    yield "| growth | N | seconds | 4 N | 16 N | exponent |"
    yield "|---|---:|---:|---:|---:|---:|"
    for title, small, times in rows(only, scale):
        power = exponent(times)
        told = [*(f"{max(one, 0):.2f}" for one in times), "" if power is None else f"{power:.2f}"]
        yield f"| {title} | {small:,} | {' | '.join(told)} |"
