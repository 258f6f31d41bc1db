"""Write docs/rules/ from the docstrings of the rules: one page a rule, and an index.

`python docs/generate.py` writes what has changed and removes the pages of rules that are gone; with `--check` it writes
nothing, and its exit code is 1 when a page is stale.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "rules"

INDEX = """\
# Rules

{count} rules. `regcred rules` lists them and `regcred explain CODE` shows a page in the terminal. These pages are made
from the rules themselves: after changing a docstring, run `python docs/generate.py`.

"""
FAMILIES = {
    "payload": "RC1xx payload: is the content readable?",
    "registries": "RC2xx registry keys: does an entry mean what its author thinks?",
    "links": "RC3xx links: does the secret reach the pod?",
    "imports": "RC4xx imports: can the image stream be imported?",
    "pulls": "RC5xx pulls: will it work, and why not?",
    "lifetime": "RC6xx lifetime: how long will it work?",
    "exposure": "RC7xx exposure: who else can read it?",
}


def pages() -> dict[str, str]:
    """Every file of docs/rules/ as it should be, by name."""
    # The packages beside this script are meant, whatever is installed.
    sys.path.insert(0, str(ROOT))
    from linter import manuals, registry  # noqa: PLC0415 - needs the path above

    rules = [registry.info(loaded) for loaded in registry.rules()]
    found = {manuals.page_name(rule): manuals.page(rule) for rule in rules}
    index = INDEX.format(count=len(rules))
    for family, title in FAMILIES.items():
        of_family = [rule for rule in rules if rule.family == family]
        if of_family:
            index += f"## {title}\n\n{manuals.table(of_family, folder='')}\n"
    found["README.md"] = index.rstrip("\n") + "\n"
    return found


def main(argv: list[str] | None = None) -> int:
    """Write the pages, or with --check tell which are stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page is stale")
    check = parser.parse_args(argv).check
    wanted = pages()
    present = {path.name: path for path in FOLDER.glob("*.md")}
    stale = [name for name, text in wanted.items() if name not in present or _read(present[name]) != text]
    gone = sorted(present.keys() - wanted.keys())
    for name in (*stale, *gone):
        sys.stdout.write(f"docs/rules/{name}: {'of a rule that is gone' if name in gone else 'stale'}\n")
    if check:
        return 1 if stale or gone else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (FOLDER / name).write_text(wanted[name], encoding="utf-8", newline="\n")
    for name in gone:
        present[name].unlink()
    return 0


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
