"""The HTML report in a real browser: what a reader does with it."""

import hashlib
import os
import re
import zlib
from pathlib import Path

import pytest
import report_runs as runs

from linter.model import Seen
from reports.contract import Options
from reports.html import render

ROOT = Path(__file__).parent.parent.parent
PICTURE = ROOT / "docs" / "report.png"


def until(page, condition):
    """Wait for a condition. Playwright's own way evaluates text inside the page, which the policy forbids."""
    for _ in range(250):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(20)
    raise AssertionError(condition)


def shown(page):
    return page.locator("#list .f:visible")


FAILING = {
    "shop/Deployment/storefront": ("quay.io/shop/storefront:2.4", "oc secrets link web quay-robot --for=pull -n shop"),
    "billing/Deployment/invoices": ("registry.example.com/billing/invoices:7", "oc get secret registries -o"),
    "billing/Deployment/ledger": ("registry.access.redhat.com/ubi9/ubi:9.4", "oc get secret registries -o"),
    "lab/Deployment/notebook": ("lab.example.com/lab/notebook:latest", "oc patch deployment notebook"),
}


def test_the_top_names_every_failing_pull_with_its_cause_and_command(visit, sample):
    page = visit(sample)
    assert page.locator("h1").inner_text() == "4 pulls will fail"
    assert "4 will fail" in page.locator(".legend").inner_text()
    for who, (image, command) in FAILING.items():
        case = page.locator(".causes .case:visible", has=page.locator("li", has_text=who))
        assert case.count() == 1, who
        assert image in case.inner_text()
        assert command in case.locator(".cmd").first.inner_text()
        assert len(case.locator("h3").inner_text()) > 30
    first = page.locator(".cause .amount b").all_inner_texts()
    assert next(int(number) for number in first if number) == 2
    assert page.locator(".cause").first.bounding_box()["y"] < 900


def test_filters_narrow_the_list_and_live_in_the_address(visit, sample):
    page = visit(sample)
    assert shown(page).count() == 7
    page.locator(".chip.error").click()
    assert shown(page).count() == 4
    assert page.locator("#shown").inner_text() == "4 of 7 findings"
    page.select_option("#namespace", "=billing")
    assert shown(page).count() == 1
    assert page.evaluate("location.hash") == "#severity=error&namespace=%3Dbilling"
    page.reload()
    assert shown(page).count() == 1
    page.locator("#clear").click()
    assert (shown(page).count(), page.evaluate("location.hash")) == (7, "")
    page.select_option("#fix", "safe")
    assert shown(page).count() == 3
    page.select_option("#fix", "none")
    assert [text.split()[0] for text in page.locator("#list .meta:visible").all_inner_texts()] == ["RC407"]
    page.select_option("#fix", "")
    page.select_option("#rule", "RC106")
    assert shown(page).count() == 1
    page.locator("#clear").click()
    page.fill("#q", "harbor-robot search")
    until(page, "document.querySelectorAll('#list .f').length === 1")
    assert "RC301" in shown(page).inner_text()
    page.fill("#q", "no such thing")
    until(page, "!document.getElementById('empty').hidden")
    page.press("#q", "Escape")
    assert shown(page).count() == 7


def test_a_link_with_filters_opens_what_it_says(visit, large):
    page = visit(large, "#severity=warning&cluster=%3Deast&group=rule&q=pull-1")
    levels = set(page.locator("#list .f .sev").all_text_contents())
    assert levels == {"warning"}
    assert page.locator("#q").input_value() == "pull-1"
    assert all(title.startswith("RC") for title in page.locator("#list .name").all_inner_texts())
    page.evaluate("location.hash = '#rule=RC307'")
    until(page, "document.getElementById('q').value === ''")
    assert page.locator("#rule").input_value() == "RC307"


def test_findings_are_filtered_by_age(visit):
    old = runs.UNLINKED._replace(seen=Seen(1_700_000_000, 1_700_000_000))
    new = runs.UNDECODABLE._replace(seen=Seen(1_760_000_000, 1_760_000_000, new=True))
    page = visit(render(runs.TRENDED._replace(findings=(old, new)), Options()), "#age=new")
    assert page.locator("#list .f").count() == 1
    # Not `inner_text`: what the browser has not laid out yet has none.
    assert page.locator("#list .fresh").text_content() == "new"
    page.select_option("#age", "old")
    assert "RC301" in (page.locator("#list .f .meta").text_content() or "")


@pytest.mark.parametrize("group", ["cause", "rule", "namespace", "file"])
def test_findings_are_grouped(visit, sample, group):
    page = visit(sample, f"#group={group}")
    titles = page.locator("#list .g .name").all_inner_texts()
    assert {
        "cause": "Secret registries in namespace billing",
        "rule": "RC106 undecodable-auth",
        "namespace": "billing",
        "file": "examples/cluster.yaml",
    }[group] in titles
    assert shown(page).count() == 7
    page.locator("#list .g h3 button").first.click()
    assert shown(page).count() < 7


