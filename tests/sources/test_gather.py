"""Folders, files and standard input to artifacts: what is read, in which order, and why the rest is not."""

import io
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from linter.model import Problem
from linter.sources import Artifact, InputProblem, Limits, Skipped, gather

YAML = b"kind: Secret\n"


def plant(root: Path, *names: str, data: bytes = YAML) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Gathered:
    """The three kinds of result, apart."""

    def __init__(self, *paths: str, **options: Any) -> None:
        entries = list(gather(paths, **options))
        self.artifacts = [entry for entry in entries if isinstance(entry, Artifact)]
        self.paths = [artifact.path for artifact in self.artifacts]
        self.problems = [entry for entry in entries if isinstance(entry, Problem)]
        self.skipped = {entry.path: entry.reason for entry in entries if isinstance(entry, Skipped)}


def test_a_tree_is_read_in_sorted_order(here: Path) -> None:
    plant(
        here,
        "b/x.yml",
        "a.yaml",
        "b/a/c.JSON",
        "B.yaml",
        "b.yaml",
        "b/Kustomization",
        "b/s.dockerconfigjson",
        "b/t.tpl",
        "README.md",
    )
    found = Gathered(".")
    assert found.paths == [
        "B.yaml",
        "a.yaml",
        "b/Kustomization",
        "b/a/c.JSON",
        "b/s.dockerconfigjson",
        "b/x.yml",
        "b.yaml",
    ]
    assert found.skipped == {"README.md": "not YAML or JSON", "b/t.tpl": "not YAML or JSON"}
    assert found.artifacts[0].read() == found.artifacts[0].read() == YAML
    assert not found.artifacts[0].named
    assert "B.yaml" in repr(found.artifacts[0])


@pytest.mark.parametrize(
    ("argument", "shown"),
    [
        ("d", "d/x.yaml"),
        ("./d", "d/x.yaml"),
        ("d/", "d/x.yaml"),
        (".//d", "d/x.yaml"),
        ("../{here}/d", "../{here}/d/x.yaml"),
        ("{full}/d", "{full}/d/x.yaml"),
    ],
)
def test_paths_are_shown_as_they_were_written(here: Path, argument: str, shown: str) -> None:
    plant(here, "d/x.yaml")
    fill = {"here": here.name, "full": str(here)}
    assert Gathered(argument.format(**fill)).paths == [shown.format(**fill)]


def test_folders_that_are_not_the_users_are_left_out(here: Path) -> None:
    plant(
        here,
        *(
            f"{name}/x.yaml"
            for name in (
                "node_modules",
                "vendor",
                "venv",
                ".venv",
                "__pycache__",
                ".git",
                ".terraform",
                ".cache",
                ".kube/http-cache",
                "http-cache",
            )
        ),
    )
    plant(here, ".tekton/run.yaml", "ok/x.yaml", ".gitlab-ci.yml")
    found = Gathered(".")
    assert found.paths == [".gitlab-ci.yml", ".tekton/run.yaml", "ok/x.yaml"]
    assert found.skipped["vendor"] == "vendored folder"
    assert found.skipped[".cache"] == "hidden folder"


def test_a_hidden_folder_that_is_named_is_read(here: Path) -> None:
    plant(here, ".hidden/x.yaml", ".kube/cache/a.yaml", ".kube/config.yaml", "vendor/a/x.yaml")
    assert Gathered(".hidden").paths == [".hidden/x.yaml"]
    assert Gathered(".kube").paths == [".kube/config.yaml"]
    assert Gathered("vendor").paths == ["vendor/a/x.yaml"]


def test_a_namespace_may_be_called_as_it_likes(here: Path) -> None:
    plant(here, "mg/namespaces/vendor/core/pods.yaml", "mg/namespaces/build/core/pods.yaml")
    assert len(Gathered("mg").paths) == 2


