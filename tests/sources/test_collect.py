"""A live cluster written to a file: the file is judged as the cluster is, refusals and all."""

import io
import json
import os
import stat
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

sys.path.insert(0, str(Path(__file__).parent))

import test_live as live
from test_live import state

__all__ = ["state"]


def found(result: Any) -> list[tuple[str, ...]]:
    return sorted(
        (one["code"], one["object"]["kind"], one["object"]["name"], one["message"], one["fingerprint"])
        for one in result["findings"]
    )


def collect(folder: Path, answers: dict[str, Any], *words: str) -> int:
    (folder / "answers.json").write_text(json.dumps(answers))
    return main(["collect", *words, "-o", str(folder / "dump.tar.gz")])


@pytest.mark.parametrize("refused", [False, True], ids=["all", "no pods"])
def test_the_file_is_judged_as_the_cluster_is(refused: bool, state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = live.cluster()
    if refused:
        answers["/api/v1/pods?limit=500"] = live.FORBIDDEN
    code, wanted = live.check(state, answers, capsys)
    assert collect(state, answers) == 0
    said = capsys.readouterr().err
    assert "3 objects" in said
    assert ("Pod in all namespaces may not be listed" in said) is refused
    again, result = live.check(state, answers, capsys, str(state / "dump.tar.gz"))
    assert (again, found(result)) == (code, found(wanted))
    assert result["scan"]["objects"] == wanted["scan"]["objects"]
    assert result["scan"]["scope"] == "cluster"
    told = [[(one["reason"], one["message"]) for one in each["coverage"]["not_evaluated"]] for each in (wanted, result)]
    assert told[0] == told[1]


def test_the_file_is_private_and_always_the_same(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    target = state / "dump.tar.gz"
    target.write_bytes(b"old")
    target.chmod(0o644)
    assert collect(state, live.cluster()) == 2
    assert target.read_bytes() == b"old"
    assert "is there already: name another file, or allow it with --force" in capsys.readouterr().err
    assert collect(state, live.cluster(), "--force") == 0
    assert stat.S_IMODE(os.stat(target).st_mode) == 0o600
    first = target.read_bytes()
    assert collect(state, live.cluster(), "--force") == 0
    assert [one.name for one in state.iterdir() if one.name.startswith(".")] == []
    assert target.read_bytes() == first
    with tarfile.open(fileobj=io.BytesIO(first)) as archive:
        assert archive.getnames() == [
            "regcred-collection/collection.json",
            "regcred-collection/core/secrets/shop.list.json",
            "regcred-collection/core/serviceaccounts/shop.list.json",
        ]
        assert {member.mtime for member in archive} == {1700000000}
    capsys.readouterr()


def test_names_of_the_cluster_lead_nowhere(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = live.cluster()
    items = [live.secret(f"s{number}") for number in range(4)]
    spaces = ["../../etc", "pods\n", "", "n" * 300]
    for item, space in zip(items, spaces, strict=True):
        item["metadata"]["namespace"] = space
    answers[live.SECRETS] = live.page("Secret", *items)
    assert collect(state, answers) == 0
    with tarfile.open(state / "dump.tar.gz") as archive:
        names = archive.getnames()
    assert len(set(names)) == len(names) == 6
    for name in names:
        assert ".." not in name.split("/")
        assert name.isprintable()
        assert max(map(len, name.split("/"))) < 128
    capsys.readouterr()


def test_nothing_is_written_of_a_cluster_that_is_gone(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert collect(state, {"/apis": "Unable to connect to the server: no such host"}) == 3
    assert not (state / "dump.tar.gz").exists()
    assert "cannot be reached" in capsys.readouterr().err


def test_two_clusters_in_one_file_are_judged_each_for_itself(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert collect(state, live.cluster(), "cluster:east", "cluster:west") == 0
    capsys.readouterr()
    _, result = live.check(state, live.cluster(), capsys, str(state / "dump.tar.gz"))
    assert len([one for one in result["findings"] if one["code"] == "RC301"]) == 4
    assert result["scan"]["objects"]["Secret"] == 4


def test_what_is_no_cluster_and_no_archive_is_refused(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert collect(state, live.cluster(), "-n=--all") == 2
    assert main(["collect", "-o", str(state / "dump.zip")]) == 2
    assert main(["collect", "-o", str(state / "absent" / "dump.tar.gz")]) == 2
    assert "regcred:" in capsys.readouterr().err
    assert collect(state, live.cluster(), str(state / "absent.yaml")) == 3
    assert "nothing was written" in capsys.readouterr().err
    assert not list(state.rglob("*.gz"))


def test_a_redacted_file_is_judged_alike_and_holds_no_credential(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, wanted = live.check(state, live.cluster(), capsys)
    assert collect(state, live.cluster(), "--redact") == 0
    capsys.readouterr()
    again, result = live.check(state, live.cluster(), capsys, str(state / "dump.tar.gz"))
    assert (again, found(result)) == (code, found(wanted))
    with tarfile.open(state / "dump.tar.gz") as archive:
        said = b"".join(archive.extractfile(member).read() for member in archive)  # type: ignore[union-attr]
    payload = live.secret("one")["data"][".dockerconfigjson"]
    assert payload.encode() not in said
    assert live.CREDENTIAL.encode() not in said
