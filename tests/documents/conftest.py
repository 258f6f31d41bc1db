"""Artifacts that are read in windows."""

import sys
from pathlib import Path

import pytest

from linter.sources import Artifact, Limits, gather

sys.path.insert(0, str(Path(__file__).parent))

from windowed import Make


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make an artifact of bytes, that is read in windows of a wanted size."""

    def made(data: bytes, window: int) -> Artifact:
        (tmp_path / "all.json").write_bytes(data)
        (found,) = gather([str(tmp_path / "all.json")], limits=Limits(window_bytes=window))
        assert isinstance(found, Artifact)
        return found

    return made
