"""`--changed-since` and `--context`: all is judged, and only what a change touches is reported."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

OLD = ("RC106", "old")
"""What is found in the repository before any change."""


def test_a_change_without_defect_is_silent_and_says_what_it_left_out(repository: Any) -> None:
    repository.write("new.yaml", repository.account("new"))
    assert repository.check(".")[0] == {OLD}
    found, result = repository.check(".", "--changed-since", "HEAD")
    assert (found, result["summary"]["untouched"]) == (set(), 1)


def test_a_defect_in_a_new_untracked_file_is_reported(repository: Any) -> None:
    repository.write("new.yaml", repository.secret("new", "%%%"))
    assert repository.since() == {("RC106", "new")}


class TestDocuments:
    """The unit of a change."""

    def test_an_old_defect_counts_when_its_document_changes_and_not_for_its_neighbour(self, repository: Any) -> None:
        text = (repository.root / "old.yaml").read_text()
        repository.write("old.yaml", text.replace("name: fine", "name: finer"))
        assert repository.since() == set()
        repository.write("old.yaml", text.replace("kind: Secret", "kind: Secret # changed"))
        assert repository.since() == {OLD}

    def test_documents_put_before_others_leave_them_as_they_are(self, repository: Any) -> None:
        text = (repository.root / "old.yaml").read_text()
        repository.write("old.yaml", f"{repository.account('first')}---\n{repository.account('second')}---\n{text}")
        assert repository.since() == set()

    @pytest.mark.parametrize("words", [("mv",), ("git", "mv")], ids=" ".join)
    def test_a_file_that_is_only_renamed_brings_nothing(self, words: tuple[str, ...], repository: Any) -> None:
        # What names no namespace is known by its file, too.
        repository.write("bare.yaml", repository.account("bare", "robot", "robot", namespace=""))
        repository.commit()
        repository.write("elsewhere/.keep", "")
        for name in ("old.yaml", "bare.yaml"):
            subprocess.run([*words, name, f"elsewhere/new-{name}"], check=True)
        assert repository.check(".")[0] >= {OLD, ("RC307", "bare")}
        assert repository.since() == set()

    def test_a_file_renamed_and_edited_brings_what_was_edited(self, repository: Any) -> None:
        text = (repository.root / "old.yaml").read_text()
        (repository.root / "old.yaml").unlink()
        repository.write("new.yaml", f"{text}---\n{repository.secret('more', '%%%')}")
        assert repository.since() == {("RC106", "more")}

    def test_documents_taken_apart_and_put_together_bring_nothing(self, repository: Any) -> None:
        first, second = (repository.root / "old.yaml").read_text().split("---\n")
        (repository.root / "old.yaml").unlink()
        repository.write("apart.yaml", first)
        text = (repository.root / "account.yaml").read_text()
        repository.write("account.yaml", f"{text}---\n{second}")
        assert repository.since() == set()

    def test_a_copy_is_a_change(self, repository: Any) -> None:
        repository.write("copy.yaml", (repository.root / "old.yaml").read_text())
        assert repository.since() == {OLD}

    def test_a_file_that_is_read_only_since_its_rename_is_new(self, repository: Any) -> None:
        repository.write("off.txt", repository.secret("spare", "%%%"))
        repository.write(".hidden/in.yaml", repository.secret("in", "%%%"))
        repository.commit()
        (repository.root / "off.txt").rename("on.yaml")
        (repository.root / ".hidden").rename("shown")
        assert repository.since() == {("RC106", "spare"), ("RC106", "in")}

    def test_line_ends_do_not_count(self, repository: Any) -> None:
        repository.git("config", "core.autocrlf", "false")
        old = repository.root / "old.yaml"
        old.write_bytes(old.read_bytes().replace(b"\n", b"\r\n"))
        assert repository.since() == set()
        old.write_bytes(old.read_bytes().replace(b"name: fine", b"name: finer"))
        assert repository.since() == set()

    def test_json_counts_as_a_whole_and_may_move_as_a_whole(self, repository: Any) -> None:
        account = '{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "%s", "namespace": "shop"}, '
        account += '"imagePullSecrets": [{"name": "robot"}, {"name": "robot"}]}'
        listed = '{"apiVersion": "v1", "kind": "List", "items": [%s, %s]}'
        repository.write("list.json", listed % (account % "a", account % "b"))
        repository.commit()
        (repository.root / "list.json").rename("moved.json")
        assert repository.since() == set()
        repository.write("moved.json", listed % (account % "a", account % "c"))
        assert repository.since() == {("RC307", "a"), ("RC307", "c")}


class TestEffects:
    """What a change does to what nobody has edited."""

    def test_what_a_removal_breaks_elsewhere_is_reported(self, repository: Any) -> None:
        repository.write("other.yaml", repository.secret("other"))
        repository.commit()
        (repository.root / "secret.yaml").unlink()
        found, result = repository.check(".", "--changed-since", "HEAD")
        assert {("RC303", "web"), ("RC303", "fine")} <= found
        assert OLD not in found
        assert result["summary"]["untouched"] >= 1

    @pytest.mark.parametrize("name", ["gone.dockerconfigjson", ".tekton/gone.yaml", "Kustomization", "deploy/Gone.YML"])
    def test_what_was_removed_counts_wherever_it_was_read(self, name: str, repository: Any) -> None:
        repository.write(name, repository.secret("gone"))
        repository.write("user.yaml", repository.account("user", "gone"))
        repository.commit()
        (repository.root / name).unlink()
        assert repository.since() == {("RC303", "user")}
        assert repository.since(str(repository.root)) == {("RC303", "user")}

    @pytest.mark.parametrize("name", [".hidden/gone.yaml", "vendor/gone.yaml", "not/gone.yaml", "gone.txt"])
    def test_what_was_removed_counts_only_where_it_was_read(self, name: str, repository: Any) -> None:
        repository.write(".regcred.yaml", "ignore: [RC701, RC301]\nexclude: [not/]\n")
        repository.write(name, repository.secret("gone"))
        repository.write("user.yaml", repository.account("user", "gone"))
        repository.commit()
        assert ("RC303", "user") in repository.check(".")[0]
        (repository.root / name).unlink()
        assert repository.since() == set()

    def test_a_changed_workload_brings_the_defect_that_hits_it(self, repository: Any) -> None:
        repository.write("secret.yaml", repository.secret("robot", "%%%"))
        repository.commit()
        assert repository.since() == set()
        repository.write("deploy/web.yaml", repository.deployment("web", image="quay.io/shop/web:2"))
        assert ("RC106", "robot") in repository.since()

    def test_a_link_brings_the_old_defect_that_now_hits_an_old_workload(self, repository: Any) -> None:
        repository.write("user.yaml", repository.deployment("user", account="fine"))
        repository.commit()
        text = (repository.root / "account.yaml").read_text()
        repository.write("account.yaml", text.replace("{name: robot}", "{name: robot}, {name: old}"))
        assert OLD in repository.since()

    def test_a_suppression_that_goes_brings_what_it_hid(self, repository: Any) -> None:
        hidden = repository.secret("hid", "%%%").replace("kind: Secret", "kind: Secret # regcred: ignore[RC106] known")
        repository.write("hid.yaml", hidden)
        repository.commit()
        assert repository.since() == set()
        repository.write("hid.yaml", repository.secret("hid", "%%%"))
        assert repository.since() == {("RC106", "hid")}

    def test_problems_and_what_is_not_judged_are_those_of_the_change(self, repository: Any) -> None:
        repository.write("bad.yaml", "kind: Secret\ndata: [\n")
        repository.write("template.yaml", "kind: Secret\ndata: {{ .Values.data }}\n{{ end }}\n")
        repository.commit()
        result = repository.check(".", "--changed-since", "HEAD")[1]
        assert result["coverage"] == {"not_evaluated": [], "problems": []}
        (repository.root / "bad.yaml").rename("moved.yaml")
        assert repository.check(".", "--changed-since", "HEAD")[1]["coverage"]["problems"] == []
        repository.write("moved.yaml", "kind: Secret\ndata: [\n# more\n")
        (problem,) = repository.check(".", "--changed-since", "HEAD")[1]["coverage"]["problems"]
        assert problem["path"] == "moved.yaml"


def test_the_exit_code_follows_what_is_reported(repository: Any) -> None:
    assert main(["check", "."]) == 1
    assert main(["check", ".", "--changed-since", "HEAD"]) == 0


def test_text_says_how_many_are_left_out(repository: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", ".", "--changed-since", "HEAD"]) == 0
    assert "1 not touched by the change" in capsys.readouterr().out


def test_a_repair_is_about_what_the_change_touches(repository: Any) -> None:
    twice = repository.account("twice", "robot", "robot")
    repository.write("twice.yaml", twice)
    repository.commit()
    repository.write("mine.yaml", repository.account("mine", "robot", "robot"))
    main(["check", ".", "--changed-since", "HEAD", "--fix"])
    assert (repository.root / "twice.yaml").read_text() == twice
    assert (repository.root / "mine.yaml").read_text().count("robot") == 1


def test_a_path_that_is_not_there_is_told_as_ever(repository: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "nowhere/x.yaml", "--changed-since", "HEAD"]) == 3
    assert "nowhere/x.yaml" in capsys.readouterr().out


class TestContext:
    def test_it_is_judged_along_and_not_reported(self, repository: Any) -> None:
        found, result = repository.check("deploy/web.yaml", "--context", ".")
        assert (found, result["summary"]["untouched"]) == (set(), 1)
        assert repository.check("old.yaml", "account.yaml", "--context", ".")[0] == {OLD}

    def test_an_archive_is_a_path_like_others(self, repository: Any) -> None:
        repository.write("dump.tar.gz", repository.tar(a=repository.secret("a", "%%%")))
        assert repository.check("dump.tar.gz", "--context", ".")[0] == {("RC106", "a")}


class TestRefusals:
    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ((".", "--changed-since=nowhere"), "no commit 'nowhere'"),
            ((".", "--changed-since=--help"), "no commit '--help'"),
            ((".", "--changed-since=--output=x"), "no commit '--output=x'"),
            ((".", "--changed-since="), "--changed-since is empty"),
            ((".", "--changed-since=HEAD:old.yaml"), "no commit 'HEAD:old.yaml'"),
            ((".", "--changed-since=HEAD..HEAD"), "no commit 'HEAD..HEAD'"),
            ((".", "--changed-since=origin/main"), "git fetch origin main"),
            (("-", "--changed-since=HEAD"), "standard input has no history"),
            (("cluster:", "--changed-since=HEAD"), "cluster: has no history in git"),
            ((".", "cluster:prod", "--changed-since=HEAD"), "cluster:prod has no history in git"),
            (("memory://bucket/dump.tar", "--changed-since=HEAD"), "has no history"),
            ((".", "--render", "--changed-since=HEAD"), "leave --render out"),
            ((".", "--changed-since=HEAD", "--history=scans.db"), "whole scans"),
        ],
    )
    def test_what_cannot_be_compared_is_a_usage_error(
        self, words: tuple[str, ...], said: str, repository: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["check", *words]) == 2
        told = capsys.readouterr()
        assert said in told.err
        assert not told.out
        assert not (repository.root / "x").exists()

    def refused(self, capsys: pytest.CaptureFixture[str], path: Path | str, revision: str = "HEAD") -> str:
        assert main(["check", str(path), "--changed-since", revision]) == 2
        return capsys.readouterr().err

    def test_a_folder_outside(self, repository: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "plain").mkdir()
        assert "plain: not in a git work tree" in self.refused(capsys, tmp_path / "plain")
        assert "not in a git work tree" in self.refused(capsys, tmp_path / "no" / "where")

    def test_a_bare_repository(self, repository: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        repository.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
        assert "not in a git work tree" in self.refused(capsys, tmp_path / "bare.git")

    def test_one_without_a_commit(self, repository: Any, capsys: pytest.CaptureFixture[str]) -> None:
        assert "has no commit yet" in self.refused(capsys, repository.beside("empty").root)

    def test_a_shallow_clone(self, repository: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        first = repository.git("rev-parse", "HEAD")
        repository.write("new.yaml", repository.account("new"))
        repository.commit()
        repository.git("clone", "-q", "--depth", "1", repository.root.as_uri(), str(tmp_path / "shallow"))
        assert "fetch-depth: 0" in self.refused(capsys, tmp_path / "shallow", first)
        assert repository.since(str(tmp_path / "shallow")) == set()

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
    def test_a_folder_of_somebody_else(self, repository: Any, capsys: pytest.CaptureFixture[str]) -> None:
        for path in (repository.root, repository.root / ".git"):
            os.chown(path, 12345, 12345)
        assert "git config --global --add safe.directory" in self.refused(capsys, ".")

    def test_no_git(
        self, repository: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("PATH", "")
        assert "needs git on the PATH" in self.refused(capsys, ".")


class TestPlaces:
    """From where, and by which way, a path is named."""

    def test_any_folder_and_any_way(self, repository: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        repository.write("deploy/new.yaml", repository.secret("new", "%%%"))
        (tmp_path / "way").symlink_to(repository.root)
        monkeypatch.chdir(repository.root / "deploy")
        for words in ((".",), ("..",), ("../secret.yaml", "web.yaml", "new.yaml"), (str(tmp_path / "way" / "deploy"),)):
            assert repository.since(*words) == {("RC106", "new")}
        monkeypatch.chdir(tmp_path)
        assert repository.since("way") == {("RC106", "new")}
        assert repository.since("way/deploy/../old.yaml") == set()

    def test_a_folder_in_the_place_of_a_file_and_the_other_way(self, repository: Any) -> None:
        old = repository.root / "old.yaml"
        text = old.read_text()
        old.unlink()
        repository.write("old.yaml/inside.yaml", text)
        assert repository.since() == set()
        repository.commit()
        (old / "inside.yaml").unlink()
        old.rmdir()
        repository.write("old.yaml", text)
        assert repository.since() == set()

    def test_submodules_of_submodules(self, repository: Any) -> None:
        inner, outer = repository.beside("inner"), repository.beside("outer")
        inner.write("inner.yaml", inner.secret("inner", "%%%"))
        inner.commit()
        outer.git("submodule", "--quiet", "add", str(inner.root), "inner")
        outer.commit()
        repository.git("submodule", "--quiet", "add", str(outer.root), "outer")
        repository.git("submodule", "--quiet", "update", "--init", "--recursive")
        repository.commit()
        assert repository.check(".")[0] == {OLD, ("RC106", "inner")}
        assert repository.since() == set()
        repository.write("outer/inner/new.yaml", repository.secret("new", "%%%"))
        for path in (".", "outer", "outer/inner"):
            assert repository.since(path) == {("RC106", "new")}

    def test_a_partial_clone_fetches_what_it_needs(self, repository: Any, tmp_path: Path) -> None:
        repository.git("config", "uploadpack.allowFilter", "true")
        part = tmp_path / "part"
        repository.git("clone", "-q", "--filter=blob:none", repository.root.as_uri(), str(part))
        (part / "old.yaml").unlink()
        (part / "new.yaml").write_text(repository.secret("new", "%%%"))
        assert repository.since(str(part)) == {("RC106", "new")}

    def test_no_setting_of_git_changes_the_answer(self, repository: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in (
            ("diff.external", "/nowhere"),
            ("diff.noprefix", "true"),
            ("diff.relative", "true"),
            ("diff.renames", "copies"),
            ("core.quotePath", "true"),
            ("core.fsmonitor", "/nowhere"),
            ("color.ui", "always"),
            ("status.showUntrackedFiles", "no"),
        ):
            repository.git("config", name, value)
        monkeypatch.setenv("GIT_EXTERNAL_DIFF", "/nowhere")
        monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
        monkeypatch.setenv("GIT_TRACE", "1")
        repository.write("deploy/ü.yaml", repository.secret("new", "%%%"))
        repository.write("old.yaml", repository.secret("older", "%%%"))
        assert repository.since("deploy", "old.yaml") == {("RC106", "new"), ("RC106", "older")}


def test_several_processes_find_the_same(repository: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    monkeypatch.setattr("linter.fleet.spread._WORTH", 0)
    repository.write("deploy/new.yaml", repository.secret("new", "%%%"))
    repository.write("secret.yaml", repository.secret("robot", "%%%"))
    (repository.root / "old.yaml").rename("moved.yaml")
    alone = repository.check(".", "--changed-since", "HEAD")[1]
    assert {one["object"]["name"] for one in alone["findings"]} == {"new", "robot"}
    assert repository.check(".", "--changed-since", "HEAD", "--jobs", "2")[1] == alone
