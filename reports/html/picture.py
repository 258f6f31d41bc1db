"""The picture of who pulls what with which secret: accounts, workloads, secrets, registries, images and links.

A view is the picture of one cause or one namespace (or of everything, where that is little). It is laid out here and
only drawn by the template and by the script, both in the same way. What fails is drawn first; a view never grows
beyond what a person takes in, and says how much it leaves out.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from linter.model import Finding, ObjectRef, Pull, SecretUse
from reports._phrases import count
from reports._visible import cells
from reports.html.rows import LEVELS, Row
from reports.html.story import FAILS, MAY, UNKNOWN, WORKS, Told

_Key = tuple[object, ...]

DRAWN: Final = 12
"""So many pulls are drawn in one view."""

_CAUSES: Final = 40
_SPACES: Final = 120
_OTHERS: Final = 2
_MOST: Final = 6

WIDTH: Final = 1040
_COLUMNS: Final = ((0, 300), (390, 260), (740, 300))
_ROW: Final = 42
_HEAD: Final = 30
_GAP: Final = 14
_TOP: Final = 34

_ENDS: Final = {FAILS: "will fail", MAY: "may fail", UNKNOWN: "not known", WORKS: "works"}
_LINK: Final = {FAILS: "bad", MAY: "may", UNKNOWN: "dim", WORKS: "ok"}
_RANK: Final = ("ok", "dim", "may", "bad")
_STATES: Final = {
    "fatal": ("bad", "does not decode"),
    "missing": ("bad", "is not in the scan"),
    "skipped": ("dim", "passed over"),
    "unknown": ("dim", "cannot be judged"),
}


class Node(NamedTuple):
    """A box: `kind` is head (of a group), row or secret; `state` is ok, dim, may, bad or ghost; all in user units."""

    x: int
    y: int
    width: int
    height: int
    kind: str
    state: str
    label: str
    note: str
    full: str


class Link(NamedTuple):
    """A line between two boxes, by their places. `cut`: it is here that the way breaks."""

    start: int
    end: int
    state: str
    cut: int
    path: str
    x: int
    y: int


class Word(NamedTuple):
    """One pull of a view in words."""

    state: str
    who: str
    account: str
    secrets: str
    image: str
    end: str
    summary: str


class View(NamedTuple):
    """One picture. `chains` holds the boxes of each pull, to follow it; `left` says what is not drawn."""

    id: str
    group: str
    label: str
    title: str
    height: int
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    chains: tuple[tuple[int, ...], ...]
    words: tuple[Word, ...]
    left: str


class Views(NamedTuple):
    """All pictures of a page; `of_cause` gives a finding's by its place, `more` counts namespaces left out."""

    views: tuple[View, ...]
    of_cause: Mapping[int, str]
    more: int


def views(findings: Sequence[Finding], rows: Sequence[Row], told: Sequence[Told]) -> Views:
    """Return the pictures worth drawing: all at once where that is little, every great cause, every namespace."""
    if not told:
        return Views((), {}, 0)
    found: list[View] = []
    if len(told) <= DRAWN and len(_spaces(told)) > 1:
        found.append(_Drawing(told, findings, wide=True).view("all", "Everything", "all pulls and imports"))
    of_cause: dict[int, str] = {}
    for at, hit in _worst(findings, told)[:_CAUSES]:
        ident = "cause:" + rows[at].id.removeprefix("f-")
        cluster = f" ({findings[at].cluster})" if findings[at].cluster else ""
        label = f"{findings[at].code} {rows[at].object}{cluster}"
        wide = len({one.pull.who[0].namespace for one in hit}) > 1
        found.append(_Drawing(hit, findings, wide=wide).view(ident, "One cause", label))
        of_cause[at] = ident
    spaces = _spaces(told)
    for (cluster, space), members in list(spaces.items())[:_SPACES]:
        label = ": ".join(filter(None, (cluster, space or "no namespace")))
        found.append(_Drawing(members, findings, wide=False).view(f"ns:{label}", "One namespace", label))
    return Views(tuple(found), of_cause, max(len(spaces) - _SPACES, 0))


def _spaces(told: Iterable[Told]) -> dict[tuple[str, str], list[Told]]:
    """The pulls by cluster and namespace; those with the most that fail first."""
    spaces: dict[tuple[str, str], list[Told]] = {}
    for one in told:
        spaces.setdefault((one.pull.cluster, one.pull.who[0].namespace), []).append(one)

    def weight(members: list[Told]) -> tuple[int, int]:
        broken = [sum(one.pull.amount for one in members if one.status == end) for end in (FAILS, MAY)]
        return -broken[0], -broken[1]

    return dict(sorted(spaces.items(), key=lambda pair: (*weight(pair[1]), pair[0])))


def _worst(findings: Sequence[Finding], told: Iterable[Told]) -> list[tuple[int, list[Told]]]:
    hit: dict[int, list[Told]] = {}
    for one in told:
        for at in one.causes:
            hit.setdefault(at, []).append(one)
    amounts = {at: sum(one.pull.amount for one in members) for at, members in hit.items()}
    order = sorted(hit, key=lambda at: (LEVELS.index(findings[at].severity.label), -amounts[at], at))
    return [(at, hit[at]) for at in order]


