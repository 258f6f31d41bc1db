"""Inputs and rules to a finished `Run`: read, recognise, join, judge, locate. The one place where the parts meet."""

from contextlib import suppress
from functools import cache

from linter.documents import collector_off
from linter.engine.finish import completed, judged, order
from linter.engine.joining import joined
from linter.engine.judging import catalogue, chosen_rules, copies_gone, judge, may_be_wrong, prepared
from linter.engine.reader import Reader
from linter.engine.requests import Entered, Entry, Had, Handed, Material, Meanwhile, Request, Result, Spread
from linter.model import Scope
from linter.universes import universes


def load(request: Request) -> Material:
    """Read and join the inputs of `request`, judging nothing. What cannot be read is in the result, never raised."""
    with copies_gone(request):
        reader = Reader(request)
        groups = universes(reader.inputs, request.scope, request.among)
        inventories = tuple(joined(group, reader)[0] for group in groups)
        reader.ahead.forget()
    templated = tuple(entry for _, entry in reader.templated)
    return Material(inventories, tuple(reader.problems), templated)


def run(request: Request) -> Result:
    """Judge the inputs of `request`.

    Raises `UsageError` for a rule selector that means nothing. What cannot be read is in the result, never raised.
    """
    with collector_off(old=True), copies_gone(request):
        prepare = cache(lambda: prepared(request))

        def meanwhile() -> None:
            with suppress(MemoryError):  # whoever needs the rules next tells of it
                prepare()

        if request.spread is None or may_be_wrong(request):
            prepare()
        request.lap("start")
        reader = Reader(request, meanwhile=meanwhile)
        settings, chosen = prepare()
        groups = universes(reader.inputs, request.scope, request.among)
        return judged(request, settings, chosen, reader, groups, whole=request.among is None)


def run_clusters(request: Request) -> Result | Handed:
    """Judge the inputs of `request` where they are clusters and nothing else; else hand back what was read.

    How the suppressions of the settings fared is left to whoever puts results together. Raises as `run`.
    """
    with collector_off(), copies_gone(request):
        settings, chosen = chosen_rules(request)
        reader = Reader(request, hand=True)
        groups = list(universes(reader.inputs, request.scope, request.among))
        found = any(source.found for source in reader.inputs)
        if not found or any(group.recognised.scope is not Scope.CLUSTER for group in groups):
            return Handed(reader.taken, tuple(reader.problems), found)
        return judged(request, settings, chosen, reader, groups, whole=False)


__all__ = [
    "Entered",
    "Entry",
    "Had",
    "Handed",
    "Material",
    "Meanwhile",
    "Request",
    "Result",
    "Spread",
    "catalogue",
    "chosen_rules",
    "completed",
    "judge",
    "load",
    "order",
    "run",
    "run_clusters",
]