def test_a_link_to_a_finding_opens_it(visit, large):
    ident = re.findall(r'id="(f-[0-9a-f]{16})"', large)[200]
    page = visit(large, f"#{ident}")
    assert page.locator(f"#{ident}").get_attribute("open") is not None
    until(page, f"document.activeElement.closest('details')?.id === '{ident}'")
    assert page.locator(f"#{ident} dl").inner_text()
    page.locator("#clear").click()
    assert page.locator("#shown").inner_text() == "2,000 findings"
    assert visit(large, "#f-nothing").locator("#shown").inner_text() == "2,000 findings"


def test_a_finding_shows_all_of_itself(visit, sample):
    page = visit(sample, "#rule=RC302")
    page.locator("#list .f summary").click()
    body = page.locator("#list .f .b")
    text = body.inner_text()
    for piece in (
        "- name: quay-robot",
        "pulls read imagePullSecrets",
        "shop/Deployment/storefront",
        "oc secrets link web quay-robot --for=pull -n shop",
        "repairs 1, breaks 0",
        "+  imagePullSecrets:",
        "the pull secret",
    ):
        assert piece in text
    assert body.locator("mark").inner_text() == "quay-robot"


def test_a_command_is_copied(visit, sample):
    page = visit(sample, permissions=["clipboard-read", "clipboard-write"])
    command = page.locator(".case .cmd", has_text="oc secrets link web").first
    command.locator("button").click()
    until(page, "document.getElementById('say').textContent === 'Command copied'")
    assert page.evaluate("navigator.clipboard.readText()") == command.locator("code").inner_text()


def test_it_follows_the_system_and_the_reader(visit, sample):
    page = visit(sample, color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.locator("#theme").click()
    light = page.evaluate(ground)
    assert light != dark
    assert page.locator("#theme").inner_text() == "Theme: light"
    page.reload()
    assert page.evaluate(ground) == light
    page.locator("#theme").click()
    page.locator("#theme").click()
    assert page.locator("#theme").inner_text() == "Theme: auto"
    assert page.evaluate(ground) == dark


def test_the_picture_shows_one_thing_at_a_time(visit, sample):
    page = visit(sample)
    first = page.locator("#map").evaluate("map => map.outerHTML")
    assert page.locator("#links .cut").count() >= 3
    page.select_option("#view", "ns:shop")
    assert page.evaluate("location.hash") == "#view=ns%3Ashop"
    labels = page.locator("#nodes .t").all_text_contents()
    assert {"storefront", "quay-robot", "search", "harbor-robot"} <= set(labels)
    assert "invoices" not in labels
    words = page.locator("#words").text_content()
    assert "shop/Deployment/storefront" in words
    assert "will fail" in words
    page.reload()
    assert page.locator("#view").input_value() == "ns:shop"
    page.locator("#nodes .puller", has_text="storefront").first.hover()
    lit = page.locator("#nodes .lit .t").all_text_contents()
    assert "quay-robot" in lit
    assert "harbor-robot" not in lit
    page.mouse.move(0, 0)
    page.select_option("#view", "all")
    again = page.locator("#map").evaluate("map => map.outerHTML")
    assert bare(again) == bare(first)


def bare(markup):
    """The markup without white space and without what pointing at it has left."""
    return re.sub(r"\s+|traced", "", markup)


def test_a_cause_leads_to_its_picture_and_to_its_finding(visit, sample):
    page = visit(sample)
    cause = page.locator(".cause", has_text="RC106")
    cause.get_by_text("in the picture").click()
    until(page, "document.getElementById('view').value.startsWith('cause:')")
    assert set(page.locator("#nodes .puller .t").all_text_contents()) >= {"invoices", "ledger"}
    cause.get_by_text("why, and the fix").click()
    page.wait_for_selector("#list .f[open]")
    assert "RC106" in page.locator("#list .f[open] .meta").inner_text()


def test_the_script_writes_what_stands_in_the_page_without_it(visit, sample):
    def texts(page, where):
        return sorted(re.sub(r"\s+", " ", text) for text in page.locator(f"{where} .f").all_text_contents())

    plain = texts(visit(sample, java_script_enabled=False), "#static")
    page = visit(sample)
    page.locator("#open").click()
    page.evaluate("document.querySelectorAll('.copy').forEach((button) => button.remove())")
    assert [re.sub(r"\s", "", text) for text in texts(page, "#list")] == [re.sub(r"\s", "", text) for text in plain]


def test_keys_reach_everything(visit, sample):
    page = visit(sample)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('#list .f summary')"):
            break
    page.keyboard.press("Enter")
    assert page.locator("#list .f[open]").count() == 1


def test_many_clusters_do_not_push_the_answer_away(visit):
    scans = tuple(runs.CLUSTER_SCAN._replace(name=f"prod-{n:02}") for n in range(30))
    found = tuple(finding._replace(cluster=f"prod-{n % 30:02}") for n, finding in enumerate(runs.large(300).findings))
    page = visit(render(runs.large(1)._replace(scans=scans, findings=found), Options()))
    case = page.locator(".case:visible").first
    assert case.bounding_box()["y"] < 500
    assert re.search(r"prod-\d\d", case.locator(".at-it").inner_text())
    page.locator(".answer > .scan > summary").click()
    assert page.locator(".scans .scan:visible").count() == 30


def test_a_page_of_nothing_claims_nothing(visit):
    page = visit(render(runs.RUNS["nothing"], Options()))
    assert page.locator("h1").inner_text() == "Nothing was judged"
    assert "Nothing was there to judge." in page.locator("main").inner_text()
    clean = visit(render(runs.EMPTY, Options()))
    assert clean.locator("h1").inner_text() == "Nothing wrong was found"
    assert "Everything that was read could be judged." in clean.locator("main").inner_text()


def test_nothing_moves_while_it_opens(visit, large):
    page = visit(large)
    moved = page.evaluate(
        """() => new Promise((resolve) => {
            let sum = 0;
            new PerformanceObserver((seen) => { for (const one of seen.getEntries()) sum += one.value; })
                .observe({ type: "layout-shift", buffered: true });
            requestAnimationFrame(() => setTimeout(() => resolve(sum)));
        })"""
    )
    assert moved < 0.01


def test_many_findings_are_drawn_as_far_as_one_reads(visit):
    page = visit(render(runs.large(10_000), Options()))
    assert page.locator("#shown").inner_text() == "10,000 findings"
    assert page.locator("#list *").count() < 3000
    page.locator("#list .g h3 button").first.click()
    assert 0 < shown(page).count() < 500
    page.fill("#q", "pull-9999")
    until(page, "document.getElementById('shown').textContent === '1 of 10,000 findings'")
    assert shown(page).count() == 1
    page.locator("#clear").click()
    page.select_option("#group", "rule")
    page.locator("#list .g h3 button").first.click()
    before = shown(page).count()
    page.locator("#list .rest-of").first.scroll_into_view_if_needed()
    until(page, f"document.querySelectorAll('#list .f').length > {before}")


@pytest.mark.parametrize("text", runs.HOSTILE)
def test_hostile_text_is_text(visit, text):
    page = visit(render(runs.hostile(text), Options()), "#group=cause")
    page.locator("#open").click()
    assert page.locator("#list .f[open]").count() == 2
    assert page.locator("main img, main script, main iframe, main object, main form").count() == 0
    seen = page.locator("body").inner_text()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]", seen)
    if text.isascii() and text.isprintable() and "##" not in text and not text.lstrip().startswith("::"):
        assert text.strip() in page.locator("#list .msg").first.inner_text()


