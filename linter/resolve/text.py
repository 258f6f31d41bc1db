"""An explanation as text for people: numbered steps, the verdict, the change."""

import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from linter.loglines import commandless
from linter.resolve.records import Explanation, Fate, KeyMatch, KeyStep, Subject, Verdict
from linter.resolve.words import reader
from linter.secret import without_logins

_MARKS = {KeyMatch.MATCH: "match", KeyMatch.NEAR: "near", KeyMatch.NONE: "no", KeyMatch.DROPPED: "dropped"}
_WORDS = {
    Verdict.CREDENTIAL: "works: ",
    Verdict.ANONYMOUS: "as it should be, as far as the scan tells: ",
    Verdict.UNCOVERED: "fails: ",
    Verdict.UNUSABLE: "fails: ",
    Verdict.DOUBTFUL: "most likely fails: ",
    Verdict.REFUSED: "fails: ",
    Verdict.FORBIDDEN: "fails: ",
    Verdict.BAD_IMAGE: "fails: ",
    Verdict.UNKNOWN: "not known: ",
}
_LABEL = 10
_KEYS = 30
_SUBJECTS = 8


def visible(text: str) -> str:
    """Return `text` on one line, with everything that would steer a terminal or a build service, or hide, escaped."""
    text = commandless(without_logins(text))
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    if unicodedata.category(char) == "Zs":
        return char if char == " " else f"\\u{ord(char):04x}"
    return char.encode("unicode_escape").decode("ascii")


def render(explanations: Sequence[Explanation], *, width: int = 100) -> str:
    """All explanations in full, an empty line between them."""
    return "\n\n".join("\n".join(_one(one, width)) for one in explanations) + "\n"


def render_overview(explanations: Sequence[Explanation], *, width: int = 100) -> str:
    """One line and a reason for every image of the scan, failing ones first, and a count at the end."""
    lines: list[str] = []
    for one in explanations:
        lines.extend(_brief(one, width))
    return "\n".join([*lines, *([""] if lines else []), _count(explanations)]) + "\n"


def _count(explanations: Sequence[Explanation]) -> str:
    fails = sum(one.verdict.fails for one in explanations)
    unknown = sum(one.verdict is Verdict.UNKNOWN for one in explanations)
    works = len(explanations) - fails - unknown
    return f"{fails} failing, {unknown} not known, {works} as they should be (regcred resolve IMAGE PATH… tells why)"


def _brief(one: Explanation, width: int) -> Iterator[str]:
    state = "FAILS" if one.verdict.fails else "?" if one.verdict is Verdict.UNKNOWN else "ok"
    yield f"{state:<6} {visible(one.image)}  [{one.verdict}]"
    yield from _block("for", [_subjects(one.subjects)], width)
    yield from _block("", [one.summary], width)
    if one.changes:
        yield from _block("change", [one.changes[0].summary], width)


def _one(one: Explanation, width: int) -> Iterator[str]:
    yield f"{visible(one.image)}, pulled by {reader(one.consumer)} for {_subjects(one.subjects)}"
    yield ""
    yield from _block("list", _list(one), width)
    yield from _block("secrets", list(_secrets(one)) or ["none"], width)
    yield from _block("keyring", list(_keyring(one)) or ["empty"], width)
    yield from _block("lookup", [one.lookup if one.lookup is not None else "none"], width)
    yield from _block("offered", _offers(one), width)
    yield from _block("verdict", [_WORDS[one.verdict] + one.summary], width)
    yield from _block("why", one.causes, width)
    for number, change in enumerate(one.changes):
        yield from _block("change" if number == 0 else "or", [change.summary], width)
        # A command is one line, however long: it is there to be copied.
        yield from (f"{'':<{_LABEL}}    {visible(line)}" for line in change.commands)
    yield from _block("note", one.notes, width)


def _block(label: str, items: Iterable[str], width: int) -> Iterator[str]:
    """Write items one below the other behind a label, wrapped, each with a hanging indent."""
    first = label
    for item in items:
        room = max(width - _LABEL, 40)
        lines = textwrap.wrap(
            visible(item), room, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False
        )
        for line in lines or [""]:
            yield f"{first:<{_LABEL}}{line}".rstrip()
            first = ""


def _subjects(subjects: Sequence[Subject]) -> str:
    named = []
    for one in subjects[:_SUBJECTS]:
        where = f" in namespace {one.namespace}" if one.namespace else ""
        cluster = f" (cluster {one.cluster})" if one.cluster else ""
        named.append(visible(f"{one.title}{where}{cluster}"))
    more = len(subjects) - _SUBJECTS
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _list(one: Explanation) -> list[str]:
    names = ", ".join(name or "(no name)" for name in one.list.names)
    lines = [f"{one.list.how}: {names or 'none'}" if ":" not in one.list.how else one.list.how]
    if one.list.masked:
        lines.append(f"not used: {', '.join(one.list.masked)}")
    return [*lines, *one.list.notes]


def _secrets(one: Explanation) -> Iterator[str]:
    for step in one.secrets:
        name = "(no name)" if not step.name else step.name
        if step.node_wide:
            name = f"node-wide file ({step.namespace}/{step.name})" if step.namespace else f"auth file {step.name}"
        place = f" (line {step.line}, column {step.column} of the payload" if step.line else ""
        place += f", entry {step.entry})" if step.line and step.entry else ")" if step.line else ""
        word = "" if step.fate is Fate.READ else f"{str(step.fate).upper()}, "
        yield f"{name}: {word}{step.reason}{place}"


def _keyring(one: Explanation) -> Iterator[str]:
    shown = [key for key in one.keys if key.match is not KeyMatch.NONE]
    rest = [key for key in one.keys if key.match is KeyMatch.NONE]
    keep = {id(key) for key in [*shown, *rest[: max(_KEYS - len(shown), 0)]]}
    for key in one.keys:
        if id(key) in keep:
            yield _key(key)
    if len(keep) < len(one.keys):
        yield f"… and {len(one.keys) - len(keep)} keys of other registries"


def _key(key: KeyStep) -> str:
    stored = f" -> {key.stored}" if key.stored != key.written and key.match is not KeyMatch.DROPPED else ""
    user = f" as {key.username}" if key.username else ""
    where = key.secret if key.secret is not None else "node-wide"
    why = f": {key.why}" if key.why else ""
    instead = f"; {key.instead} would match" if key.instead else ""
    return f"[{_MARKS[key.match]}] {key.written}{stored} ({where}{user}){why}{instead}"


def _offers(one: Explanation) -> list[str]:
    if not one.offers:
        return ["nothing"]
    lines = []
    for number, offer in enumerate(one.offers, 1):
        where = f"Secret {offer.secret}" if offer.secret is not None else "the node-wide file"
        user = f"user {offer.username}" if offer.username else "no user name"
        remark = f" ({offer.remark})" if offer.remark else ""
        lines.append(f"{number}. {user} of {where}, key {offer.key}{remark}")
    if one.consumer == "importer" and len(lines) > 1:
        lines[1:] = [f"never tried: {line}" for line in lines[1:]]
    if one.ambiguous:
        lines.append("the order is not defined: it changes from pull to pull")
    return lines
