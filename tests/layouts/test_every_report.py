"""What every report says of the clusters of a call: which they are, what each was taken for, what that can prove."""

import html
import sys
from pathlib import Path

import pytest

from linter import registry
from linter.__main__ import main

sys.path.insert(0, str(Path(__file__).parent))

from cluster import Cluster
from writers import LAYOUTS

DUMPS = {"north": "velero", "south": "must-gather", "clean": "kubectl-json"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each format says of three dumps, the last without a finding."""
    place = tmp_path_factory.mktemp("dumps")
    for name, layout in DUMPS.items():
        objects = Cluster(1).objects
        if name == "clean":
            objects = [one for one in objects if one["metadata"].get("namespace", "clean") == "clean"]
        for path, data in LAYOUTS[layout].write(objects).items():
            target = place / "dumps" / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    (place / "dumps" / "south" / "notes.md").write_text("no manifest\n")
    outputs = [word for name in registry.report_names() for word in ("--format", f"{name}={place / name}")]
    assert main(["check", *(str(place / "dumps" / name) for name in DUMPS), *outputs]) == 1
    return {name: html.unescape((place / name).read_text("utf-8")) for name in registry.report_names()}


@pytest.mark.parametrize("form", registry.report_names())
def test_every_cluster_is_named(form: str, written: dict[str, str]) -> None:
    named = [name for name in DUMPS if f"dumps/{name}" in written[form]]
    assert named == [name for name in DUMPS if name != "clean" or form != "gitlab"]  # a list of issues and nothing else


@pytest.mark.parametrize("form", [name for name in registry.report_names() if name not in ("gitlab", "prometheus")])
def test_what_was_read_and_what_it_proves_is_said(form: str, written: dict[str, str]) -> None:
    told = " ".join(written[form].split())
    for layout, proves in (
        ("velero", "the namespaces and kinds that it selected"),
        ("must-gather", "service accounts are missing by design"),
        ("kubectl-get", "as far as its kinds and namespaces were asked for"),
    ):
        assert layout in told
        assert proves in told
    assert "not YAML or JSON" in told


def test_metrics_say_what_was_read(written: dict[str, str]) -> None:
    told = [line for line in written["prometheus"].splitlines() if line.startswith("regcred_scan_info{")]
    assert len(told) == len(DUMPS)
    for layout in DUMPS.values():
        assert any(f'layout="{layout.replace("kubectl-json", "kubectl-get")}"' in line for line in told)
    assert any('reason="not YAML or JSON"' in line for line in written["prometheus"].splitlines())


@pytest.mark.parametrize("format_alone", [True, False], ids=["gitlab alone", "with text"])
def test_what_a_format_has_no_room_for_goes_to_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, format_alone: bool
) -> None:
    (tmp_path / "broken.yaml").write_text("kind: Secret\napiVersion: v1\n\tx: [\n")
    (tmp_path / "notes.md").write_text("no manifest\n")
    more = [] if format_alone else ["--format", "text"]
    assert main(["check", str(tmp_path), "--format", f"gitlab={tmp_path / 'out.json'}", *more]) == 3
    said = capsys.readouterr()
    told = said.err if format_alone else said.out
    assert "passed over: not YAML or JSON (1)" in told
    assert "judged as manifests" in told
    assert "broken.yaml:3" in told
    assert format_alone or not said.err