@pytest.mark.parametrize("name", ["build", "dist", "target", "out"])
def test_build_folders_with_manifests_are_read(here: Path, name: str) -> None:
    plant(here, f"{name}/buildconfig.yaml", f"sub/{name}/x.yaml", f"sub/{name}/package.json")
    found = Gathered(".")
    assert found.paths == [f"{name}/buildconfig.yaml"]
    assert found.skipped[f"sub/{name}"] == "build folder"
    assert len(Gathered(f"sub/{name}").paths) == 2


def test_ignore_files_count_at_every_level(here: Path) -> None:
    plant(
        here,
        "a.yaml",
        "b.yaml",
        "sub/b.yaml",
        "sub/c.yaml",
        "sub/deep/c.yaml",
        "gone/x.yaml",
        "gone/keep.yaml",
        "x/secret.yaml",
    )
    (here / ".gitignore").write_text("\ufeffb.yaml\ngone/\n!gone/keep.yaml\n\n# note\n/x/*.yaml\n[\n")
    (here / "sub/.gitignore").write_text("!b.yaml\n/c.yaml\r\n")
    found = Gathered(".")
    assert found.paths == ["a.yaml", "sub/b.yaml", "sub/deep/c.yaml"]
    assert found.skipped["gone"] == found.skipped["b.yaml"] == found.skipped["sub/c.yaml"] == "ignored by .gitignore"


def test_ignore_files_above_count_up_to_the_repository(here: Path) -> None:
    plant(here, "repo/.git/HEAD", "repo/a/b/x.yaml", "repo/a/b/y.yaml", "repo/a/b/z.yaml", "repo/a/b/w.yaml")
    (here / ".gitignore").write_text("w.yaml\n")
    (here / "repo/.gitignore").write_text("x.yaml\n")
    (here / "repo/a/.gitignore").write_text("/b/y.yaml\n")
    (here / "repo/.git/info").mkdir()
    (here / "repo/.git/info/exclude").write_text("z.yaml\n")
    assert Gathered("repo/a/b").paths == ["repo/a/b/w.yaml"]
    assert Gathered("repo").paths == ["repo/a/b/w.yaml"]


def test_an_ignored_folder_or_file_that_is_named_is_read(here: Path) -> None:
    plant(here, ".git/HEAD", "dump/a.yaml", "dump/deep/b.yaml")
    (here / ".gitignore").write_text("dump/\n*.yaml\n")
    assert Gathered("dump").paths == ["dump/a.yaml", "dump/deep/b.yaml"]
    assert Gathered("dump/deep").paths == ["dump/deep/b.yaml"]
    assert Gathered("dump/a.yaml").paths == ["dump/a.yaml"]


def test_a_repository_inside_keeps_its_own_rules(here: Path) -> None:
    plant(here, ".git/HEAD", "sub/.git", "sub/x.yaml", "x.yaml")
    (here / ".gitignore").write_text("x.yaml\n")
    assert Gathered(".").paths == ["sub/x.yaml"]


def test_exclude_patterns(here: Path) -> None:
    plant(here, "a/x.yaml", "a/y.yaml", "b/x.yaml", "b/c/z.yaml")
    assert Gathered(".", exclude=["x.yaml"]).paths == ["a/y.yaml", "b/c/z.yaml"]
    assert Gathered(".", exclude=["b/", "/a/y.yaml"]).paths == ["a/x.yaml"]
    assert Gathered("b", exclude=["b/c"]).paths == ["b/x.yaml"]
    assert Gathered("b", exclude=["/c"]).paths == ["b/x.yaml"]
    found = Gathered("a/x.yaml", exclude=["x.yaml"])
    assert found.skipped == {"a/x.yaml": "excluded"}


def test_any_file_that_is_named_is_read(here: Path) -> None:
    plant(here, "secret.txt", "chart.tpl")
    found = Gathered("secret.txt", "chart.tpl")
    assert found.paths == ["secret.txt", "chart.tpl"]
    assert [artifact.input for artifact in found.artifacts] == [0, 1]
    assert found.artifacts[0].named


