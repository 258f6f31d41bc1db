"""What a shell hands over for `<(command)`: the path of an open pipe, which can be read once."""

import gzip
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.commons import quiet

DUMP = (Path(__file__).parent.parent / "examples" / "cluster.yaml").read_bytes()
pytestmark = pytest.mark.skipif(not Path("/dev/fd").exists(), reason="this system names no open files")


class Pipes:
    """Pipes through which something comes."""

    def __init__(self) -> None:
        self._open: list[int] = []

    def of(self, data: bytes) -> str:
        """The path of one that gives `data`."""
        here, there = os.pipe()
        self._open.append(here)

        def write() -> None:
            with open(there, "wb") as file:
                file.write(data)

        threading.Thread(target=write, daemon=True).start()
        return f"/dev/fd/{here}"

    def close(self) -> None:
        """Close them."""
        for end in self._open:
            os.close(end)


@pytest.fixture
def pipes() -> Any:
    opened = Pipes()
    yield opened
    opened.close()


def found(*words: str) -> list[tuple[str, str]]:
    result = json.loads(quiet("check", *words, "--format", "json")[1])
    return [(one["code"], one["location"]["path"]) for one in result["findings"]]


@pytest.mark.parametrize("data", [DUMP, gzip.compress(DUMP), DUMP + b"\n---\n" + b"# a remark\n" * 1_000_000])
def test_a_pipe_is_read_as_a_file_is(data: bytes, pipes: Pipes, tmp_path: Path) -> None:
    file = tmp_path / "dump.yaml"
    file.write_bytes(DUMP)
    path = pipes.of(data)
    told = found(path)
    assert [code for code, _ in told] == [code for code, _ in found(str(file))]
    assert {where.partition("!")[0] for _, where in told} == {path}


def test_several_pipes_are_judged_each_for_itself(pipes: Pipes) -> None:
    one, other = pipes.of(DUMP), pipes.of(DUMP)
    told = found(one, other, "--jobs", "2")
    assert {where for _, where in told} == {one, other}
    assert len(told) == 2 * len([where for _, where in told if where == one])


def test_a_pipe_can_be_asked_about(pipes: Pipes) -> None:
    code, out, _ = quiet("resolve", "quay.io/shop/storefront:2.4", "-n", "shop", pipes.of(DUMP))
    assert code == 1
    assert "quay-robot" in out


def test_a_pipe_is_read_once(pipes: Pipes) -> None:
    path = pipes.of(DUMP)
    told = found(path, path)
    assert told
    assert len(told) == len(set(told))


def test_a_number_that_is_no_open_pipe_is_refused() -> None:
    code, out, _ = quiet("check", "/dev/fd/987654", "--format", "json")
    assert code == 3
    assert json.loads(out)["coverage"]["problems"][0]["message"] == "could not be read: no such file or directory"


def test_a_pipe_of_a_folder_is_still_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    code, out, _ = quiet("check", str(tmp_path / "pipe.yaml"), "--format", "json")
    assert code == 3
    assert json.loads(out)["coverage"]["problems"][0]["message"] == "is a pipe"