class _Drawing:
    """Lays out one view: boxes in three columns, top to bottom in the order in which pulls need them."""

    def __init__(self, told: Sequence[Told], findings: Sequence[Finding], *, wide: bool) -> None:
        self.told = told
        self.findings = findings
        self.wide = wide
        heads: dict[_Key, int] = {}
        for one in told[:DRAWN]:
            heads.setdefault(_head(one.pull), len(heads))
        # Pulls of one account stand together, so that the other columns follow the same order.
        self.drawn = sorted(told[:DRAWN], key=lambda one: heads[_head(one.pull)])
        self.boxes: dict[_Key, Node] = {}
        self.groups: dict[_Key, list[_Key]] = {}
        self.columns: list[dict[_Key, None]] = [{}, {}, {}]
        self.ties: dict[tuple[_Key, _Key], tuple[str, int]] = {}
        self.chains: list[list[_Key]] = []

    def view(self, ident: str, group: str, label: str) -> View:
        """Draw it."""
        for one in self.drawn:
            self._pull(one)
        nodes, places, height = self._placed()
        links = tuple(_link(nodes, places[one], places[other], *tie) for (one, other), tie in self.ties.items())
        rest = self.told[DRAWN:]
        return View(
            id=ident,
            group=group,
            label=label,
            title=f"Who pulls what with which secret: {label}",
            height=height,
            nodes=tuple(nodes),
            links=tuple(sorted(links, key=lambda link: _RANK.index(link.state))),
            chains=tuple(tuple(places[key] for key in dict.fromkeys(chain)) for chain in self.chains),
            words=tuple(self._word(one) for one in self.drawn),
            left=_left(rest),
        )

    def _pull(self, one: Told) -> None:
        pull, link = one.pull, _LINK[one.status]
        head, row = self._source(pull, link)
        image = self._image(pull, one.status)
        chain = [head, row]
        start = row if pull.source == "own" else head
        through = False
        for use in _telling(pull):
            secret = self._secret(pull, use)
            good = bool(use.key) and use.state == "read"
            broken = use.state in ("fatal", "missing")
            self._tie(start, secret, link if good or (broken and link in ("bad", "may")) else "dim", broken)
            chain.append(secret)
            if good or (broken and link in ("bad", "may")):
                self._tie(secret, image, link, False)
                through = True
        if not through:
            chain.append(self._without(one, start, row, image, link))
        self.chains.append([*chain, image, ("registry", pull.registry)])

    def _without(
        self, one: Told, start: _Key, row: _Key, image: _Key, link: str
    ) -> _Key:
        """No secret of the list offers anything: draw the one that was meant to, where a finding names it."""
        pull = one.pull
        meant = self._meant(one)
        if meant is not None:
            key: _Key = ("secret", pull.cluster, meant.namespace, meant.name)
            self._box(key, 1, "secret", "ghost", meant.name, "not in the list of pulls", str(meant))
            self._tie(start, key, link, True)
            self._tie(key, image, link, False)
            return key
        key = ("none", link)
        broken = link in ("bad", "may")
        self._box(key, 1, "secret", "ghost" if broken else "dim", "no credential", "none is offered", "no credential")
        self._tie(row, key, link, False)
        self._tie(key, image, link, broken)
        return key

    def _meant(self, one: Told) -> ObjectRef | None:
        listed = {use.name for use in one.pull.secrets}
        for at in one.causes:
            finding = self.findings[at]
            for ref in (finding.object, *(related.object for related in finding.related)):
                near = ref is not None and ref.namespace == one.pull.who[0].namespace
                if ref is not None and near and ref.kind == "Secret" and ref.name not in listed:
                    return ref
        return None

    def _source(self, pull: Pull, state: str) -> tuple[_Key, _Key]:
        """The box of the account (or the imports) with the row of those who pull inside."""
        first = pull.who[0]
        space = f"{first.namespace} / " if self.wide and first.namespace else ""
        named = "imports of the namespace" if pull.imports else f"service account {pull.account}"
        head = _head(pull)
        self._box(head, 0, "head", "dim", space + named, "", space + named)
        row = ("who", pull.cluster, first, pull.source == "own")
        note = first.kind if pull.amount == 1 else f"{first.kind} and {count(pull.amount - 1, 'other')}"
        if pull.source == "own":
            note += ", its own list"
        self._box(row, 0, "puller", state, first.name, note, "; ".join(str(ref) for ref in pull.who[:6]), head)
        return head, row

    def _image(self, pull: Pull, status: str) -> _Key:
        host = pull.registry or "no registry"
        head = ("registry", pull.registry)
        self._box(head, 2, "head", "dim", host, "", host)
        short = pull.image.removeprefix(f"{pull.registry}/")
        key = ("image", pull.registry, pull.image)
        self._box(key, 2, "row", _LINK[status], short, _ENDS[status], pull.image, head)
        return key

    def _secret(self, pull: Pull, use: SecretUse) -> _Key:
        space = pull.who[0].namespace
        match = ("ok", f"has {use.key}") if use.key else ("dim", "has no match")
        state, note = _STATES.get(use.state, match)
        key = ("secret", pull.cluster, space, use.name)
        full = f"Secret {use.name}: {use.reason}" if use.reason else use.name
        self._box(key, 1, "secret", state, use.name, note, full)
        return key

    def _box(
        self, key: _Key, column: int, kind: str, state: str, label: str, note: str, full: str, group: _Key = ()
    ) -> None:
        known = self.boxes.get(key)
        if known is not None:
            if _RANK.index(state.replace("ghost", "bad")) > _RANK.index(known.state.replace("ghost", "bad")):
                self.boxes[key] = known._replace(state=state, note=note)
            return
        x, width = _COLUMNS[column]
        self.boxes[key] = Node(x, 0, width, _HEAD if kind == "head" else _ROW, kind, state, label, note, full)
        if group:
            self.groups.setdefault(group, []).append(key)
        else:
            self.columns[column][key] = None

    def _tie(self, one: _Key, other: _Key, state: str, cut: bool) -> None:
        known = self.ties.get((one, other), ("ok", 0))
        worse = max(state, known[0], key=_RANK.index)
        self.ties[(one, other)] = (worse, int(cut or bool(known[1])))

    def _placed(self) -> tuple[list[Node], dict[_Key, int], int]:
        """Put the boxes of each column under each other, the columns in the middle of the picture."""
        heights = [sum(self._height(key) + _GAP for key in column) - _GAP for column in self.columns]
        tallest = max(heights)
        nodes: list[Node] = []
        places: dict[_Key, int] = {}
        for column, height in zip(self.columns, heights, strict=True):
            y = _TOP + (tallest - height) // 2
            for key in column:
                for member in (key, *self.groups.get(key, ())):
                    box = self.boxes[member]
                    places[member] = len(nodes)
                    nodes.append(_fitted(box._replace(y=y)))
                    y += box.height
                y += _GAP
        return nodes, places, _TOP + tallest + 6

    def _height(self, key: _Key) -> int:
        return sum(self.boxes[member].height for member in (key, *self.groups.get(key, ())))

    def _word(self, one: Told) -> Word:
        pull = one.pull
        first = pull.who[0]
        more = f" and {count(pull.amount - 1, 'other')}" if pull.amount > 1 else ""
        listed = [use.name + (f" ({_STATES[use.state][1]})" if use.state in _STATES else "") for use in _telling(pull)]
        where = {"account": pull.account, "own": f"{pull.account}, own list", "namespace": "import"}
        return Word(
            state=_LINK[one.status],
            who="/".join(filter(None, (first.namespace, first.kind, first.name))) + more,
            account=where.get(pull.source, pull.account or "import"),
            secrets=", ".join(listed) or "none",
            image=pull.image,
            end=_ENDS[one.status],
            summary=self.findings[one.causes[0]].message if one.causes else pull.summary,
        )


