"""What scripts, steps of a CI and pages beside the manifests put into files: `envsubst`, `sed`, `yq`, files they write.

It is a guess to the side of silence, as with what they create. Each text is read once, line by line, and each word of
a line looked up: it takes time by the length of the texts, and memory by the number of values that wait.
"""

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Final

from linter.creations import OURS
from linter.creations.steps import ITEM_BEGINS
from linter.creations.words import CONTINUED
from linter.inventory.fillable import Waiting
from linter.patterns import lazy
from linter.record import NamedTuple

TOOLS: Final = (b"envsubst", b"sed ", b"op inject", b"vals ", b"yq ")
"""What a comment holds that tells how its file is filled in."""
_MOST_COMPARED: Final = 2**20
"""Comparisons of a word with a file after which nothing more is found: no repository has need of them."""
_MOST_READ: Final = 2**26
"""Signs of all texts together up to which they are searched."""
_LONGEST: Final = 2**14
"""Signs of a command that are looked at."""
_STEP: Final = 1000
"""Signs of a step of a CI that are looked at."""
_TOOL = lazy(r"\b(?:envsubst|sed|perl|yq|jq|op inject|vals (?:eval|exec)|tee|Set-Content|Out-File)\b|-replace\b|[ \t]>")
_PIPED = lazy(r"(?<![:-][ ])\|[ \t]*\r?\n")
"""A pipe at the end of a line; `run: |` of YAML is none."""
_ENDS = lazy(r"&&|\|\||;(?=\s|$)")
"""What ends a command."""
_WORD = lazy(r"""[^\s"'`<>|;&()=,]+""")
_SED = lazy(r"""(?<![\w$])s([|/#,@:!~^%+;])((?:\\.|(?!\1)[^\\])++)\1|-replace[ \t]+["']([^"'\n]++)["']""")
"""What `sed` and `perl` look for, and what PowerShell does."""
_ESCAPED = lazy(r"\\+(.)")
_FORMAT = lazy(r"""\benvsubst[ \t]+(?:'([^'\n]*+)'|"((?:\\\$|[\w{},: ])++)")""")
"""The variables to which `envsubst` is told to keep."""
_VARIABLE = lazy(r"\$\{?([A-Za-z_]\w*)")
_KEY = lazy(r"\.?\bdockerc(?:onfigjson|fg)\b")
_SETS = lazy(r"""dockerc(?:onfigjson|fg)["'\]) \t]*+\|?=(?!=)""")
_MADE_OF = lazy(r"--from-(?:file|literal)[= \t]+[^\s,]+")
"""What kubectl reads a value from."""
_OLDER = lazy(r"\byq[ \t]+w(?:rite)?[ \t]")
"""How version 3 of yq writes."""
_WRITES = lazy(r"""(?:(?<=[ \t])>[ \t]*+|\b(?:tee|Set-Content|Out-File)[ \t]++)["']?([^\s"'<>|;&()]+)""")
_WRITER = lazy(r"\b(?:cat|echo|printf|kubectl|oc|base64|envsubst|sed|yq|jq|tee|op|aws|vault|Set-Content|Out-File)\b")
_FOLDERS = lazy(r"(?:\bkustomize|\bfind|[ \t]-k)[ \t]+([^|\n]*)")
_LOOP = lazy(r"(?m)\bfor[ \t]+(\w+)[ \t]+in[ \t]+([^;\n]*)|(?:^|[ \t;])(\w+)=[\"']?([^\s\"';]+)")
_MARKS: Final = "<>${}[]()#%@_ \t\r\n\"'"
"""Signs around the name in a placeholder: `__TOKEN__`, `<TOKEN>`, `${TOKEN}`."""
_TOKENS = lazy(r"#\{[ \t]*\w|__\w+__|\(\(")
_TOKEN_STEP = lazy(r"(?i)\b(?:replace-?tokens|variable-substitution|FileTransform)@")
_PLAIN: Final = frozenset(
    [
        *("password", "username", "changeme", "replaceme", "placeholder", "yourpassword", "yourtoken", "yourusername"),
        *("dockerconfig", "registry", "credentials", "base64", "base64encoded", "dockerconfigjson"),
    ]
)
"""Placeholders that may stand anywhere: they name no value."""
_DISTINCT: Final = 8
"""Signs of a placeholder from which on it names its value by itself."""
_FILE: Final = (".yaml", ".yml", ".json")


class Script(NamedTuple):
    """A text with commands; in `prose` a line that begins with `#` is one as well."""

    path: str
    text: str
    prose: bool


def filled(scripts: Iterable[Script], waiting: Sequence[Waiting]) -> dict[int, str]:
    """Return by their numbers the values that something fills in, each with the path of the text that says so."""
    search, read = _Search(waiting), 0
    for script in scripts:
        read += len(script.text)
        if not search.left or search.budget <= 0 or read > _MOST_READ:
            break
        if not script.text.startswith(OURS) and (_TOOL.search(script.text) or _TOKEN_STEP.search(script.text)):
            search.read(script)
    return search.found


