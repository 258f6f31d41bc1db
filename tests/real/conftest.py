"""Helpers of the tests against real programs, found by their file name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