def _head(pull: Pull) -> _Key:
    return ("account", pull.cluster, pull.who[0].namespace, pull.account)


def _telling(pull: Pull) -> list[SecretUse]:
    """The secrets of a list that decide its end, and a few of the others."""
    telling = [use for use in pull.secrets if use.key or use.state in ("fatal", "missing")]
    others = [use for use in pull.secrets if use not in telling and use.name != "node-wide file"]
    return [use for use in pull.secrets if use in telling[:_MOST] or use in others[:_OTHERS]]


def _fitted(node: Node) -> Node:
    """Cut the texts of a box to its width; what it is called in full stays beside them."""
    head = node.kind == "head"
    inside = node.width - 28
    room = inside * 10 // (74 if head else 88)
    return node._replace(label=_cut(node.label, room), note=_cut(node.note, inside * 10 // 70))


def _cut(text: str, room: int) -> str:
    """Cut out the middle of a text that is wider than `room` characters: both ends tell the most."""
    if cells(text) <= room:
        return text
    if not text.isascii():
        room = max(room // 2, 4)
    return f"{text[: room // 2]}…{text[len(text) - (room - room // 2 - 1) :]}"


def _link(nodes: Sequence[Node], start: int, end: int, state: str, cut: int) -> Link:
    one, other = nodes[start], nodes[end]
    x1, y1 = one.x + one.width, one.y + one.height // 2
    x2, y2 = other.x, other.y + other.height // 2
    bend = (x2 - x1) // 2
    path = f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
    return Link(start, end, state, cut, path, (x1 + x2) // 2, (y1 + y2) // 2)


def _left(rest: Sequence[Told]) -> str:
    """Say how many pulls a view leaves out, and how they end."""
    if not rest:
        return ""
    ends = [(_ENDS[end], sum(one.pull.amount for one in rest if one.status == end)) for end in _ENDS]
    ends = [("work" if label == "works" and number > 1 else label, number) for label, number in ends]
    return "Not drawn: " + ", ".join(f"{number:,} {label}" for label, number in ends if number) + "."
