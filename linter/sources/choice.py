"""Which names are worth reading, in a folder as in an archive, and in words why the others are not."""

from typing import Final

SUFFIXES: Final = (".yaml", ".yml", ".json", ".dockerconfigjson", ".dockercfg")
FOLDER: Final = "regcred-collection"
RECORD_FILE: Final = "collection.json"
"""Where `regcred collect` puts the record of what it has read."""
APART: Final = "files"
"""The folder beside the record for files that do not say by themselves that they are one cluster's."""

_NAMES: Final = ("Kustomization",)
_ARCHIVES: Final = (
    ".tar",
    ".tgz",
    ".tar.gz",
    ".tar.xz",
    ".txz",
    ".tar.bz2",
    ".tbz",
    ".tbz2",
    ".tar.zst",
    ".tzst",
    ".zip",
    ".gz",
    ".xz",
    ".bz2",
    ".zst",
)
_COMPRESSED_LOG: Final = (".log.gz", ".txt.gz")
_VENDORED: Final = frozenset(
    {"node_modules", "bower_components", "vendor", "venv", "site-packages", "__pycache__", "http-cache"}
)
_HIDDEN_MANIFESTS: Final = frozenset({".tekton", ".k8s", ".kubernetes", ".openshift", ".argocd", ".gitops"})
"""Hidden folders that hold manifests by convention: read like any other."""

_PROSE: Final = (".md", ".mdx", ".adoc", ".rst", ".org")
_SCRIPTS: Final = (".sh", ".bash", ".zsh", ".fish", ".ps1", ".bat", ".cmd", ".mk", ".just", ".groovy", ".md")
_SCRIPT_NAMES: Final = frozenset(
    {"makefile", "gnumakefile", "justfile", "jenkinsfile", "tiltfile", "vagrantfile", "readme"}
)
"""Names of scripts, and how the names of some begin: `Jenkinsfile-prod`, `Makefile.k8s`."""
_TEMPLATES: Final = (
    *(".j2", ".jinja", ".jinja2", ".tpl", ".tmpl", ".template", ".gotmpl", ".erb", ".in"),
    *(".jsonnet", ".libsonnet", ".cue"),
    *(".example", ".sample", ".dist"),
)
"""Files of which a manifest is made: by a program, or by hand."""
_MANY: Final = (*_PROSE[1:], *_TEMPLATES, ".tf")
_PROGRAMS: Final = (".py", ".go", ".ipynb")
_HIDDEN_SCRIPTS: Final = {
    ".github": "workflows",
    **dict.fromkeys((".circleci", ".gitlab", ".cirrus", ".azuredevops", ".azure-pipelines"), ""),
    **dict.fromkeys((".buildkite", ".woodpecker"), ""),
}
"""Hidden folders that hold what a CI runs, each with the folder in it that does, "" for itself."""


def may_hold_commands(name: str) -> bool:
    """Tell whether a file of that name, which is no manifest, may hold commands for people or for CI."""
    lowered = name.lower()
    begins = lowered.partition(".")[0].partition("-")[0]
    return lowered.endswith((*_SCRIPTS, *_MANY, *_PROGRAMS)) or begins in _SCRIPT_NAMES


def is_prose(name: str) -> bool:
    """Tell whether a command behind `#` is meant in a file of that name, and not just taken out of a script."""
    return name.lower().endswith((*_PROSE, ".tf")) or name.rpartition("/")[2].lower() == "readme"


def is_template(name: str) -> bool:
    """Tell whether manifests may be made of a file of that name, which is none."""
    return name.lower().endswith(_TEMPLATES)


def often_many(name: str) -> int:
    """Tell of which kind of those that a repository may hold thousands of a file with commands is: 0 for none of them.

    1 is for Terraform, templates and manuals, 2 for programs.
    """
    lowered = name.lower()
    return 1 if lowered.endswith(_MANY) else 2 * lowered.endswith(_PROGRAMS)


def hidden_scripts(name: str) -> str | None:
    """Return the folder with what a CI runs inside a hidden one, "" for that itself, None where there is none."""
    return _HIDDEN_SCRIPTS.get(name)


def is_archive_name(name: str) -> bool:
    """Tell whether a file name is that of an archive or a compressed file."""
    return name.lower().endswith(_ARCHIVES)


def without_suffix(name: str) -> str:
    """Return a name without the ending of an archive; whole where it has none."""
    lowered = name.lower()
    found = max((suffix for suffix in _ARCHIVES if lowered.endswith(suffix)), key=len, default="")
    return name[: len(name) - len(found)] if len(found) < len(name) else name


def why_not_folder(name: str, parent: str) -> str:
    """Return why a folder called `name` inside `parent` is passed over, "" when it is not.

    In a dump the folders below `namespaces` are called as somebody called the namespaces: each is read.
    """
    if parent == "namespaces":
        return ""
    if name in _VENDORED or (name == "cache" and parent == ".kube"):
        return "vendored folder"
    return "hidden folder" if name.startswith(".") and name not in _HIDDEN_MANIFESTS else ""


def why_not_file(name: str) -> str:
    """Return why a file of that name is passed over, "" when it is read."""
    lowered = name.lower()
    if lowered.endswith(SUFFIXES) or name in _NAMES:
        return ""
    if lowered.endswith(_ARCHIVES):
        return "compressed log" if lowered.endswith(_COMPRESSED_LOG) else "archive"
    return "not YAML or JSON"
