import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
import report_runs as runs

from linter.model import Baseline, ExcerptLine, Location, ObjectRef, Pull, Pulls, SecretUse
from reports._verdict import verdict
from reports._visible import visible
from reports.contract import Options
from reports.html import render
from reports.html.manual import blocks
from reports.html.view import page

VOID = {"meta", "input"}
IMPLIED = {"li", "dt", "dd", "th", "td"}


class Page(HTMLParser):
    """The elements of a page, its text, the text of its scripts and style, and the data for them."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.text, self.open, self.own, self.data = [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        while self.open and self.open[-1] in IMPLIED and self.open[-1] != tag:
            self.open.pop()
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "script"):
            self.text.append(data)
        else:
            is_data = self.elements[-1][1].get("type") == "application/json"
            (self.data if is_data else self.own).append(data)


def shown(run):
    return Page(render(run, Options()))


@pytest.fixture(scope="module")
def full():
    return shown(runs.FULL)


def test_everything_is_closed_and_every_identity_is_one(full):
    assert set(full.open) <= IMPLIED
    ids = [attributes["id"] for _, attributes in full.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_the_policy_allows_exactly_what_is_inside(full):
    policy = next(
        attributes["content"]
        for tag, attributes in full.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in full.own]
    style, *scripts = hashes
    assert policy.split("; ")[:3] == [
        "default-src 'none'",
        f"style-src {style}",
        f"script-src {' '.join(scripts)}",
    ]
    assert "unsafe" not in policy


@pytest.mark.parametrize("run", [runs.FULL, *map(runs.hostile, runs.HOSTILE)])
def test_nothing_is_fetched_and_nothing_runs_from_attributes(run):
    found = shown(run)
    for tag, attributes in found.elements:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form", "video", "audio", "source")
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in ("style", "src", "srcset", "action", "formaction", "xlink:href")
            assert name != "href" or value.startswith("#")
    assert [tag for tag, _ in found.elements].count("script") == 3
    assert len(found.data) == 1
    assert json.loads(found.data[0])["texts"]
    assert not any("url(" in text or "@import" in text for text in found.own)


@pytest.mark.parametrize(
    "text", [text for text in runs.HOSTILE if text.isascii() and text.isprintable() and "##" not in text]
)
def test_scanned_text_is_text(text):
    found = shown(runs.hostile(text))
    assert sum(text in piece for piece in found.text) > 10
    assert visible(text) in json.loads(found.data[0])["texts"]
    assert all(text not in piece for piece in found.own)


def test_controls_and_bidirectional_marks_are_escapes():
    for text in runs.HOSTILE:
        written = render(runs.hostile(text), Options())
        assert not re.search(
            "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", written
        )
        written.encode("utf-8")


def test_credentials_of_edits_stay_out():
    assert runs.SECRET_TEXT not in render(runs.FULL, Options())


def test_the_same_run_gives_the_same_page():
    assert render(runs.FULL, Options()) == render(runs.FULL, Options(color=True, width=40))


@pytest.mark.parametrize(
    ("run", "head"),
    [
        (runs.FULL, "18 pulls and 1 import will fail"),
        (runs.EMPTY, "Nothing wrong was found"),
        (runs.EMPTY._replace(problems=runs.PROBLEMS), "Nothing wrong was found in what could be judged"),
        (runs.RUNS["nothing"], "Nothing was judged"),
        (runs.EMPTY._replace(findings=(runs.UNLINKED,)), "No pull or import is known to fail"),
        (
            runs.EMPTY._replace(findings=(runs.UNDECODABLE._replace(impact=runs.UNLINKED.impact),)),
            "1 error, though no pull or import is known to fail",
        ),
        (
            runs.EMPTY._replace(findings=(runs.UNLINKED._replace(impact=runs.UNDECODABLE.impact),)),
            "18 pulls and 1 import may fail",
        ),
    ],
)
def test_it_opens_with_the_answer(run, head):
    assert verdict(run)["head"] == head
    assert head in render(run, Options())


def test_what_surely_fails_is_not_counted_again_as_what_may():
    maybe = runs.UNLINKED._replace(impact=runs.UNDECODABLE.impact)
    assert "may fail" not in verdict(runs.EMPTY._replace(findings=(runs.UNDECODABLE, maybe)))["more"]


def test_it_says_what_is_wrong_why_and_what_to_do(full):
    text = "".join(full.text)
    for piece in (
        runs.UNDECODABLE.message,
        runs.UNDECODABLE.detail,
        runs.UNDECODABLE.remedy,
        runs.UNDECODABLE.commands[0],
        "repairs 1, breaks 0, leaves 40 as they were",
        "line 3, column 16 of .dockerconfigjson",
        "ImageStream/tools",
        "rotated by hand until the vault is there",
        "the payload is a SOPS value",
        "indent with spaces",
        "4 findings are in the baseline",
        "Why it matters",
    ):
        assert piece in text


def test_landmarks_headings_and_labels(full):
    tags = [tag for tag, _ in full.elements]
    assert [tags.count(tag) for tag in ("header", "nav", "main", "footer", "h1")] == [1] * 5
    assert ("html", {"lang": "en"}) in full.elements
    assert any(attributes.get("aria-live") == "polite" for _, attributes in full.elements)


def contrast(one, other):
    def luminance(color):
        parts = [int(color[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1])
def test_colours_are_readable(full, scheme):
    colors = {}
    for name, *pair in re.findall(r"--([a-z-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\)", full.own[0]):
        colors[name] = pair[scheme]
    for ink in ("ink", "soft", "link", "error", "warning", "info", "good"):
        for ground in ("bg", "card", "code"):
            assert contrast(colors[ink], colors[ground]) >= 4.5, (ink, ground)
    for tone in ("error", "warning", "info", "good"):
        assert contrast(colors[tone], colors[f"{tone}-bg"]) >= 4.5, tone
    assert contrast(colors["mark-ink"], colors["mark"]) >= 4.5


def test_long_lines_are_cropped_around_their_mark():
    line = ExcerptLine(1, "a" * 9000 + "MARK" + "b" * 9000, 9001, 9005)
    found = runs.UNLINKED._replace(location=Location("a.json", line=1, excerpt=(line,)))
    cut = page(runs.EMPTY._replace(findings=(found,)))["rows"][0].excerpt[0]
    assert cut.marked == "MARK"
    assert len(cut.before) + len(cut.after) < 600


def test_manuals_are_written_in_a_little_markdown():
    found = blocks("Run `x` and\n**mind** it.\n\n- one\n  more\n- two\n\n```yaml\na:\n  b\n```\n")
    assert [(block.kind, "".join(text for _, text in block.parts)) for block in found] == [
        ("p", "Run x and mind it."),
        ("li", "one more"),
        ("li", "two"),
        ("pre", "a:  b"),
    ]
    assert found[0].parts[1] == ("code", "x")


def test_ten_thousand_findings_are_data_and_the_worst_stand_in_the_page():
    written = render(runs.large(10_000), Options())
    found = Page(written)
    data = json.loads(found.data[0])
    assert len(data["rows"]) == 10_000
    assert len(written) < 9_000_000
    assert written.count('class="f error"') == 300
    assert "the worst 300 of 10,000 findings" in "".join(found.text)


def pull(**fields):
    ref = ObjectRef("apps/v1", "Deployment", "shop", "web")
    base = Pull((ref,), 1, "default", "account", (), "quay.io", "quay.io/acme/web:1.4", "credential", works=True)
    return base._replace(**fields)


def test_a_finding_decides_how_a_pull_ends_and_else_the_resolver():
    run = runs.SMALL._replace(
        pulls=Pulls(
            (
                pull(),
                pull(image="quay.io/acme/other:1"),
                pull(image="quay.io/acme/lost:1", fails=True, works=False),
                pull(image="quay.io/acme/unseen:1", works=False),
            ),
            40,
        )
    )
    shown_ = page(run)
    numbers = {status: number for status, number, *_ in shown_["shares"]}
    assert numbers == {"fails": 19, "unknown": 20, "works": 1}
    everything = {word.image: word.end for view in shown_["pictures"].views for word in view.words}
    assert everything == {
        "quay.io/acme/web:1.4": "will fail",
        "quay.io/acme/other:1": "works",
        "quay.io/acme/lost:1": "not known",
        "quay.io/acme/unseen:1": "not known",
    }


def test_pictures_are_bounded_and_say_what_they_leave_out():
    many = tuple(
        pull(who=(ObjectRef("v1", "Pod", f"team-{at % 300}", f"web-{at}"),), image=f"quay.io/a/b:{at}", cluster="east")
        for at in range(6000)
    )
    pictures = page(runs.SMALL._replace(pulls=Pulls(many, 6000)))["pictures"]
    assert len(pictures.views) <= 200
    assert pictures.more == 180
    assert all(len(view.nodes) < 80 and view.left == "Not drawn: 8 work." for view in pictures.views)


def test_a_picture_draws_where_the_way_breaks():
    use = (SecretUse("gone", "missing", "not in namespace shop"), SecretUse("bad", "fatal", "does not decode"))
    run = runs.SMALL._replace(pulls=Pulls((pull(secrets=use, works=False, fails=True),), 1))
    view = page(run)["pictures"].views[0]
    names = [node.label for node in view.nodes]
    cut = {(names[link.start], names[link.end]) for link in view.links if link.cut}
    assert cut == {("service account default", "gone"), ("service account default", "bad")}
    assert {node.note for node in view.nodes if node.kind == "secret"} == {"is not in the scan", "does not decode"}


def test_a_history_is_drawn_and_told():
    found = shown(runs.TRENDED)
    text = "".join(found.text)
    assert "Over time" in text
    assert "Since the last scan" in text
    points = runs.TREND.clusters[0].points
    newest = points[-1]
    assert f"{len(points)} scans, {newest.open} open now" in text
    paths = [one.path for chart in page(runs.TRENDED)["charts"] for one in chart.layers]
    assert paths
    assert all(re.fullmatch(r"M\d+ \d+(L\d+ \d+)+Z", path) for path in paths)
    assert "Over time" not in "".join(shown(runs.FULL).text)


def test_what_is_new_since_the_baseline_is_said():
    text = "".join(shown(runs.SMALL._replace(baseline=Baseline("known.txt", 2), baselined=4)).text)
    assert "known.txt: 3 new, 4 known, 2 gone" in text


def test_a_hit_without_an_image_is_no_second_pull():
    whole = tuple(hit._replace(image="") for hit in runs.UNDECODABLE.impact.workloads)
    again = runs.UNDECODABLE._replace(impact=runs.UNDECODABLE.impact._replace(workloads=whole))
    maybe = runs.UNLINKED._replace(impact=again.impact)
    found = verdict(runs.EMPTY._replace(findings=(runs.UNDECODABLE, again, maybe)))
    assert found["head"] == "18 pulls and 1 import will fail"
    assert "may fail" not in found["more"]
    assert verdict(runs.EMPTY._replace(findings=(again, maybe)))["head"] == "18 pulls and 1 import will fail"
