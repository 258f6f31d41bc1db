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
    "tab\there.yaml": "\n".join([*LINES, ""]).encode(),
    'quote" and\\back.yaml': "\n".join([*LINES, ""]).encode(),
    "bell\x07\u202e.yaml": "\n".join([*LINES, ""]).encode(),
    "é路.yaml": "\n".join([*LINES, ""]).encode(),
    "deep/mark.yaml": codecs.BOM_UTF8 + "\r\n".join([*LINES[1:], ""]).encode(),
}


ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: app, namespace: shop}\nsecrets: [{name: robot}]"
IN_SHOP = "\n".join([*LINES, "---", ACCOUNT]).replace("{name: robot}", "{name: robot, namespace: shop}")
ALL = FILES | {"below an open end.yaml": IN_SHOP.encode()}


@pytest.mark.parametrize("program", [("patch", "-p1", "--binary"), ("git", "apply")], ids=lambda words: words[0])
def test_a_diff_applies(
    program: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    if shutil.which(program[0]) is None:
        pytest.skip(f"{program[0]} is not installed")
    for folder in ("patched", "fixed"):
        for name, data in ALL.items():
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
    for name, data in ALL.items():
        more = b"" if name in FILES else b"\nimagePullSecrets:\n  - name: robot"
        assert Path(name).read_bytes() == data.replace(b"Opaque", b"kubernetes.io/dockerconfigjson") + more
        assert (tmp_path / "patched" / name).read_bytes() == Path(name).read_bytes(), name


def test_a_file_that_no_patch_fits_says_so(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    file = tmp_path / "wide.yaml"
    file.write_bytes(codecs.BOM_UTF16_LE + "\r\n".join([*LINES, ""]).encode("utf-16-le"))
    main(["check", str(file), "--diff", "--show-secrets", "--fail-on", "never", "--format", f"json={tmp_path}/out"])
    diff = capfdbinary.readouterr().out.decode()
    assert diff.startswith(f"# {file} is UTF-16-LE: read this, and use --fix to apply it\n--- a/")


STEERING = [
    "x.yaml\n--- a/victim.yaml\n+++ b/victim.yaml\n@@ -1 +1 @@\n-a\n+b\n.yaml",
    "victim.yaml\tx.yaml",
    "victim.yaml\n.yaml",
    '"victim.yaml".yaml',
]


@pytest.mark.parametrize(
    "program", [("patch", "-p1", "--binary", "--batch"), ("git", "apply")], ids=lambda words: words[0]
)
@pytest.mark.parametrize("name", STEERING)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_name_steers_no_patch_to_another_file(
    encoding: str,
    name: str,
    program: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    """The file is changed, or none: no name of a file becomes a line of the diff, or the name of another."""
    if shutil.which(program[0]) is None:
        pytest.skip(f"{program[0]} is not installed")
    monkeypatch.chdir(tmp_path)
    bad = Path(name.replace("/", "_"))
    bad.write_text("\n".join([*LINES, ""]), encoding)
    main(["check", ".", "--diff", "--show-secrets", "--fail-on", "never", "--format", "json=out"])
    diff = capfdbinary.readouterr().out
    assert [line[:6] for line in diff.splitlines() if line.startswith((b"---", b"+++"))] == [b'--- "a', b'+++ "b']
    Path("victim.yaml").write_text("a\n")
    Path("victim.yaml_x.yaml").write_text("a\n")
    subprocess.run(program, input=diff, check=False, capture_output=True)
    assert Path("victim.yaml").read_text() == "a\n"
    main(["check", ".", "--diff", "--fail-on", "never", "--format", "json=out"])
    shown = capfdbinary.readouterr().out
    assert len([line for line in shown.splitlines() if line.startswith((b"---", b"+++"))]) in (0, 2, 4)
    assert b"\t" not in shown
