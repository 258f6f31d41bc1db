"""One chromium for a session, and pages in it that may say nothing on the console and ask nobody for anything."""

import io
import shutil
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from linter.__main__ import main
from reports.contract import Options
from reports.html import render

sys.path.insert(0, str(Path(__file__).parent.parent / "reports"))

import report_runs as runs

ROOT = Path(__file__).parent.parent.parent

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium():
    if CHROMIUM is None:
        pytest.skip("no chromium here: the page is not tried in a browser")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, tmp_path):
    """Open a page of text, with a fragment and the options of a browser context; at the end, nothing may be wrong."""
    said, asked, contexts = [], [], []

    def go(text, fragment="", **options):
        file = tmp_path / "report.html"
        file.write_text(text, "utf-8")
        context = chromium.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: asked.append(request.url.partition("#")[0]))
        page.goto(file.as_uri() + fragment)
        return page

    yield go
    for context in contexts:
        context.close()
    assert said == []
    assert set(asked) <= {(tmp_path / "report.html").as_uri()}


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """The page of the sample cluster, as README's first command writes it."""
    file = tmp_path_factory.mktemp("sample") / "report.html"
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()):
        patch.chdir(ROOT)
        assert main(["check", "examples/cluster.yaml", "--fail-on", "never", "--format", f"html={file}"]) == 0
    return file.read_text("utf-8")


@pytest.fixture(scope="session")
def large():
    return render(runs.large(2000), Options())