def _core(text: str) -> str:
    return text.strip(_MARKS)


class _Search:
    """The values that wait, by the names of their files and by what stands in for them."""

    def __init__(self, waiting: Sequence[Waiting]) -> None:
        self.waiting = waiting
        self.left = set(range(len(waiting)))
        self.found: dict[int, str] = {}
        self.budget = _MOST_COMPARED
        self._names: dict[str, list[int]] = defaultdict(list)
        self._parts: dict[str, list[int]] = defaultdict(list)
        for number, one in enumerate(waiting):
            self._names[posixpath.basename(one.path)].append(number)
            for part in {_core(part) for part in one.parts}:
                self._parts[part].append(number)

    def read(self, script: Script) -> None:
        """Look at every command of a text."""
        held = _Held(script, self)
        for command in _commands(script):
            if self.budget > 0 and _TOOL.search(command):
                self._command(held, command)
        for found in _TOKEN_STEP.finditer(script.text):
            step = ITEM_BEGINS.split(script.text[found.start() : found.start() + _STEP], 1)[0]
            self._fill(held, (one for one in held.named(_WORD.findall(step)) if _TOKENS.search(self._written(one))))

    def _written(self, number: int) -> str:
        return self.waiting[number].written

    def _set(self, held: "_Held", numbers: Iterable[int]) -> None:
        """Take whole values for filled in; one that holds a `$` and is a config is what somebody has written there."""
        self._fill(held, (one for one in numbers if self.waiting[one].parts or not self._written(one)))

    def _fill(self, held: "_Held", numbers: Iterable[int]) -> None:
        for number in numbers:
            if number in self.left:
                self.left.discard(number)
                self.found[number] = held.script.path

    def _command(self, held: "_Held", command: str) -> None:
        words = _WORD.findall(command)
        if "envsubst" in command:
            told = _FORMAT.search(command)
            only = frozenset(_VARIABLE.findall((told[1] or told[2] or "").replace("\\", ""))) if told else frozenset()
            named = held.through(command, words) | held.below(command)
            self._fill(held, (one for one in named if _substituted(self._written(one), only)))
        if _SED.search(command):
            self._sed(held, command, words)
        if _SETS.search(_MADE_OF.sub("", command)) or ("dockerc" in command and _OLDER.search(command)):
            self._set(held, held.through(command, words))
        for sign, tool in (("op://", "op inject"), ("ref+", "vals ")):
            if tool in command:
                self._fill(held, (one for one in held.through(command, words) if sign in self._written(one)))
        if _WRITER.search(command):
            self._set(held, held.named(word for word in _WRITES.findall(command) if "*" not in word))

    def _sed(self, held: "_Held", command: str, words: list[str]) -> None:
        named: set[int] | None = None
        literal = any(word.endswith(_FILE) and not _open(word) for word in words)
        for _, sought, other in _SED.findall(command):
            pattern = _ESCAPED.sub(r"\1", sought or other)
            core = _core(pattern)
            numbers = self._parts.get(core, ())
            whole = _KEY.match(pattern) is not None
            if not numbers and not whole:
                continue
            if named is None:
                named = held.through(command, words)
            if whole:
                self._set(held, named)
            self.budget -= len(numbers)
            self._fill(held, (one for one in numbers if one in named or (not literal and _distinct(core))))

    def called(self, name: str) -> Sequence[int]:
        """The values in files of that name."""
        numbers = self._names.get(name, ())
        self.budget -= len(numbers)
        return numbers if self.budget > 0 else ()


