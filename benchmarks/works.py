"""What is measured: the inputs and how each is made, and the commands that are run on them."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks import crowds, inputs
from benchmarks.measure import REGCRED, Row, peers, run

_CHECK: Final = ("check", "{input}", "--fail-on", "never")

TREE: Final = "tree of 2,000 files, 20 MB"
LIST: Final = "List, 50 MB YAML"
JSON: Final = "List, 200 MB JSON"
GATHERED: Final = "must-gather, 1 GB"
PACKED: Final = "must-gather, 1 GB in a tar.gz"
TEN: Final = "repository of 10 files"
SMALL: Final = "growth: 1x (3 MB YAML)"
LARGE: Final = "growth: 16x (48 MB YAML)"
FEW_SPACES: Final = "5,000 pods in 10 namespaces"
MANY_SPACES: Final = "5,000 pods in 5,000 namespaces"
FULL_SPACES: Final = "5,000 namespaces"
FINDINGS: Final = "100,000 findings"
REPORTED: Final = "10,000 findings"
BASELINE: Final = "a baseline of 100,000 lines"
SETTINGS: Final = "1,000 suppressions in the settings"
COMMENTS: Final = "1,000 suppressions in comments"
DUMPS: Final = "50 dumps"
EIGHT: Final = "8 dumps"
OVERLAYS: Final = "100 overlays"
FIX_FILES: Final = "--fix over 2,000 files"
FIX_FILE: Final = "--fix over one file of 10,000 documents"


class Input(NamedTuple):
    """What writes an input, and how its file name ends ("" for a folder)."""

    make: Callable[[Path], None]
    suffix: str = ""


class Work(NamedTuple):
    """A title, the name of its input, and the words of the command: `{input}` is replaced, `{inputs}` by all in it.

    `{baseline}` is the place of that input. `peers` are measured too; `fresh`: the command changes its input; `once`:
    it is run in one round.
    """

    title: str
    input: str
    words: tuple[str, ...] = _CHECK
    peers: bool = False
    fresh: bool = False
    once: bool = True
    codes: tuple[int, ...] = (0,)


def catalogue(scale: float) -> dict[str, Input]:
    """Every input by its name, `scale` times its size."""

    def sized(make: Callable[..., None], megabytes: float) -> Callable[[Path], None]:
        return partial(make, size=int(megabytes * inputs.MB * scale))

    def counted(make: Callable[..., None], count: int, word: str = "size") -> Callable[[Path], None]:
        return partial(make, **{word: max(int(count * scale), 1)})

    pods = int(5000 * scale)
    return {
        TREE: Input(partial(inputs.tree, files=int(2000 * scale))),
        LIST: Input(sized(inputs.yaml_list, 50), ".yaml"),
        JSON: Input(sized(inputs.json_list, 200), ".json"),
        GATHERED: Input(sized(inputs.dump, 1000)),
        PACKED: Input(sized(inputs.archive, 1000), ".tar.gz"),
        TEN: Input(partial(inputs.tree, files=10)),
        SMALL: Input(sized(inputs.yaml_list, 3), ".yaml"),
        LARGE: Input(sized(inputs.yaml_list, 48), ".yaml"),
        FEW_SPACES: Input(partial(inputs.namespaces, count=10, total=pods), ".json"),
        MANY_SPACES: Input(partial(inputs.namespaces, count=pods, total=pods), ".json"),
        FULL_SPACES: Input(counted(crowds.many_spaces, 5000), ".json"),
        FINDINGS: Input(counted(inputs.findings, 100_000, "count"), ".json"),
        REPORTED: Input(counted(inputs.findings, 10_000, "count"), ".json"),
        BASELINE: Input(counted(inputs.baseline, 100_000, "count"), ".txt"),
        SETTINGS: Input(counted(crowds.suppressed, 1000)),
        COMMENTS: Input(counted(crowds.commented, 1000), ".yaml"),
        DUMPS: Input(counted(crowds.dumps, 50)),
        EIGHT: Input(partial(inputs.dumps, count=8, size=int(8 * inputs.MB * scale))),
        OVERLAYS: Input(counted(crowds.overlays, 100)),
        FIX_FILES: Input(counted(crowds.files_of_defects, 2000)),
        FIX_FILE: Input(counted(crowds.manifests_of_defects, 10_000), ".yaml"),
    }


WORKS: Final = (
    Work(TREE, TREE, peers=True, once=False),
    Work(LIST, LIST, peers=True, once=False),
    Work(JSON, JSON, peers=True, once=False),
    Work(TEN, TEN, once=False),
    Work(SMALL, SMALL, once=False),
    Work(LARGE, LARGE, once=False),
    Work(GATHERED, GATHERED),
    Work(PACKED, PACKED),
    Work(
        f"resolve, {GATHERED}",
        GATHERED,
        ("resolve", "--image", "quay.io/team/app:1", "{input}", "-n", "space-00000"),
        codes=(0, 1),
    ),
    Work(FEW_SPACES, FEW_SPACES),
    Work(MANY_SPACES, MANY_SPACES),
    Work(FULL_SPACES, FULL_SPACES),
    Work(FINDINGS, FINDINGS),
    Work(f"{REPORTED}, {BASELINE}", REPORTED, (*_CHECK, "--baseline", "{baseline}")),
    Work(SETTINGS, SETTINGS, ("check", "{input}", "--config", "{input}/.regcred.yaml", "--fail-on", "never")),
    Work(COMMENTS, COMMENTS),
    Work(DUMPS, DUMPS, ("check", "{inputs}", "--fail-on", "never")),
    Work(OVERLAYS, OVERLAYS),
    Work(FIX_FILES, FIX_FILES, ("check", "{copy}", "--fix", "--fail-on", "never"), fresh=True),
    Work(FIX_FILE, FIX_FILE, ("check", "{copy}", "--fix", "--fail-on", "never"), fresh=True),
)

SIDE_BY_SIDE: Final = ((TREE, _CHECK), (EIGHT, ("check", "{inputs}", "--fail-on", "never")))
"""What is measured with `--jobs 1` and `--jobs 2`."""


def words(template: tuple[str, ...], place: Path, baseline: Path | None = None) -> tuple[str, ...]:
    """The command line of a work on the input at `place`."""
    found: list[str] = []
    for word in template:
        if word == "{inputs}":
            found += [str(one) for one in sorted(place.iterdir())]
        else:
            found.append(word.replace("{input}", str(place)).replace("{baseline}", str(baseline)))
    return (*REGCRED, *found)


def rows(only: str, places: Mapping[str, Path], *, beside: bool) -> Iterator[Row]:
    """The measurements of all works whose title holds `only`; `beside`: what others take for the same, too."""
    for work in WORKS:
        if only not in work.title:
            continue
        place = places[work.input]
        copied = place if work.fresh else None
        baseline = places[BASELINE] if "{baseline}" in work.words else None
        yield Row(work.title, words(work.words, place, baseline), copied=copied, once=work.once, codes=work.codes)
        for name, command in peers(place) if beside and work.peers else ():
            yield Row(f"{name}, {work.title}", command, work.title, once=True, codes=())


def jobs(only: str, places: Mapping[str, Path]) -> Iterator[Row]:
    """The measurements of one process beside two."""
    for name, template in SIDE_BY_SIDE:
        for count in (1, 2):
            title = f"{name}, --jobs {count}"
            if only in title:
                yield Row(title, words((*template, "--jobs", str(count)), places[name]))


def reports(place: Path, formats: list[str]) -> dict[str, float]:
    """Seconds on the clock that each format takes to report the findings of one input, judged once."""
    told = place.with_name(f"{place.name}.timing")
    asked = [word for name in formats for word in ("--format", f"{name}={place}.{name}")]
    run((*words(_CHECK, place), *asked, "--timing"), told)
    found = {}
    for line in told.read_text(encoding="utf-8").splitlines():
        seconds, _, phase = line.partition(" s ")
        share, _, name = phase.partition("%  report ")
        if name and share:
            found[name] = float(seconds)
    return found
