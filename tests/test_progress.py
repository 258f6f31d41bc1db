"""The bar: on a terminal only, late, seldom, gone at the end, and never a control sequence out of a path."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from linter.cli._progress import progress
from linter.sources import gather


class Screen(io.StringIO):
    def __init__(self, *, terminal: bool = True) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("CI", raising=False)


def test_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    assert progress(Screen(terminal=False)) is None
    monkeypatch.setenv("TERM", "dumb")
    assert progress(Screen()) is None
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("CI", "")
    assert progress(Screen()) is None


def test_what_is_soon_over_draws_nothing() -> None:
    screen, now = Screen(), iter([0.0, 0.1, 0.6])
    bar = progress(screen, lambda: next(now))
    assert bar
    bar(0.1, "a.yaml")
    bar(0.9, "b.yaml")
    bar(1.0, "")
    assert screen.getvalue() == ""


def test_it_is_drawn_seldom_and_goes() -> None:
    screen, now = Screen(), iter([0.0, 1.0, 1.01, 1.2])
    bar = progress(screen, lambda: next(now))
    assert bar
    bar(0.25, "a.yaml")
    bar(0.3, "not-shown.yaml")
    bar(0.5, "b\x1b[31m\n" + "c" * 200 + ".yaml")
    bar(1.0, "")
    bar(1.0, "")
    written = screen.getvalue()
    assert "[######..................]  25%  a.yaml" in written
    assert "not-shown" not in written
    assert written.count("\x1b") == 3
    assert "\n" not in written
    assert all(len(line) < 84 for line in written.split("\r"))
    assert written.endswith("\r\x1b[K")


def test_the_share_grows_over_folders_and_archives(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.yaml").write_text("kind: Pod\n")
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        archive.add(tmp_path, "d")
    packed = tmp_path / "d.tar.gz"
    packed.write_bytes(gzip.compress(made.getvalue()))
    told: list[float] = []
    list(gather([str(tmp_path), str(packed)], progress=lambda share, _: told.append(share)))
    assert told == sorted(told)
    assert told[0] < 0.1
    assert told[-1] > 0.5