class _Held:
    """A script, and which of the files it names."""

    def __init__(self, script: Script, search: _Search) -> None:
        self.script = script
        self._search = search
        self._folder = posixpath.dirname(script.path)
        self._known: dict[str, frozenset[int]] = {}
        self._meant: dict[str, set[int]] = {}

    def named(self, words: Iterable[str]) -> set[int]:
        """The values in the files that some words name."""
        return {number for word in dict.fromkeys(words) for number in self._of(word)}

    def through(self, command: str, words: list[str]) -> set[int]:
        """Those that a command names itself, or by a variable: in a loop, or wherever else its script names files."""
        found = self.named(words)
        if found or any(word.endswith(_FILE) and not _open(word) for word in words):
            return found
        told = _FORMAT.search(command)
        operands = words if told is None else _WORD.findall(f"{command[:told.start()]} {command[told.end():]}")
        variables = [word for word in operands if word.startswith("$") and "/" not in word]
        if not variables and "{}" not in command:
            return found
        names = dict.fromkeys(name for word in variables for name in _VARIABLE.findall(word))
        known = [self._stands_for(name) for name in names if name in self._loops]
        meant = set[int]().union(*known) if known else self._anywhere
        self._search.budget -= len(meant)
        return meant

    def below(self, command: str) -> set[int]:
        """The values in the folders that a command builds or searches."""
        found: set[int] = set()
        for words in _FOLDERS.findall(command):
            for word in (one for one in words.split() if not one.startswith("-")):
                folder = posixpath.normpath(posixpath.join(self._folder, _plain(word)))
                self._search.budget -= len(self._search.left)
                if self._search.budget > 0:
                    found |= {one for one in self._search.left if self._within(self._path(one), folder, _plain(word))}
        return found

    def _within(self, path: str, folder: str, word: str) -> bool:
        above = posixpath.dirname(path)
        if folder in (".", "") or f"{above}/".startswith(f"{folder}/"):
            return True
        return word.strip("./") != "" and f"/{above}/".endswith(f"/{posixpath.normpath(word).lstrip('./')}/")

    def _path(self, number: int) -> str:
        return self._search.waiting[number].path

    @cached_property
    def _loops(self) -> dict[str, list[str]]:
        """The words that variables stand for, as far as the script says so."""
        table: dict[str, list[str]] = defaultdict(list)
        for loop, words, name, value in _LOOP.findall(self.script.text):
            table[loop or name].extend(_WORD.findall(words or value))
        return table

    def _stands_for(self, name: str) -> set[int]:
        """The values in the files that a variable stands for, found once."""
        if name not in self._meant:
            self._meant[name] = self.named(self._loops[name])
        return self._meant[name]

    @cached_property
    def _words(self) -> frozenset[str]:
        lines = (line for line in self.script.text.splitlines() if self.script.prose or line.lstrip()[:1] != "#")
        return frozenset(word for line in lines for word in _WORD.findall(line))

    @cached_property
    def _anywhere(self) -> set[int]:
        return self.named(sorted(self._words))

    @cached_property
    def _parts(self) -> frozenset[str]:
        """The parts of all words: the folders among them are where the script may be when it names a file."""
        return frozenset(part for word in self._words for part in word.split("/"))

    def _of(self, word: str) -> frozenset[int]:
        if word not in self._known:
            self._known[word] = frozenset(self._find(_plain(word)))
        return self._known[word]

    def _find(self, word: str) -> Iterator[int]:
        if "*" in word or "?" in word:
            self._search.budget -= len(self._search.left)
            if self._search.budget > 0 and len(word) < _STEP:
                yield from (one for one in self._search.left if self._globs(word, self._path(one)))
            return
        if not word.endswith(_FILE):
            return
        for number in self._search.called(posixpath.basename(word)):
            if self._means(word, self._search.waiting[number]):
                yield number

    def _means(self, word: str, one: Waiting) -> bool:
        """Whether a word names a file: as its folder or one above sees it, by the end of its path, or by its name."""
        if posixpath.normpath(posixpath.join(self._folder, word)) == one.path:
            return True
        end = posixpath.normpath(word).lstrip("./")
        if f"/{one.path}".endswith(f"/{end}"):
            return "/" in end or one.alone or self._stands(posixpath.dirname(one.path))
        return False

    def _globs(self, word: str, path: str) -> bool:
        pattern = posixpath.normpath(word.replace("**/", "")).lstrip("./")
        if "/" not in pattern:
            return fnmatchcase(posixpath.basename(path), pattern) and (
                "**" in word or self._stands(posixpath.dirname(path))
            )
        end = "/".join(path.split("/")[-1 - pattern.count("/") :])
        return fnmatchcase(end, pattern) or ("**" in word and fnmatchcase(f"/{path}", f"*/{pattern}"))

    def _stands(self, folder: str) -> bool:
        """Whether a script may be in that folder: it is its own or one above, or it says its name."""
        above = f"{self._folder}/".startswith(f"{folder}/") or not folder
        return above or posixpath.basename(folder) in self._parts


def _commands(script: Script) -> Iterator[str]:
    """Yield the commands of a text, each with what goes on in the next lines."""
    for line in _PIPED.sub("| ", CONTINUED.sub(" ", script.text)).splitlines():
        said = line.lstrip()
        if script.prose or said[:1] != "#":
            yield from (command[:_LONGEST] for command in _ENDS.split(said.lstrip("#$> \t") if script.prose else line))


def _plain(word: str) -> str:
    """A word as a path: without the variable that it begins with."""
    path = word.replace("\\", "/").strip("[]{}:,").rstrip(".")
    return path.partition("/")[2] if path[:1] in ("$", "~", "%", "/") else path


def _open(word: str) -> bool:
    """Whether it is open which file a word means."""
    return any(sign in word for sign in "*?$")


def _substituted(written: str, only: frozenset[str]) -> bool:
    """Whether a value holds a variable, one of those where some are told."""
    names = _VARIABLE.findall(written)
    return bool(names) and (not only or not only.isdisjoint(names))


def _distinct(core: str) -> bool:
    """Whether a placeholder names a value by itself."""
    bare = "".join(filter(str.isalnum, core))
    return len(core) >= _DISTINCT and bare != core and bare.lower() not in _PLAIN
