"""Many inputs in several processes: the same bytes for any number, whatever is lost on the way."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main
from linter.cli import _fleet
from linter.engine import judging
from linter.inventory import Inventory

sys.path.insert(0, str(Path(__file__).parent))

from dumps import dump, fleet
from runs import ROOT, begun, check, children, judged, wait

SETTINGS = """\
ignore:
  - {rule: RC302, kind: ServiceAccount, reason: the operator links it}
  - {rule: RC303, namespace: nobody, reason: gone}
  - {rule: RC407, kind: ImageStream, reason: a mirror}
overrides:
  - {path: "gamma.json", ignore: [RC301]}
"""


@pytest.mark.parametrize("name", ["json", "text", "html"])
def test_the_report_is_the_same_for_any_number_of_processes(
    place: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (place / ".regcred.yaml").write_text(SETTINGS)
    words = [*fleet(place), "--format", name]
    assert main(["baseline", *words[:-2], "-o", "known"]) == 3  # one is missing: it is not written
    assert main(["baseline", "gamma.json", "alpha", "-o", "known"]) == 0
    words += ["--baseline", "known"]
    capsys.readouterr()
    one = check(capsys, *words)
    assert check(capsys, *words, "--jobs", "2")[:2] == one[:2]
    assert one[0] == 3


def test_a_baseline_is_the_same_for_any_number_of_processes(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [word for word in fleet(place) if "missing" not in word]
    assert main(["baseline", *words, "-o", "one"]) == 0
    assert main(["baseline", *words, "-o", "two", "--jobs", "2"]) == 0
    assert (place / "two").read_text() == (place / "one").read_text()
    capsys.readouterr()
    assert main(["check", *words, "--baseline", "two", "--fail-on", "info"]) == 0
    assert main(["baseline", *fleet(place), "-o", "three", "--jobs", "2"]) == 3
    assert not (place / "three").exists()


def test_each_cluster_is_judged_as_in_one_process_at_once(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judging the inputs one by one changes nothing against judging them in one go, as a repair does."""
    (place / ".regcred.yaml").write_text(SETTINGS)
    words = [word for word in fleet(place) if "missing" not in word]
    apart = judged(capsys, *words)
    monkeypatch.setattr(_fleet, "apart", lambda *_: False)
    whole = judged(capsys, *words)
    for result in (apart, whole):
        result["coverage"]["not_evaluated"].sort(key=json.dumps)
        result["coverage"]["problems"].sort(key=json.dumps)
        result["suppressed"].sort(key=json.dumps)
        for finding in result["findings"]:  # a bound on their text goes for all inputs together, or for each
            (finding["fix"] or {}).pop("diff", None)
            (finding["fix"] or {}).pop("replacements", None)
    assert apart == whole
    assert [scan["name"] for scan in apart["scans"]] == ["manifests", "gamma.json", "beta", "alpha", "delta.json"]


