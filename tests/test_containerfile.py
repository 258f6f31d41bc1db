"""deploy/Containerfile: its steps in an environment of their own, and the image itself where buildah can build it."""

import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from linter import __version__

ROOT = Path(__file__).parent.parent
FILE = ROOT / "deploy" / "Containerfile"
INSTALLS = pytest.mark.skipif(
    "REGCRED_TEST_INSTALL" not in os.environ, reason="installs from the package index: set REGCRED_TEST_INSTALL"
)


def steps(stage: int) -> list[tuple[str, str]]:
    """Instructions of one stage with what they say; continued lines are one."""
    text = re.sub(r"\\\n", " ", FILE.read_text("utf-8"))
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    pairs = [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]
    starts = [number for number, (word, _) in enumerate(pairs) if word == "FROM"]
    return pairs[starts[stage] : (*starts, len(pairs))[stage + 1]]


def bases() -> set[str]:
    return {rest.partition(" ")[0] for stage in (0, 1) for word, rest in steps(stage) if word == "FROM"}


def test_both_stages_have_one_python() -> None:
    """The second runs what the first has installed: a virtual environment of exactly that interpreter."""
    (base,) = bases()
    found = re.fullmatch(r"docker\.io/library/python:(3)\.(\d+)-slim", base)
    assert found
    assert (3, int(found[2])) >= (3, 11)


def test_what_is_copied_is_there_and_what_is_named_is_made() -> None:
    made = {"/opt/regcred"}
    for word, rest in steps(0):
        if word == "COPY":
            assert all((ROOT / name).exists() for name in rest.split()[:-1])
        if word == "RUN":
            assert set(re.findall(r"/opt/\w+", rest)) == made
    second = dict(steps(1))
    assert second["COPY"] == "--from=build /opt/regcred /opt/regcred"
    assert second["ENV"].split()[0] == "PATH=/opt/regcred/bin:$PATH"
    assert second["ENTRYPOINT"] == '["regcred"]'
    extras = re.search(r"'\.\[([\w,]+)\]'", "".join(rest for word, rest in steps(0) if word == "RUN"))
    assert extras
    declared = re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert set(extras[1].split(",")) <= set(declared)


@INSTALLS
def test_its_steps_install_regcred_from_what_is_copied(tmp_path: Path) -> None:
    """Run what the first stage runs, at another place, from nothing but what it copies."""
    source, prefix = tmp_path / "source", tmp_path / "regcred"
    source.mkdir()
    for word, rest in steps(0):
        if word == "COPY":
            *names, target = rest.split()
            for name in names:
                place = source / target / (name if target in (".", "./") else "")
                if (ROOT / name).is_dir():
                    shutil.copytree(ROOT / name, place, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(ROOT / name, place)
        if word == "RUN":
            line = rest.replace("/opt/regcred", str(prefix)).replace("python -m", f"{sys.executable} -m")
            done = subprocess.run(["sh", "-c", line], cwd=source, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
    environment = {"PATH": f"{prefix}/bin:/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"}
    for words, told in ((("--version",), __version__), (("--help",), "check"), (("trend", "--help"), "--history")):
        said = subprocess.run(
            ["regcred", *words], env=environment, cwd="/", capture_output=True, text=True, check=False
        )
        assert (said.returncode, told in said.stdout) == (0, True), said.stderr
    kept = subprocess.run(
        ["python", "-c", "import sqlalchemy, psycopg"], env=environment, capture_output=True, text=True, check=False
    )
    assert kept.returncode == 0, kept.stderr


def buildah(*words: str, timeout: float = 1200) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["buildah", *words], capture_output=True, text=True, timeout=timeout, check=False)


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    """The image, built without a daemon; skipped where its base is neither here nor to be had."""
    if shutil.which("buildah") is None:
        pytest.skip("needs buildah on the PATH")
    (base,) = bases()
    if not buildah("images", "--quiet", base).stdout.strip():
        try:
            pulled = buildah("pull", "--quiet", base, timeout=120)
        except subprocess.TimeoutExpired:
            pytest.skip(f"{base} cannot be pulled within two minutes")
        if pulled.returncode:
            pytest.skip(f"{base} cannot be pulled: {pulled.stderr.strip().splitlines()[-1:]}")
    name = f"localhost/regcred-test:{uuid.uuid4().hex[:12]}"
    words = ("bud", "--isolation", "chroot", "--pull-never", "--layers=false", "-f", str(FILE), "-t", name, str(ROOT))
    done = buildah(*words)
    assert done.returncode == 0, done.stderr
    yield name
    buildah("rmi", name)


@INSTALLS
def test_the_image_is_built_and_starts(image: str) -> None:
    made = buildah("from", "--pull-never", image)
    assert made.returncode == 0, made.stderr
    container = made.stdout.strip()
    try:
        said = buildah("run", "--isolation", "chroot", container, "--", "regcred", "--version")
        assert (said.returncode, __version__ in said.stdout) == (0, True), said.stderr
        who = buildah("run", "--isolation", "chroot", container, "--", "id", "-u")
        assert who.stdout.strip() == "65532", who.stderr
        git = buildah("run", "--isolation", "chroot", container, "--", "git", "--version")
        assert git.returncode == 0, git.stderr
    finally:
        buildah("rm", container)
