"""`--changed-since` and `--context`: all is judged, and only what a change touches is reported."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.__main__ import main
from linter.changes import rewritten

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: robot, namespace: shop}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}'
"""
ACCOUNT = """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
imagePullSecrets: [{name: robot}]
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      serviceAccountName: web
      containers: [{name: web, image: quay.io/shop/web:1}]
"""
OLD_DEFECT = ACCOUNT.replace("name: web", "name: old").replace("[{name: robot}]", "[{name: robot}, {name: robot}]")


class Repository:
    """A git repository with manifests, and what `regcred check` finds in it."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capsys = capsys
        self.git("init", "-q", "-b", "main")
        self.write("secret.yaml", SECRET)
        self.write("account.yaml", ACCOUNT)
        self.write("deploy/web.yaml", DEPLOYMENT)
        self.write("old.yaml", f"{OLD_DEFECT}---\n{ACCOUNT.replace('name: web', 'name: fine')}")
        self.commit()

    def git(self, *words: str) -> None:
        named = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *named, *words], cwd=self.root, check=True, capture_output=True)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")

    def check(self, *words: str) -> tuple[set[tuple[str, str]], Any]:
        main(["check", "--ignore", "RC701", "--format", "json", *words])
        result = json.loads(self._capsys.readouterr().out)
        return {(one["code"], one["object"]["name"]) for one in result["findings"]}, result["summary"]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Repository:
    monkeypatch.chdir(tmp_path)
    return Repository(tmp_path, capsys)


def test_a_change_without_defect_is_silent_and_says_what_it_left_out(repository: Repository) -> None:
    repository.write("new.yaml", ACCOUNT.replace("name: web", "name: new"))
    assert repository.check(".")[0] == {("RC307", "old")}
    found, summary = repository.check(".", "--changed-since", "HEAD")
    assert (found, summary["untouched"]) == (set(), 1)


def test_a_defect_in_a_new_untracked_file_is_reported(repository: Repository) -> None:
    repository.write("new.yaml", OLD_DEFECT.replace("name: old", "name: new"))
    assert repository.check(".", "--changed-since", "HEAD")[0] == {("RC307", "new")}


def test_an_old_defect_is_reported_when_its_document_changes_and_not_for_its_neighbour(repository: Repository) -> None:
    text = (repository.root / "old.yaml").read_text()
    repository.write("old.yaml", text.replace("name: fine", "name: finer"))
    assert repository.check(".", "--changed-since", "HEAD")[0] == set()
    repository.write("old.yaml", text.replace("kind: ServiceAccount", "kind: ServiceAccount # changed", 1))
    assert repository.check(".", "--changed-since", "HEAD")[0] == {("RC307", "old")}


def test_what_a_removal_breaks_elsewhere_is_reported(repository: Repository) -> None:
    repository.write("other.yaml", SECRET.replace("name: robot", "name: other"))
    repository.commit()
    (repository.root / "secret.yaml").unlink()
    found, summary = repository.check(".", "--changed-since", "HEAD")
    assert ("RC303", "web") in found
    assert ("RC307", "old") not in found
    assert summary["untouched"] >= 1


def test_a_changed_workload_brings_the_defect_that_hits_it(repository: Repository) -> None:
    repository.write("secret.yaml", SECRET.replace('"auth": "dXNlcjpwYXNz"', '"auth": "%%%"'))
    repository.commit()
    assert repository.check(".", "--changed-since", "HEAD")[0] == set()
    repository.write("deploy/web.yaml", DEPLOYMENT.replace("web:1", "web:2"))
    assert ("RC106", "robot") in repository.check(".", "--changed-since", "HEAD")[0]


def test_a_branch_is_compared_with_where_it_left(repository: Repository) -> None:
    repository.git("checkout", "-q", "-b", "work")
    repository.write("mine.yaml", OLD_DEFECT.replace("name: old", "name: mine"))
    repository.commit()
    repository.git("checkout", "-q", "main")
    repository.write("old.yaml", ACCOUNT.replace("name: web", "name: old"))
    repository.commit()
    repository.git("checkout", "-q", "work")
    assert repository.check(".", "--changed-since", "main")[0] == {("RC307", "mine")}


def test_names_that_git_would_quote_are_found(repository: Repository) -> None:
    repository.write('deploy/a "b" ü.yaml', OLD_DEFECT.replace("name: old", "name: odd"))
    repository.commit()
    repository.write('deploy/a "b" ü.yaml', OLD_DEFECT.replace("name: old", "name: odder"))
    assert repository.check("deploy", "--changed-since", "HEAD")[0] == {("RC307", "odder")}


def test_the_exit_code_follows_what_is_reported(repository: Repository) -> None:
    words = ["check", ".", "--ignore", "RC701", "--fail-on", "info"]
    assert main(words) == 1
    assert main([*words, "--changed-since", "HEAD"]) == 0


def test_text_says_how_many_are_left_out(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", ".", "--ignore", "RC701", "--changed-since", "HEAD"]) == 0
    assert "1 not touched by the change" in capsys.readouterr().out


def test_context_is_judged_along_and_not_reported(repository: Repository) -> None:
    assert repository.check("deploy/web.yaml", "--context", ".") == (
        set(),
        {**repository.check(".")[1], "info": 0, "untouched": 1},
    )
    assert repository.check("old.yaml", "account.yaml", "--context", ".")[0] == {("RC307", "old")}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((".", "--changed-since=nowhere"), "no commit 'nowhere'"),
        ((".", "--changed-since=--help"), "no commit '--help'"),
        (("-", "--changed-since=HEAD"), "standard input has no history"),
        ((".", "--changed-since=HEAD", "--history=scans.db"), "whole scans"),
    ],
)
def test_what_cannot_be_compared_is_a_usage_error(
    words: tuple[str, ...], said: str, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *words]) == 2
    assert said in capsys.readouterr().err


def test_outside_of_git_is_a_usage_error(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path_factory.mktemp("plain")
    assert main(["check", str(folder), "--changed-since", "HEAD"]) == 2
    assert "not in a git work tree" in capsys.readouterr().err


DOCUMENTS = st.lists(st.sampled_from(["a: 1", "b: 2", "c: |\n  x", "# only a remark\nd: 4", "e: [1, 2]"]), max_size=6)


@given(before=DOCUMENTS, now=DOCUMENTS)
def test_every_document_that_was_not_there_is_written(before: list[str], now: list[str]) -> None:
    new, old = ("\n---\n".join(documents).encode() for documents in (now, before))
    found = rewritten(new, old)
    assert found is not None
    left = list(before)
    for number, text in enumerate(now):
        if text in left:
            left.remove(text)
            assert number not in found
        else:
            assert number in found
