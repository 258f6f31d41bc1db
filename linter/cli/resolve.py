"""Print, step by step, what a consumer will do for an image: its list of secrets, the keyring, the credential offered.

Without IMAGE every image of the scan is listed with its verdict, failing ones first. The first word counts as IMAGE
when it is no file, folder or URL, nor `-` or `cluster:`; --image says it outright. An image that nobody in the
scan uses is answered for a new pod of the namespace's default service account. An auth file (config.json of docker or
the kubelet, auth.json of podman) among the paths is what the nodes hold.

Exit codes: 0 a credential, or anonymous access, is offered as it should be (without IMAGE: nothing is known to fail);
1 it is not, or with IMAGE it cannot be known; 2 usage, configuration or internal error; 3 an input could not be read,
or nothing to judge was found in it.
"""

import argparse
import os
import sys
from typing import TYPE_CHECKING

from linter.cli import EXIT_CLEAN, EXIT_FINDINGS, EXIT_UNREADABLE
from linter.cli._live import add_live, named_namespaces
from linter.cli._render import add_render, render_of
from linter.cli._urls import shown_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from linter.engine import Material
    from linter.inventory import Inventory
    from linter.resolve import Explanation, Question
    from linter.sources.collection import Refused

INTERMIXED = True
_TOLD = 10
_NAMESPACE = "only this namespace; of a live cluster, kinds without a namespace are still asked for"
SUMMARY = "say step by step which credential an image is pulled with"
EXAMPLES = (
    ("regcred resolve dump.yaml", "every image of the cluster with its verdict, failing ones first"),
    ("regcred resolve quay.io/shop/web:1 cluster: -n shop", "will the cluster that kubectl talks to pull this image?"),
    (
        "regcred resolve quay.io/shop/web:1 -n shop --workload Deployment/web dump.yaml",
        "why does this workload not pull its image?",
    ),
    ("regcred resolve quay.io/shop/web:1 -n shop --serviceaccount builder dump.yaml", "could a pod of this account?"),
    ("regcred resolve quay.io/shop/web:1 -n shop --consumer importer dump.yaml", "could an image stream import it?"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `regcred resolve`."""
    parser.usage = "%(prog)s [IMAGE] PATH [PATH ...] [OPTIONS]"
    parser.add_argument(
        "words",
        nargs="+",
        metavar="[IMAGE] PATH",
        help="file, folder, archive, URL, cluster:[CONTEXT], or - for standard input; an image before them",
    )
    parser.add_argument("--image", metavar="IMAGE", help="the image, when every word is a path")
    parser.add_argument("-n", "--namespace", default="", metavar="NAMESPACE", help=_NAMESPACE)
    subject = parser.add_mutually_exclusive_group()
    subject.add_argument("--serviceaccount", default="", metavar="NAME", help="as a new pod of this account")
    subject.add_argument("--pod", default="", metavar="NAME", help="as this pod")
    subject.add_argument("--workload", default="", metavar="KIND/NAME", help="as the pods of this workload")
    parser.add_argument(
        "--consumer",
        choices=("kubelet", "importer", "containers"),
        default="",
        help="who pulls: the kubelet (pods), the OpenShift importer (image streams), or CRI-O, podman and skopeo with "
        "the node-wide file; default: kubelet, and the importer for what image streams import",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to answer; default: text")
    parser.add_argument(
        "--scope",
        choices=("auto", "cluster", "manifests"),
        default="auto",
        help="whether the input holds all that exists (cluster) or a part of it (manifests); default: auto",
    )
    parser.add_argument("--config", metavar="FILE", help="settings file; default: the nearest .regcred.yaml or .yml")
    add_live(parser, " or URL, or for each build of --render", namespaces=False)
    add_render(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `regcred resolve` and return its exit code."""
    from linter import engine, memory, settings  # noqa: PLC0415 - `--help` does not need the engine
    from linter.cli._progress import progress  # noqa: PLC0415 - as above
    from linter.resolve import Question, answers  # noqa: PLC0415 - as above
    from linter.secret import without_login  # noqa: PLC0415 - as above

    image, paths = split_words(arguments.image, arguments.words)
    live = any(path.startswith("cluster:") for path in paths)
    wanted = settings.load(arguments.config)
    memory.bind(wanted.limits.get("memory"))
    named, urls = shown_paths(paths, arguments.timeout)
    request = engine.Request(
        paths=named,
        urls=urls,
        scope=arguments.scope,
        settings=wanted,
        stdin=sys.stdin.buffer if "-" in paths else None,
        namespaces=named_namespaces(paths, [arguments.namespace] if live and arguments.namespace else []),
        progress=progress(),
        timeout=arguments.timeout,
        render=render_of(arguments, wanted.limits),
    )
    material = engine.load(request)
    _complain(material)
    if any(problem.fatal for problem in material.problems):
        return EXIT_UNREADABLE
    question = Question(
        without_login(image or ""),
        arguments.namespace,
        arguments.serviceaccount,
        arguments.pod,
        arguments.workload,
        arguments.consumer,
    )
    found = answers(_with_node_file(material.inventories), question, wanted)
    _write(_rendered(found, question, arguments.format))
    if image is None and not question.subject:
        return EXIT_FINDINGS if any(one.verdict.fails for one in found) else EXIT_CLEAN
    return EXIT_CLEAN if all(one.verdict.works for one in found) else EXIT_FINDINGS


def _with_node_file(inventories: "Sequence[Inventory]") -> "Sequence[Inventory]":
    """The inventories, with the auth file that was named as what their nodes hold.

    Raises `UsageError` for several of them, and for one that nodes do not read so.
    """
    files = [one for inventory in inventories for one in inventory.auth_files]
    if not files:
        return inventories
    from linter.errors import UsageError  # noqa: PLC0415 - few calls name one
    from linter.inventory.records import DOCKERCONFIGJSON  # noqa: PLC0415 - as above

    paths = [one.object.path for one in files]
    if len(files) > 1:
        raise UsageError(f"{paths[0]} and {paths[1]} are auth files: name the one that counts")
    if files[0].type != DOCKERCONFIGJSON:
        raise UsageError(f"{paths[0]} has the old form of .dockercfg: put its entries under `auths`")
    asked = [inventory for inventory in inventories if inventory.objects] or inventories
    return [inventory.on_nodes(files[0]) for inventory in asked]


def split_words(image: str | None, words: list[str]) -> tuple[str | None, tuple[str, ...]]:
    """Tell the image from the paths: the first word is one unless it is a path that exists, a URL, `-` or `cluster:`.

    With --image all words are paths.

    Raises `UsageError` when an image stands alone, without a path to look into, and for an empty word.
    """
    from linter.sources.addresses import is_url  # noqa: PLC0415 - the overview needs none of this

    first = words[0]
    if image is None and not first.strip():
        from linter.errors import UsageError  # noqa: PLC0415 - only a mistake needs it

        raise UsageError("the first word is empty: is a variable of the shell not set? IMAGE may be left out")
    if image is not None or first == "-" or first.startswith("cluster:") or is_url(first) or os.path.lexists(first):
        return image, tuple(words)
    if len(words) == 1:
        from linter.errors import UsageError  # noqa: PLC0415 - only a mistake needs it

        raise UsageError(f"{first!r} is no file or folder; to ask about an image, name a path or cluster: as well")
    return first, tuple(words[1:])


def _rendered(found: list["Explanation"], question: "Question", form: str) -> str:
    if form == "json":
        from linter.resolve import data  # noqa: PLC0415 - only the format asked for is loaded

        return data.render(found)
    from linter.resolve import text  # noqa: PLC0415 - as above

    width = _width()
    full = bool(question.image or question.subject)
    return text.render(found, width=width) if full and found else text.render_overview(found, width=width)


def _complain(material: "Material") -> None:
    """Say on standard error what could not be read: an answer may depend on it."""
    refused = [sentence for inventory in material.inventories for sentence in _unread(inventory.refused)]
    if not (material.problems or material.templated or refused):
        return
    from linter.resolve.text import visible  # noqa: PLC0415 - only a problem needs it

    for problem in material.problems[:_TOLD]:
        place = f"{problem.path}:{problem.line}" if problem.line else problem.path
        said = f"{place}: {problem.message}" + (f": {problem.remedy}" if problem.remedy else "")
        sys.stderr.write(f"regcred: {visible(said)}\n")
    more = len(material.problems) - _TOLD
    if more > 0:
        sys.stderr.write(f"regcred: and {more} more that could not be read\n")
    for sentence in refused[:_TOLD]:
        sys.stderr.write(f"regcred: not read: {visible(sentence)}\n")
    if len(refused) > _TOLD:
        sys.stderr.write(f"regcred: and {len(refused) - _TOLD} more kinds that were refused\n")
    if material.templated:
        sys.stderr.write(f"regcred: left out, because they are unrendered templates: {len(material.templated)}\n")


def _unread(refused: "Sequence[Refused]") -> list[str]:
    """Say what a cluster did not show. Kinds that live in no namespace, which no Role can grant, make one sentence."""
    wide = [one for one in refused if one.why == "forbidden" and one.namespaces == ("",)]
    if len(wide) < 2:
        return [one.sentence() for one in refused]
    kinds = ", ".join(one.kind for one in wide)
    told = f"{len(wide)} kinds that live in no namespace may not be listed: {kinds}"
    return [*(one.sentence() for one in refused if one not in wide), told]


def _write(text: str) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def _width() -> int:
    if not sys.stdout.isatty():
        return 100
    import shutil  # noqa: PLC0415 - only a terminal has a width

    return max(60, min(shutil.get_terminal_size().columns, 140))
