"""`--changed-since` where git is not all: several repositories, links, submodules, archives."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

OLD = ("RC106", "old")
"""What is found in the repository before any change."""


class TestRepositories:
    """What git knows, and what it does not."""

    def test_a_branch_is_compared_with_where_it_left(self, repository: Any) -> None:
        repository.git("checkout", "-q", "-b", "work")
        repository.write("mine.yaml", repository.secret("mine", "%%%"))
        repository.commit()
        repository.git("checkout", "-q", "main")
        repository.write("old.yaml", repository.account("fine"))
        repository.commit()
        repository.git("checkout", "-q", "work")
        assert repository.since(revision="main") == {("RC106", "mine")}

    def test_histories_without_a_common_commit_are_compared_as_they_are_and_it_is_said(self, repository: Any) -> None:
        repository.git("checkout", "-q", "--orphan", "other")
        repository.write("new.yaml", repository.secret("new", "%%%"))
        repository.commit()
        found, result = repository.check(".", "--changed-since", "main")
        assert found == {("RC106", "new")}
        (problem,) = result["coverage"]["problems"]
        assert "main itself is compared" in problem["message"]
        assert "fetch-depth: 0" in problem["remedy"]

    def test_paths_of_several_repositories_are_each_compared_with_their_own(self, repository: Any) -> None:
        second = repository.beside("second")
        second.write("known.yaml", second.secret("known", "%%%"))
        second.commit()
        second.write("new.yaml", second.secret("new", "%%%"))
        assert repository.since(".", "../second") == {("RC106", "new")}
        assert repository.since("../second", "deploy") == {("RC106", "new")}

    @pytest.mark.parametrize("path", ["built", "built/new.yaml"])
    def test_what_git_ignores_and_is_named_is_new(self, path: str, repository: Any) -> None:
        repository.write(".gitignore", "built/\n")
        repository.commit()
        repository.write("built/new.yaml", repository.secret("new", "%%%"))
        assert repository.since() == set()
        assert repository.since(path) == {("RC106", "new")}

    def test_a_repository_inside_that_is_no_submodule_is_new(self, repository: Any) -> None:
        inner = repository.beside("repository/inner")
        inner.write("known.yaml", inner.secret("known", "%%%"))
        inner.commit()
        assert repository.since() == {("RC106", "known")}
        assert repository.since("inner") == set()

    def test_what_left_the_index_and_not_the_disk_has_not_changed(self, repository: Any) -> None:
        repository.git("rm", "-q", "--cached", "old.yaml")
        assert repository.since() == set()

    def test_a_file_that_git_was_told_to_take_for_unchanged_is_compared_all_the_same(self, repository: Any) -> None:
        repository.git("update-index", "--assume-unchanged", "old.yaml")
        repository.git("update-index", "--skip-worktree", "secret.yaml")
        repository.write("old.yaml", repository.secret("new", "%%%"))
        repository.write("secret.yaml", repository.secret("robot", "%%%"))
        assert repository.since() == {("RC106", "new"), ("RC106", "robot")}

    def test_what_a_sparse_checkout_leaves_out_was_not_removed(self, repository: Any) -> None:
        repository.git("sparse-checkout", "set", "--no-cone", "/*", "!/secret.yaml")
        assert not (repository.root / "secret.yaml").exists()
        repository.write("other.yaml", repository.secret("other"))
        assert repository.since() == set()

    def test_only_contents_count_and_no_blob_that_is_not_read_is_asked_for(self, repository: Any) -> None:
        repository.write("large.bin", b"\0" * 1000)
        repository.commit()
        blob = repository.git("rev-parse", "HEAD:large.bin")
        (repository.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
        (repository.root / "large.bin").unlink()
        (repository.root / "old.yaml").chmod(0o755)
        assert repository.since() == set()

    def test_contents_that_git_has_not_got_are_named(
        self, repository: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        blob = repository.git("rev-parse", "HEAD:old.yaml")
        (repository.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
        (repository.root / "old.yaml").unlink()
        assert main(["check", ".", "--changed-since", "HEAD"]) == 2
        assert f"git does not find {blob}" in capsys.readouterr().err

    def test_a_filter_of_git_runs_backwards_for_nobody_and_all_is_reported(self, repository: Any) -> None:
        repository.git("config", "filter.turned.clean", "tr a-z n-za-m")
        repository.git("config", "filter.turned.smudge", "tr n-za-m a-z")
        repository.write(".gitattributes", "locked.yaml filter=turned\n")
        repository.write("locked.yaml", repository.secret("locked"))
        repository.commit()
        assert "xvaq: Srperg" in repository.git("show", "HEAD:locked.yaml")
        assert repository.since() == set()
        repository.write("locked.yaml", repository.secret("locked", "%%%"))
        found, result = repository.check(".", "--changed-since", "HEAD")
        assert found == {("RC106", "locked"), OLD}
        (problem,) = result["coverage"]["problems"]
        assert (problem["path"], "filter turned" in problem["message"]) == ("locked.yaml", True)

    @pytest.mark.parametrize("name", ['a "b" ü.yaml', "a\nb\t.yaml", "-x.yaml", b"a\xff b.yaml", ":(top)x.yaml"])
    def test_a_name_may_be_any(self, name: str | bytes, repository: Any) -> None:
        path = repository.write(b"deploy/" + os.fsencode(name), repository.secret("odd", "%%%"))
        repository.commit()
        assert repository.since("deploy") == set()
        path.write_text(repository.secret("odder", "%%%"))
        assert repository.since("deploy") == {("RC106", "odder")}
        path.unlink()
        assert repository.since("deploy") == set()

    def test_a_work_tree_of_a_bare_repository_has_its_history(self, repository: Any, tmp_path: Path) -> None:
        repository.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
        repository.git("--git-dir", str(tmp_path / "bare.git"), "worktree", "add", "-q", str(tmp_path / "work"))
        assert repository.since(str(tmp_path / "work")) == set()
        (tmp_path / "work" / "new.yaml").write_text(repository.secret("new", "%%%"))
        assert repository.since(str(tmp_path / "work")) == {("RC106", "new")}

    def test_sha256_repositories_are_read(self, repository: Any, tmp_path: Path) -> None:
        other = repository.beside("other")
        other.git("init", "-q", "--object-format=sha256", "-b", "main", str(tmp_path / "long"))
        long = tmp_path / "long"
        (long / "old.yaml").write_text(repository.secret("old", "%%%"))
        for words in (("add", "-A"), ("commit", "-q", "-m", "x")):
            repository.git("-C", str(long), *words)
        (long / "old.yaml").unlink()
        (long / "new.yaml").write_text(repository.secret("new", "%%%"))
        assert repository.since(str(long)) == {("RC106", "new")}

    def test_a_commit_hook_is_told_of_the_work_tree(self, repository: Any) -> None:
        """git starts hooks with variables that point it elsewhere, for a partial commit at an index of its own."""
        hook = repository.root / ".git" / "hooks" / "pre-commit"
        hook.write_text(
            "#!/bin/sh\nexport GIT_DIR=.git GIT_WORK_TREE=/nowhere GIT_OBJECT_DIRECTORY=/nowhere GIT_PREFIX=deploy/\n"
            f"{sys.executable} -m linter check . --changed-since HEAD >told\n[ -n \"$GIT_INDEX_FILE\" ]\n"
        )
        hook.chmod(0o755)
        repository.write("secret.yaml", repository.secret("robot", "%%%"))
        repository.write("new.yaml", repository.secret("new", "%%%"))
        repository.git("commit", "-q", "-m", "x", "secret.yaml")
        told = (repository.root / "told").read_text()
        assert "Secret robot" in told
        assert "Secret new" in told
        assert "Secret old" not in told


class TestLinks:
    def test_a_link_pointed_elsewhere_is_a_change(self, repository: Any) -> None:
        repository.write("one.txt", repository.secret("linked"))
        repository.write("two.txt", repository.secret("linked", "%%%"))
        (repository.root / "link.yaml").symlink_to("one.txt")
        repository.write("user.yaml", repository.account("user", "linked"))
        repository.commit()
        assert repository.since() == set()
        (repository.root / "link.yaml").unlink()
        (repository.root / "link.yaml").symlink_to("two.txt")
        assert repository.since() == {("RC106", "linked")}
        repository.commit()
        assert repository.since() == set()
        (repository.root / "link.yaml").unlink()
        assert repository.since() == {("RC303", "user")}

    def test_a_changed_file_counts_by_whatever_link_it_is_read(self, repository: Any) -> None:
        repository.write("one.txt", repository.secret("linked"))
        (repository.root / "link.yaml").symlink_to("one.txt")
        repository.commit()
        repository.write("one.txt", repository.secret("linked", "%%%"))
        assert repository.since() == {("RC106", "linked")}

    def test_a_link_in_the_place_of_a_file_and_the_other_way_are_changes(self, repository: Any) -> None:
        repository.write("one.txt", repository.secret("old", "%%%").replace("kind: Secret", "kind: Secret # other"))
        repository.commit()
        (repository.root / "old.yaml").unlink()
        (repository.root / "old.yaml").symlink_to("one.txt")
        assert repository.since() == {OLD}
        repository.commit()
        assert repository.since() == set()
        (repository.root / "old.yaml").unlink()
        repository.write("old.yaml", repository.secret("old", "%%%"))
        assert repository.since() == {OLD}

    def test_an_argument_that_leads_elsewhere_has_changed(self, repository: Any) -> None:
        for version, auth in (("v1", "dXNlcjpwYXNz"), ("v2", "%%%")):
            repository.write(f"releases/{version}/secret.yaml", repository.secret("release", auth))
        (repository.root / "current").symlink_to("releases/v1")
        repository.commit()
        assert repository.since("current") == set()
        (repository.root / "current").unlink()
        (repository.root / "current").symlink_to("releases/v2")
        assert repository.since("current") == {("RC106", "release")}
        assert repository.since("current/secret.yaml") == {("RC106", "release")}
        assert repository.since() == set()


class TestSubmodules:
    @pytest.fixture
    def inner(self, repository: Any) -> Any:
        """The submodule `lib`, as a repository."""
        source = repository.beside("library")
        source.write("known.yaml", source.secret("known", "%%%"))
        source.write("part.yaml", source.secret("part"))
        source.commit()
        repository.git("submodule", "--quiet", "add", str(source.root), "lib")
        repository.commit()
        source.root = repository.root / "lib"
        return source

    def test_what_it_held_before_is_known(self, inner: Any, repository: Any) -> None:
        assert ("RC106", "known") in repository.check(".")[0]
        assert repository.since() == set()

    def test_what_changed_inside_is_found_committed_or_not(self, inner: Any, repository: Any) -> None:
        inner.write("part.yaml", inner.secret("part", "%%%"))
        inner.write("new.yaml", inner.secret("new", "%%%"))
        assert repository.since() == {("RC106", "part"), ("RC106", "new")}
        inner.commit()
        assert repository.since() == {("RC106", "part"), ("RC106", "new")}
        repository.commit()
        assert repository.since() == set()
        assert repository.since(revision="HEAD~1") == {("RC106", "part"), ("RC106", "new")}

    def test_a_new_one_is_new(self, inner: Any, repository: Any) -> None:
        assert repository.since(revision="HEAD~1") == {("RC106", "known")}

    def test_where_its_commit_is_not_there_all_counts_and_it_is_said(self, inner: Any, repository: Any) -> None:
        (repository.root / "lib" / ".git").unlink()
        repository.git("-C", "lib", "init", "-q")
        found, result = repository.check(".", "--changed-since", "HEAD")
        assert found == {("RC106", "known"), OLD}
        (problem,) = result["coverage"]["problems"]
        assert (problem["path"], "submodule" in problem["message"]) == ("lib", True)

    def test_where_it_is_not_checked_out_nothing_is_missed(self, inner: Any, repository: Any) -> None:
        repository.git("submodule", "--quiet", "deinit", "-f", "lib")
        found, result = repository.check(".", "--changed-since", "HEAD")
        assert (found, result["coverage"]["problems"]) == (set(), [])


class TestArchives:
    def test_a_changed_archive_counts_whole_and_another_not(self, repository: Any) -> None:
        repository.write("dump.tar.gz", repository.tar(a=repository.secret("a", "%%%"), b=repository.secret("b")))
        repository.commit()
        assert repository.since("dump.tar.gz") == set()
        both = repository.tar(a=repository.secret("a", "%%%"), b=repository.secret("b", "%%%"))
        repository.write("dump.tar.gz", both)
        assert repository.since("dump.tar.gz") == {("RC106", "a"), ("RC106", "b")}

    def test_a_new_one_is_new(self, repository: Any) -> None:
        repository.write("dump.tar.gz", repository.tar(a=repository.secret("a", "%%%")))
        assert repository.since("dump.tar.gz") == {("RC106", "a")}

    def test_what_went_out_of_one_was_there(self, repository: Any) -> None:
        whole = repository.tar(a=repository.secret("gone"), b=repository.secret("stays"))
        repository.write("part.tar.gz", whole)
        repository.write("user.yaml", repository.account("user", "gone"))
        repository.commit()
        repository.write("part.tar.gz", repository.tar(b=repository.secret("stays")))
        words = ("user.yaml", "part.tar.gz", "--scope", "manifests")
        assert repository.since(*words) == {("RC303", "user")}