def test_suppressions_of_the_settings_are_judged_over_all_inputs(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that is of use in one cluster is not called stale for the others; one of no use anywhere is, once."""
    (place / ".regcred.yaml").write_text(
        "ignore: [{rule: RC302, path: gamma.json, reason: known}, {rule: RC118, namespace: sho*, reason: none there}]\n"
    )
    fleet(place)
    result = judged(capsys, "gamma.json", "delta.json", "alpha", "deploy", "--jobs", "2")
    problems = [one["message"] for one in result["coverage"]["problems"] if one["path"] == ".regcred.yaml"]
    assert problems == ["this suppression of RC118 (by configuration) suppresses nothing"]


def test_a_file_that_two_arguments_lead_to_is_judged_once(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fleet(place)
    (place / "again.json").hardlink_to(place / "gamma.json")
    (place / "link.json").symlink_to("delta.json")
    alone = judged(capsys, "gamma.json", "delta.json", "deploy", "--jobs", "2")
    words = ["gamma.json", "again.json", "delta.json", "link.json", "deploy", "deploy/1.yaml", "./deploy"]
    twice = judged(capsys, *words, "--jobs", "2")
    assert [one["fingerprint"] for one in twice["findings"]] == [one["fingerprint"] for one in alone["findings"]]
    assert twice["code"] == alone["code"]


def test_progress_is_told_line_by_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = fleet(place)
    _, _, err = check(capsys, *words, "--jobs", "2", "--fail-on", "never")
    lines = err.splitlines()
    assert len(lines) == 6
    assert any(line.startswith("regcred: missing.tar.gz: could not be read: no such file") for line in lines)
    assert any(line.startswith("regcred: beta.tar.gz: ") and " errors" in line for line in lines)
    assert lines[-1].startswith("regcred: manifests: ")
    assert lines[-1].endswith("(7 of 7)")
    assert check(capsys, "gamma.json", "delta.json", "--fail-on", "never")[2] == ""


def test_a_dump_whose_process_is_killed_once_is_judged_all_the_same(
    killer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (killer / "a.json").write_bytes(dump(1))
    (killer / "b.json").write_bytes(dump(2, "kill-once"))
    (killer / "c.json").write_bytes(dump(3))
    lost = check(capsys, "a.json", "b.json", "c.json", "--jobs", "2")
    assert (killer / "killed").exists()
    assert check(capsys, "a.json", "b.json", "c.json")[:2] == lost[:2]


def test_a_dump_that_kills_its_process_is_named_and_the_others_are_judged(
    killer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, marker in enumerate(["", "kill-always", "", "raise", ""]):
        (killer / f"{number}.json").write_bytes(dump(number, marker))
    result = judged(capsys, *(f"{number}.json" for number in range(5)), "--jobs", "2")
    assert result["code"] == 2
    assert [scan["name"] for scan in result["scans"]] == ["0.json", "2.json", "3.json", "4.json"]
    problems = {one["path"]: one["message"] for one in result["coverage"]["problems"]}
    assert problems == {
        "1.json": "the process that judged it was killed",
        "rules/killer.py": "X001 killer failed with ZeroDivisionError in line 31: what it would have found is missing",
    }
    assert {one["cluster"] for one in result["findings"]} == {"0.json", "2.json", "3.json", "4.json"}


def test_an_internal_error_costs_the_dump_that_it_met_and_tells_no_message(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "a.json").write_bytes(dump(1))
    (place / "b.json").write_bytes(dump(2))
    real = judging.judge

    def judge(inventory: Inventory, *more: Any) -> Any:
        if inventory.name == "b.json":
            raise LookupError("hunter2")
        return real(inventory, *more)

    monkeypatch.setattr(judging, "judge", judge)
    result = judged(capsys, "a.json", "b.json")
    assert result["code"] == 3
    assert result["scan"]["inputs"] == ["a.json"]
    (problem,) = result["coverage"]["problems"]
    assert problem["path"] == "b.json"
    assert re.fullmatch(r"internal error: LookupError in test_jobs\.py:\d+", problem["message"])
    assert "hunter2" not in json.dumps(result)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_call_leaves_no_process_behind(killer: Path, how: signal.Signals) -> None:
    for number in range(2):
        (killer / f"{number}.json").write_bytes(dump(number, "wait"))
    command = [sys.executable, "-m", "linter", "check", "0.json", "1.json", "--jobs", "2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with begun(command, env=environment, text=True, stderr=subprocess.PIPE, start_new_session=True) as call:
        wait(lambda: (killer / "waiting").exists() and len(children(call.pid)) == 2, call)
        workers = children(call.pid)
        if how is signal.SIGINT:
            os.killpg(call.pid, how)  # a terminal sends it to all of them
        else:
            call.kill()
        said = call.communicate(timeout=120)[1]
    wait(lambda: not any(Path(f"/proc/{child}").exists() for child in workers))
    if how is signal.SIGINT:
        assert call.returncode == 130
        assert said == "regcred: interrupted\n"
