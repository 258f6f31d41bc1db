"""docs/first-aid.md: its command runs, its rules exist, and what it says of a message is what regcred makes of it."""

import json
import re
import shlex
from pathlib import Path

import pytest

from linter import registry
from linter.__main__ import main
from tests.commons import quiet

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "first-aid.md").read_text(encoding="utf-8")
OF_A_POD = PAGE.partition("## Of a pod")[2].partition("## ")[0]
REFUSED = ("No credential was sent", "A credential was sent", "It was right once")
MESSAGES = [
    (message, meaning.startswith(REFUSED), "All containers" in meaning)
    for said, meaning in re.findall(r"^\| (`.*?) \| (.*?) \|", OF_A_POD, re.MULTILINE)
    for message in re.findall("`(.*?)`", said)
]


def test_the_command_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    lines = re.findall(r"```console\n(.*?)\n```", PAGE)
    assert lines
    for line in lines:
        assert main(shlex.split(line)[1:]) == 1, "it explains why something fails"
        assert "verdict   fails" in capsys.readouterr().out


def test_every_rule_that_is_named_exists() -> None:
    assert {*re.findall(r"RC\d{3}", PAGE)} <= {loaded.rule.code for loaded in registry.rules()}


@pytest.mark.parametrize(("message", "refused", "undecodable"), MESSAGES)
def test_a_message_is_taken_for_what_the_page_says(
    message: str, refused: bool, undecodable: bool, tmp_path: Path
) -> None:
    waiting = {"reason": "ErrImagePull", "message": f"initializing source docker://quay.io/shop/web:1: {message}: x"}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop", "uid": "1c6d1c6d-0000-4000-8000-000000000000"},
        "spec": {"containers": [{"name": "web", "image": "quay.io/shop/web:1"}]},
        "status": {"containerStatuses": [{"name": "web", "state": {"waiting": waiting}}]},
    }
    dump = tmp_path / "pod.json"
    dump.write_text(json.dumps(pod), encoding="utf-8")
    _, out, _ = quiet("check", str(dump), "--scope", "cluster", "--select", "RC502", "--format", "json")
    found = [one["message"] for one in json.loads(out)["findings"]]
    assert ["could not decode" in one for one in found] == ([undecodable] if refused or undecodable else [])
