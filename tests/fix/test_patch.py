"""An unmasked diff is one that `patch` and `git apply` take: every byte of what `--fix` would have written."""

import codecs
import shutil
import subprocess
from pathlib import Path

import pytest

from linter.__main__ import main

LINES = [
    "# é",
    "apiVersion: v1",
    "kind: Secret",
    "metadata: {name: robot}",
    "type: Opaque # why",
    "data:",
    "  .dockerconfigjson: eyJhdXRocyI6eyJxdWF5LmlvIjp7ImF1dGgiOiJkWE5sY2pwd1lYTnoifX19",
]
FILES = {
    "lf.yaml": "\n".join([*LINES, ""]).encode(),
    "crlf.yaml": "\r\n".join([*LINES, ""]).encode(),
    "mixed.yaml": "\n".join(line + "\r" * (at % 2) for at, line in enumerate([*LINES, ""])).encode(),
    "old mac.yaml": "\r".join([*LINES, ""]).encode(),
    "open end.yaml": "\n".join(LINES).encode(),
    "deep/mark.yaml": codecs.BOM_UTF8 + "\r\n".join([*LINES[1:], ""]).encode(),
}


@pytest.mark.parametrize("program", [("patch", "-p1", "--binary"), ("git", "apply")], ids=lambda words: words[0])
def test_a_diff_applies(
    program: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    if shutil.which(program[0]) is None:
        pytest.skip(f"{program[0]} is not installed")
    for folder in ("patched", "fixed"):
        for name, data in FILES.items():
            file = tmp_path / folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    monkeypatch.chdir(tmp_path / "patched")
    # No report on standard output beside the diff.
    main(["check", ".", "--diff", "--show-secrets", "--fail-on", "never", "--format", f"json={tmp_path}/out"])
    diff = capfdbinary.readouterr().out
    subprocess.run(program, input=diff, check=True, capture_output=True)
    monkeypatch.chdir(tmp_path / "fixed")
    main(["check", ".", "--fix", "--fail-on", "never", "--format", f"json={tmp_path}/out"])
    for name, data in FILES.items():
        assert Path(name).read_bytes() == data.replace(b"Opaque", b"kubernetes.io/dockerconfigjson")
        assert (tmp_path / "patched" / name).read_bytes() == Path(name).read_bytes(), name


def test_a_file_that_no_patch_fits_says_so(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    file = tmp_path / "wide.yaml"
    file.write_bytes(codecs.BOM_UTF16_LE + "\r\n".join([*LINES, ""]).encode("utf-16-le"))
    main(["check", str(file), "--diff", "--show-secrets", "--fail-on", "never", "--format", f"json={tmp_path}/out"])
    diff = capfdbinary.readouterr().out.decode()
    assert diff.startswith(f"# {file} is UTF-16-LE: read this, and use --fix to apply it\n--- a/")