def test_the_same_file_is_read_once(here: Path) -> None:
    plant(here, "d/x.yaml", "d/y.yaml")
    os.link(here / "d/x.yaml", here / "d/z.yaml")
    found = Gathered("d/y.yaml", "d", ".", "d/y.yaml")
    assert found.paths == ["d/y.yaml", "d/x.yaml"]
    assert [artifact.input for artifact in found.artifacts] == [0, 1]
    assert found.skipped["d/z.yaml"] == "the same file was read before"


def test_links_inside_the_root_are_followed_and_others_refused(here: Path) -> None:
    plant(here, "root/sub/real.yaml", "root/..data/mounted", "outside/secret.yaml")
    root = here / "root"
    (root / "a.yaml").symlink_to("sub/real.yaml")
    (root / "mounted.yaml").symlink_to("..data/mounted")
    (root / "broken.yaml").symlink_to("nowhere")
    (root / "loop").symlink_to(".")
    (root / "self.yaml").symlink_to("self.yaml")
    (root / "out.yaml").symlink_to(here / "outside/secret.yaml")
    (root / "outdir").symlink_to("../outside")
    found = Gathered("root")
    assert found.paths == ["root/sub/real.yaml", "root/mounted.yaml"]
    assert found.skipped["root/a.yaml"] == "the same file was read before"
    assert found.skipped["root/broken.yaml"] == found.skipped["root/self.yaml"] == "broken link"
    assert found.skipped["root/loop"] == "link to a folder of the same tree"
    assert found.skipped["root/out.yaml"] == found.skipped["root/outdir"] == "link out of the root"
    assert not found.problems


