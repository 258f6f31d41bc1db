"""Runs one command and writes what it took as JSON to the file named first: `launch.py RESULT COMMAND…`.

A process of its own, because Linux counts to the peak of a child what its parent held when it was started: from here
that is a bare interpreter, not a benchmark that has just made its inputs. Imports nothing but built-in modules.
"""

import os
import sys
import time


def main() -> None:
    """Run, wait, write `{"status", "wall", "seconds", "peak"}`: exit status, seconds, and bytes."""
    result, *command = sys.argv[1:]
    start = time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - start
    found = os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
    with open(result, "w", encoding="ascii") as written:
        written.write('{{"status": {}, "wall": {}, "seconds": {}, "peak": {}}}'.format(*found))


if __name__ == "__main__":
    main()