AXE_RUNS = {
    "full": runs.FULL,
    "history": runs.TRENDED,
    "empty": runs.EMPTY,
    "nothing": runs.RUNS["nothing"],
    "large": runs.large(400),
    "hostile": runs.hostile(runs.HOSTILE[3]),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
def test_axe_finds_nothing_in_the_sample(visit, sample, scheme, width):
    page = visit(sample, color_scheme=scheme, viewport={"width": width, "height": 900})
    page.locator("#open").click()
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    audit(page)


@pytest.mark.parametrize("name", AXE_RUNS)
def test_axe_finds_nothing_in_any_page(visit, name):
    page = visit(render(AXE_RUNS[name], Options()))
    if page.locator("#open").count():
        page.locator("#open").click()
    audit(page)


def audit(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    found = axe.Axe().run(page).response
    told = [(one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in found["violations"]]
    assert told == []


def test_the_screenshot_of_readme_is_this_page(visit, sample):
    """REGCRED_UPDATE_SCREENSHOT=1 writes it anew. It holds a digest of what it shows: fonts differ."""
    page = visit(sample, viewport={"width": 1200, "height": 1500}, device_scale_factor=1.5, color_scheme="light")
    taken = page.screenshot(clip={"x": 0, "y": 0, "width": 1200, "height": 1500})
    assert taken.startswith(SIGNATURE)
    assert len(taken) > 50_000
    told = digest(sample)
    if os.environ.get("REGCRED_UPDATE_SCREENSHOT"):
        PICTURE.write_bytes(taken[:-12] + chunk(b"tEXt", b"Page\0" + told) + taken[-12:])  # before the end chunk
    kept = PICTURE.read_bytes()
    assert kept.startswith(SIGNATURE)
    assert told in kept[-200:], "the page has changed: write the screenshot anew with REGCRED_UPDATE_SCREENSHOT=1"


SIGNATURE = b"\x89PNG\r\n\x1a\n"


def digest(text):
    """A digest of the part of the page that the screenshot shows, and of its style."""
    style = text[text.index("<style>") : text.index(".charts {")]
    top = text[text.index("<main") : text.index('id="findings"')]
    return hashlib.sha256((style + top).encode()).hexdigest().encode()


def chunk(kind, data):
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