def test_a_link_that_is_named_is_followed(here: Path) -> None:
    plant(here, "real/x.yaml")
    (here / "way").symlink_to("real")
    (here / "one.yaml").symlink_to("real/x.yaml")
    assert Gathered("way").paths == ["way/x.yaml"]
    assert Gathered("one.yaml").paths == ["one.yaml"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes in the file system")
def test_pipes_sockets_and_devices_are_never_opened(here: Path) -> None:
    os.mkfifo(here / "pipe.yaml")
    (here / "link.yaml").symlink_to("pipe.yaml")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.yaml")
        found = Gathered(".")
    assert found.skipped == {"pipe.yaml": "a pipe", "link.yaml": "a pipe", "s.yaml": "a socket"}
    found = Gathered("pipe.yaml", "/dev/null")
    assert [problem.fatal for problem in found.problems] == [True, True]
    assert "a pipe" in found.problems[0].message
    assert "a device" in found.problems[1].message


def test_what_is_missing_is_a_fatal_problem(here: Path) -> None:
    plant(here, "x.yaml")
    found = Gathered("nope", "x.yaml", "bad\0path", "x.yaml/inside")
    assert [problem.path for problem in found.problems] == ["nope", "bad\0path", "x.yaml/inside"]
    assert all(problem.fatal and problem.remedy for problem in found.problems)
    assert found.paths == ["x.yaml"]


@pytest.mark.parametrize("name", ["dump.tar", "dump.tar.gz", "dump.ZIP", "dump.tgz", "x.yaml.gz"])
def test_a_name_makes_no_archive(here: Path, name: str) -> None:
    plant(here, "d/" + name)
    assert Gathered("d/" + name).paths == ["d/" + name]
    assert Gathered("d").skipped == {"d/" + name: "archive"}


def test_standard_input(here: Path) -> None:
    found = Gathered("-", "-", stdin=io.BytesIO(YAML))
    assert found.paths == ["<stdin>"]
    assert found.artifacts[0].read() == found.artifacts[0].read() == YAML
    assert found.skipped == {"<stdin>": "the same file was read before"}
    (problem,) = Gathered("-", stdin=io.BytesIO(b"PK\x03\x04")).problems
    assert "cut off" in problem.message
    (problem,) = Gathered("-", stdin=io.BytesIO(b"\0" * 11), limits=Limits(file_bytes=10)).problems
    assert "larger than 10 bytes" in problem.message


def test_too_large_files(here: Path) -> None:
    """Text of any size is read piece by piece."""
    plant(here, "big.yaml", data=b"\0" * 11)
    limits = Limits(file_bytes=10)
    assert [problem.fatal for problem in Gathered(".", limits=limits).problems] == [False]
    assert [problem.fatal for problem in Gathered("big.yaml", limits=limits).problems] == [True]
    assert Gathered("big.yaml", limits=Limits(file_bytes=11)).paths == ["big.yaml"]


def refused(artifact: Artifact) -> Problem:
    with pytest.raises(InputProblem) as caught:
        artifact.read()
    return caught.value.problem


def test_a_file_that_goes_or_changes_its_nature_before_it_is_read(here: Path) -> None:
    plant(here, "a.yaml", "b.yaml", "c.yaml", "d.yaml")
    artifacts = Gathered(".").artifacts
    (here / "a.yaml").unlink()
    (here / "b.yaml").unlink()
    os.mkfifo(here / "b.yaml")
    (here / "c.yaml").unlink()
    (here / "c.yaml").symlink_to("d.yaml")
    (here / "d.yaml").write_bytes(b"x" * 20)
    assert "no such file" in refused(artifacts[0]).message
    assert "a pipe" in refused(artifacts[1]).message
    assert refused(artifacts[2]).message
    assert artifacts[3].read() == b"x" * 20


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read(here: Path) -> None:
    plant(here, "d/a.yaml", "d/locked/b.yaml")
    (here / "d/a.yaml").chmod(0)
    (here / "d/locked").chmod(0)
    try:
        found = Gathered("d")
        assert "permission" in refused(found.artifacts[0]).message
        assert [(problem.path, problem.fatal) for problem in found.problems] == [("d/locked", False)]
    finally:
        (here / "d/locked").chmod(0o700)


def test_permission_errors_are_problems(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(here, "d/a.yaml", "d/locked/b.yaml")
    real_scan, real_open = os.scandir, os.open

    def scan(path: str) -> Any:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return real_scan(path)

    def deny(path: Any, *rest: Any, **more: Any) -> int:
        if str(path).endswith("a.yaml"):
            raise PermissionError(13, "Permission denied")
        return real_open(path, *rest, **more)

    monkeypatch.setattr(os, "scandir", scan)
    monkeypatch.setattr(os, "open", deny)
    found = Gathered("d")
    assert [(problem.path, problem.fatal) for problem in found.problems] == [("d/locked", False)]
    problem = refused(found.artifacts[0])
    assert "permission denied" in problem.message
    assert not problem.fatal


def test_a_file_that_changes_while_it_is_read(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(here, "a.yaml")
    (artifact,) = Gathered("a.yaml").artifacts
    real, states = os.fstat, iter([0, 1])

    def changing(number: int) -> Any:
        status = real(number)
        values = list(status)
        values[6] += next(states, 0)
        return os.stat_result(values)

    monkeypatch.setattr(os, "fstat", changing)
    assert "changed while" in refused(artifact).message


def test_names_that_are_no_text_can_be_shown(here: Path) -> None:
    try:
        plant(here, os.fsdecode(b"caf\xe9.yaml"))
    except OSError:
        pytest.skip("the file system refuses such names")
    (path,) = Gathered(".").paths
    assert path.encode() == "caf\ufffd.yaml".encode()


def everything(paths: Sequence[str]) -> list[str]:
    return [repr(entry) for entry in gather(paths)]


def test_gathering_is_deterministic_and_lazy(here: Path) -> None:
    plant(here, *(f"{letter}/{number}.yaml" for letter in "zab" for number in range(5)))
    assert everything(["."]) == everything(["."])
    first = next(gather(["missing", "-"], stdin=None))
    assert isinstance(first, Problem)
