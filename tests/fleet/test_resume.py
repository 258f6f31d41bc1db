"""A call that is interrupted goes on where it was: what the history holds is not scanned again, and nothing is lost."""

import base64
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

sys.path.insert(0, str(Path(__file__).parent))

from dumps import dump, manifest
from runs import ROOT, begun, check, judged, wait


@pytest.fixture
def four(killer: Path) -> list[str]:
    for number, marker in enumerate(["", "", "wait", ""]):
        (killer / f"{number}.json").write_bytes(dump(number, marker))
    (killer / "deploy.yaml").write_text(manifest("app"))
    (killer / "go-on").touch()
    return ["check", "0.json", "1.json", "deploy.yaml", "2.json", "3.json", "--history", "scans.db"]


def _scans(database: str) -> list[tuple[str, int]]:
    with sqlite3.connect(database) as connection:
        query = "SELECT name, count(*) FROM regcred_series s JOIN regcred_scan c ON c.series = s.id GROUP BY 1"
        return sorted(connection.execute(query).fetchall())


def _judged(place: Path) -> list[str]:
    """The clusters that were judged since this was asked last."""
    log = place / "judged"
    names = sorted(log.read_text().split("\n")[:-1]) if log.exists() else []
    log.unlink(missing_ok=True)
    return names


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_call_is_taken_up(
    killer: Path, four: list[str], capsys: pytest.CaptureFixture[str], jobs: str
) -> None:
    words = [*four, "--jobs", jobs]
    assert main([*words[:-4], "--history", "whole.db", "--format", "text=whole.txt", "--fail-on", "never"]) == 0
    assert _judged(killer) == ["0.json", "1.json", "2.json", "3.json", "manifests"]
    (killer / "go-on").unlink()
    (killer / "waiting").unlink()
    with begun(
        [sys.executable, "-m", "linter", *words, "--format", "text=lost.txt"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        stderr=subprocess.PIPE,
    ) as call:
        done = ["0.json", "1.json"] if jobs == "1" else ["0.json", "1.json", "3.json"]
        wait((killer / "waiting").exists, call)
        wait(lambda: len(_scans("scans.db")) == len(done))
        call.send_signal(signal.SIGINT)
        said = call.communicate(timeout=120)[1]
    assert call.returncode == 130
    told = re.search(r"(\d) of 5 inputs are in the history: --resume goes on from there", said)
    assert told is not None
    # What another connection sees in the history may not be counted yet when the signal comes.
    assert len(done) - 1 <= int(told[1]) <= len(done)
    assert "Traceback" not in said
    _judged(killer)
    (killer / "go-on").touch()
    assert main([*words, "--resume", "--format", "text=taken-up.txt", "--fail-on", "never"]) == 0
    assert _judged(killer) == sorted({"0.json", "1.json", "2.json", "3.json", "manifests"} - set(done))
    assert Path("taken-up.txt").read_text() == Path("whole.txt").read_text()
    assert _scans("scans.db") == _scans("whole.db")
    assert f"{done[0]}: " in (err := capsys.readouterr().err)
    assert err.count("from the history") == len(done)


def test_what_has_changed_is_scanned_again(killer: Path, four: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    words = [*four, "--resume", "--fail-on", "never"]
    assert main(words) == 0
    assert len(_judged(killer)) == 5
    assert main(words) == 0
    assert _judged(killer) == ["manifests"]
    (killer / "1.json").write_bytes(dump(1))
    assert main(words) == 0
    assert _judged(killer) == ["1.json", "manifests"]
    settings = killer / ".regcred.yaml"
    settings.write_text(settings.read_text() + "expiry-warning-days: 7\n")
    assert main(words) == 0
    assert len(_judged(killer)) == 5
    rule = killer / "rules" / "killer.py"
    rule.write_text(rule.read_text() + "# another rule\n")
    assert main(words) == 0
    assert len(_judged(killer)) == 5
    assert main([*words, "--select", "links,X001"]) == 0
    _judged(killer)
    # A format that shows more than what was kept for another one.
    assert main([*words, "--select", "links,X001", "--format", "json=out.json"]) == 0
    assert len(_judged(killer)) == 5


def test_a_result_is_taken_up_for_a_day(
    killer: Path, four: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*four, "--resume", "--fail-on", "never"]
    assert main(words) == 0
    _judged(killer)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(1795000000 + 86_000))
    assert main(words) == 0
    assert _judged(killer) == ["manifests"]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(1795000000 + 87_000))
    assert main(words) == 0
    assert len(_judged(killer)) == 5


