"""`python -m fuzz [TARGET…] [--seconds N] [--keep DIR]`: coverage-guided fuzzing with atheris, one process a target.

Inputs that reach new code are kept in a folder for the call, or in `--keep`. What breaks a law is written to
`fuzz/corpus/TARGET`, where the test suite finds it from then on. Exit codes: 0 no law broken; 1 one is; 2 no atheris.
"""

import argparse
import importlib.util
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

TARGETS = ("yaml", "json", "payload", "reference", "edit", "archive", "windows", "check")
CORPUS = Path(__file__).parent / "corpus"
_MEGABYTES = 2048
_SLOW = 20


def main() -> int:
    """Run the targets that are named, all by default, each for its share of the seconds."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="in all, shared by the targets; default: 60")
    parser.add_argument("--keep", metavar="DIR", help="where inputs that reach new code are kept")
    parser.add_argument("--seed", type=int, default=0, help="for the same inputs again; default: others each time")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments, rest = parser.parse_known_args()
    if importlib.util.find_spec("atheris") is None:
        sys.stderr.write("atheris is not installed: pip install -e '.[fuzz]' (there are wheels for some CPythons)\n")
        return 2
    if arguments.one:
        return _fuzz(arguments.one, rest)
    names = arguments.targets or list(TARGETS)
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        parser.error(f"no such target: {', '.join(unknown)}")
    # Who ends this call ends its target with it: `subprocess.run` lets nothing outlive an exception.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="regcred-fuzz-") as folder:
        share, kept = max(arguments.seconds // len(names), 1), Path(arguments.keep or folder)
        codes = [_run(name, share, kept, arguments.seed) for name in names]
    return int(any(codes))


def _run(name: str, seconds: int, kept: Path, seed: int) -> int:
    """Fuzz one target in a process of its own, which a crash, a hang or lost memory ends."""
    own = kept / name
    own.mkdir(parents=True, exist_ok=True)
    (CORPUS / name).mkdir(parents=True, exist_ok=True)
    words = [
        *(sys.executable, "-m", "fuzz", "--one", name, str(own), str(CORPUS / name)),
        *(f"-max_total_time={seconds}", f"-timeout={_SLOW}", f"-rss_limit_mb={_MEGABYTES}"),
        *(f"-artifact_prefix={CORPUS / name}/", "-print_final_stats=1", f"-seed={seed}"),
    ]
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    runs = next((line.split()[-1] for line in done.stderr.splitlines() if "number_of_executed_units" in line), "?")
    verdict = "a law is broken" if done.returncode else "no law broken"
    sys.stdout.write(f"{name}: {runs} inputs in {seconds} s, {verdict}\n")
    if done.returncode:
        sys.stdout.write("\n".join([*done.stdout.splitlines()[-30:], *done.stderr.splitlines()[-30:]]) + "\n")
    return done.returncode


def _fuzz(name: str, rest: list[str]) -> int:
    import atheris  # type: ignore[import-untyped]  # it has no types

    with atheris.instrument_imports(include=["linter"]):
        from fuzz import targets
    atheris.Setup([sys.argv[0], *rest], targets.TARGETS[name])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
