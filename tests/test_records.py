"""Records in every process that may load them: a library's, whose collector of cycles looks when it likes."""

import subprocess
import sys

SWEEP = """
import gc, importlib, sys

for threshold in range(1, 700):
    sys.modules.pop("linter.record", None)
    gc.collect()
    gc.set_threshold(threshold)
    record = importlib.import_module("linter.record")
    gc.set_threshold(700)

    class Pair(record.NamedTuple):
        first: int
        second: int

    assert (Pair(1, 2).first, Pair(1, 2).second) == (1, 2), threshold
"""


def test_a_record_reads_its_fields_whenever_the_collector_looked() -> None:
    done = subprocess.run([sys.executable, "-c", SWEEP], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