@pytest.mark.parametrize("data", [b"", b"\x80\x04N.", zlib.compress(b"[1, 2]"), zlib.compress(b"{")])
def test_what_is_no_result_is_scanned_again(
    killer: Path, four: list[str], capsys: pytest.CaptureFixture[str], data: bytes
) -> None:
    words = [*four, "--resume", "--select", "RC302,X001"]
    one = judged(capsys, *words[1:])["findings"]
    with sqlite3.connect("scans.db") as connection:
        connection.execute("UPDATE regcred_result SET data = ?", (data,))
    _judged(killer)
    again = judged(capsys, *words[1:])["findings"]
    assert len(_judged(killer)) == 5
    assert [finding["fingerprint"] for finding in again] == [finding["fingerprint"] for finding in one]


def test_what_is_kept_holds_no_credential_and_is_not_piled_up(
    killer: Path, four: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert main([*four, "--format", "html=out.html", "--fail-on", "never"]) == 0
        (killer / "0.json").touch()
    with sqlite3.connect("scans.db") as connection:
        kept = connection.execute("SELECT place, data FROM regcred_result ORDER BY 1").fetchall()
    assert [place for place, _ in kept] == ["0.json", "1.json", "2.json", "3.json"]
    secrets = re.findall(rb'"\.dockerconfigjson": "([^"]+)"', dump(1))
    assert secrets
    for _, data in kept:
        text = zlib.decompress(data).decode()
        assert "shop" in text
        assert ":pass" not in text
        for entry in re.findall(rb'"auth": ?"([^"]+)"', b"".join(map(base64.b64decode, secrets))):
            assert entry.decode() not in text


def test_a_call_without_a_history_cannot_be_taken_up(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "a.yaml").write_text(manifest("a"))
    assert check(capsys, "a.yaml", "--resume")[0] == 2
    code, _, err = check(capsys, "a.yaml", "--resume", "--history", "scans.db", "--diff")
    assert code == 2
    assert "leave out repairs" in err


def test_an_error_of_the_history_ends_nothing_but_the_storing(
    killer: Path, four: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*four, "--fail-on", "never"]) == 0
    with sqlite3.connect("scans.db") as connection:
        connection.execute("DROP TABLE regcred_finding")
    capsys.readouterr()
    code, out, err = check(capsys, *four[1:], "--select", "RC302,X001", "--format", "json")
    assert code == 2
    assert len(json.loads(out)["scans"]) == 5
    assert "scans.db: the history cannot be written" in err


def test_names_that_fit_no_input_are_refused_before_anything_is_judged(
    killer: Path, four: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = check(capsys, *four[1:], "--history-name", "nine.json=east")
    assert code == 2
    assert "nine.json is no input of this call" in err
    assert not _judged(killer)
    assert check(capsys, *four[1:], "--history-name", "0.json=east", "--fail-on", "never")[0] == 0
    assert _scans("scans.db") == [(name, 1) for name in ("1.json", "2.json", "3.json", "east", "manifests")]


def test_ages_are_those_of_the_scan_that_was_kept(
    killer: Path, four: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    first: Any = judged(capsys, *four[1:], "--select", "RC302,X001")
    again: Any = judged(capsys, *four[1:], "--select", "RC302,X001", "--resume")
    assert [one["seen"] for one in again["findings"] if one["cluster"] == "0.json"] == [
        one["seen"] for one in first["findings"] if one["cluster"] == "0.json"
    ]
    assert again["trend"]["clusters"][1] == first["trend"]["clusters"][1]
