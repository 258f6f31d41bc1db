"""Canaries: of the credentials that stand in every position of a world, none is in what any command writes."""

import contextlib
import io
import json
import shutil
import sqlite3
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import outside
from planting import Planter, b64, leaks
from shapes import config, secret
from world import objects, tree

from linter import registry
from linter.__main__ import main
from linter.cli import COMMANDS

FORMATS = sorted(registry.report_names())


class Desk:
    """A folder with the world in it, and all that commands have said and written so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plant = Planter()
        self.said = io.BytesIO()
        self.runs = 0
        for path, content in tree(self.plant).items():
            target = folder / "world" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)

    def run(self, *words: str, stdin: bytes = b"") -> int:
        """Run a command and keep what it says; return its exit code."""
        out, error = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        kept = sys.stdin
        sys.stdin = io.TextIOWrapper(io.BytesIO(stdin))
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
                try:
                    code = main(list(words))
                except SystemExit as end:
                    code = int(end.code or 0)
        finally:
            sys.stdin = kept
        for stream in (out, error):
            stream.flush()
            said = stream.buffer.getvalue()  # type: ignore[attr-defined]
            assert b"Traceback" not in said
            assert b"internal error" not in said, (words, said[-600:])
            self.keep(said)
        self.runs += 1
        return code

    def keep(self, said: bytes) -> None:
        """Add to what is searched."""
        self.said.write(said + b"\n")

    def keep_file(self, path: Path) -> None:
        """Add the content of a file, and its name."""
        self.keep(str(path).encode() + b"\n" + path.read_bytes())

    def formats(self, folder: str) -> list[str]:
        """The options that write every format into a folder."""
        (self.folder / folder).mkdir()
        return [f"--format={name}={self.folder / folder / name}" for name in FORMATS]

    def keep_folder(self, folder: str) -> None:
        """Add every file of a folder."""
        for path in sorted((self.folder / folder).rglob("*")):
            if path.is_file():
                self.keep_file(path)

    def search(self) -> None:
        """Fail when any planted password is in what was said."""
        found = leaks(self.said.getvalue(), self.plant)
        self.said = io.BytesIO()
        assert not found, "\n".join(
            f"{form} of the password in {place!r}: {text!r}" for (place, form), text in found.items()
        )


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REGCRED_DEBUG", raising=False)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    yield Desk(tmp_path)
    assert not list(temporary.iterdir())


def test_the_search_finds_every_form() -> None:
    plant = Planter()
    one = plant.at("here")
    for said in (
        one.password,
        one.password[:10],
        one.password[-10:],
        one.password.upper(),
        one.password[::-1],
        one.auth,
        one.auth[::-1],
        b64(f"x{one.password}"),
        b64(f"xx{one.password}"),
        b64(b64(config(one))),
        json.dumps(secret("s", config(one))),
        one.password.encode().hex(),
    ):
        assert leaks(said.encode(), plant), said
    assert not leaks(b"nothing " * 20, plant)


def test_no_report_of_any_scope_shows_one(desk: Desk) -> None:
    for scope in ("auto", "cluster", "manifests"):
        words = ["check", "world", "--scope", scope, "--verbose", "--timing", *desk.formats(f"reports-{scope}")]
        assert desk.run(*words) == 1
        desk.keep_folder(f"reports-{scope}")
    desk.run("check", "world", "--color", "always")
    desk.search()


def test_no_other_command_shows_one(desk: Desk) -> None:
    words = ["--history", "scans.db", "--format", "json=result.json"]
    assert desk.run("check", "world", *words) == 1
    assert desk.run("report", "result.json", "--verbose", *desk.formats("again")) == 0
    desk.keep_folder("again")
    assert desk.run("baseline", "world", "-o", "known") == 0
    desk.run("check", "world", "--baseline", "known", *words)
    shutil.rmtree("world/objects")
    desk.run("check", "world", "--baseline", "known", *words)
    for form in ("text", "json"):
        assert desk.run("trend", "--history", "scans.db", "--format", form) == 0
    for name in ("scans.db", "known", "result.json"):
        desk.keep_file(Path(name))
    with sqlite3.connect("scans.db") as store:
        desk.keep("\n".join(store.iterdump()).encode())
    store.close()
    desk.search()


def test_no_process_and_no_kept_result_shows_one(desk: Desk) -> None:
    """Of several processes, and of what a history keeps of each dump for a call that is taken up."""
    shutil.copytree("world", "more")
    words = ["check", "world", "more", "--scope", "cluster", "--jobs", "2", "--history", "scans.db"]
    assert desk.run(*words, "--verbose", *desk.formats("fresh")) == 1
    assert desk.run(*words, "--verbose", "--resume", *desk.formats("resumed")) == 1
    desk.run("check", "world", "--jobs", "2", "--diff", *desk.formats("shared"))
    desk.run("baseline", "world", "more", "--jobs", "2", "-o", "known")
    for folder in ("fresh", "resumed", "shared"):
        desk.keep_folder(folder)
    for name in ("scans.db", "known"):
        desk.keep_file(Path(name))
    with contextlib.closing(sqlite3.connect("scans.db")) as store:
        kept = [data for (data,) in store.execute("SELECT data FROM regcred_result")]
    assert len(kept) == 2
    for data in kept:
        desk.keep(zlib.decompress(data))
    desk.search()


def test_every_command_is_searched() -> None:
    text = Path(__file__).read_text()
    told_nothing = {"explain", "rules", "completion"}  # they are given no input
    for command in {*COMMANDS} - told_nothing:
        assert f'"{command}", ' in text, command


def test_no_answer_of_resolve_shows_one(desk: Desk) -> None:
    for form in ("text", "json"):
        for scope in ("cluster", "manifests"):
            desk.run("resolve", "world", "--format", form, "--scope", scope)
        for consumer in ("kubelet", "importer", "containers"):
            words = ["--format", form, "--consumer", consumer, "-n", "team", "--scope", "cluster"]
            desk.run("resolve", "quay.io/team/app:1", "world", *words)
        desk.run("resolve", "--image", f"{desk.plant.at('asked image').url}@quay.io/x/y:1", "world", "--format", form)
        for subject in (("--pod", "p"), ("--workload", "Deployment/d"), ("--serviceaccount", "builder")):
            desk.run("resolve", "quay.io/team/app:1", "world", "-n", "team", *subject, "--format", form)
    desk.search()


def test_only_a_fix_that_must_carry_one_does(desk: Desk) -> None:
    for unsafe in ([], ["--unsafe-fixes"]):
        desk.run("check", "world", "--diff", "--scope", "cluster", *unsafe)
        desk.run("check", "world", "--diff", "--scope", "manifests", *unsafe)
    desk.run("check", "world", "--scope", "cluster", "--fix-dir", "bare", "--no-credentials", "--unsafe-fixes")
    desk.keep_folder("bare")
    desk.run("check", "world", "--scope", "cluster", "--fix-dir", "fixes", "--unsafe-fixes")
    desk.keep_file(Path("fixes/README.md"))
    carriers = 0
    for path in Path("fixes").rglob("*"):
        if path.is_file() and leaks(path.read_bytes(), desk.plant):
            assert path.stat().st_mode & 0o777 == 0o600, path
            carriers += 1
    assert carriers
    desk.run("check", "world", "--fix", "--unsafe-fixes", "--verbose")
    desk.search()


def test_a_live_cluster_and_what_is_collected_of_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    plant = desk.plant = Planter()
    outside.cluster(desk.folder, monkeypatch, list(objects(plant, bare=False).values()), plant)
    desk.run("check", "cluster:", "--verbose", *desk.formats("live"))
    desk.keep_folder("live")
    desk.run("check", f"cluster:https://{plant.at('named context').url}@api", "--verbose")
    desk.run("resolve", "cluster:")
    desk.run("collect", "-o", "full.tar.gz")
    assert desk.run("collect", "--redact", "-o", "bare.tar.gz") == 0
    assert Path("full.tar.gz").stat().st_mode & 0o777 == 0o600
    with tarfile.open("bare.tar.gz") as archive:
        for member in archive:
            desk.keep(member.name.encode() + archive.extractfile(member).read())  # type: ignore[union-attr]
    desk.run("check", "bare.tar.gz", "--verbose", "--format", "json")
    desk.run("check", "full.tar.gz", "--verbose", "--format", "json")
    desk.search()


def test_archives_and_pipes(desk: Desk) -> None:
    files = tree(desk.plant)
    one = desk.plant.at("damaged archive")
    with tarfile.open("world.tar.gz", "w:gz") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(f"dump/{path}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    with zipfile.ZipFile("world.zip", "w") as packed:
        for path, content in files.items():
            packed.writestr(f"dump/{path}", content)
    whole = Path("world.tar.gz").read_bytes()
    Path("cut.tar.gz").write_bytes(whole[: len(whole) // 2] + one.password.encode())
    Path("cut.zip").write_bytes(Path("world.zip").read_bytes()[:-400])
    for name in ("world.tar.gz", "world.zip", "cut.tar.gz", "cut.zip"):
        desk.run("check", name, "--verbose", "--format", "json")
        desk.run("check", name, "--verbose", "--jobs", "2")
    listed = "\n---\n".join(content.decode("latin-1") for path, content in files.items() if path.endswith(".yaml"))
    for scope in ("cluster", "manifests"):
        desk.run("check", "-", "--verbose", "--scope", scope, "--diff", stdin=listed.encode())
    desk.run("check", "-", "--verbose", stdin=whole)
    desk.run("check", *(f"world/{path}" for path in files), "--verbose", "--format", "json")
    desk.search()


def test_what_outside_programs_say(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    outside.complaining(desk.folder, monkeypatch, desk.plant)
    for words in (("--render",), ("--render", "--render-remote")):
        desk.run("check", "world/texts", *words, "--verbose", "--format", "json")
    desk.run("check", "world/texts/chart", "--render", "--values", "world/texts/chart/values.yaml", "--verbose")
    desk.run("check", "cluster:", "--verbose")
    desk.run("collect", "-o", "x.tar.gz")
    desk.search()


def test_settings_baselines_and_addresses(desk: Desk) -> None:
    plant = desk.plant
    settings = {
        "word": f"select: [{plant.at('settings word').password}]\n",
        "key": f"{plant.at('settings key').password}: 1\n",
        "enumerated": f"platform: {plant.at('settings value').password}\n",
        "type": f"expiry-warning-days: {plant.at('settings type').password}\n",
        "number": f"expiry-warning-days: !!int {plant.at('settings number').password}\n",
        "broken": f"select: [{plant.at('settings broken').password}\n",
        "alias": f"select: *{plant.at('settings alias').password}\n",
        "tag": f"select: !{plant.at('settings tag').password} x\n",
        "severity": f"severities: {{RC301: {plant.at('settings severity').password}}}\n",
        "version": f"openshift-version: {plant.at('settings version').password}\n",
        "registries": f"private-registries: ['{plant.at('settings registry').url}@quay.io']\n",
        "reason": "ignore:\n- rule: unlinked-pull-secret\n"
        f"  reason: 'https://{plant.at('settings reason').url}@quay.io, "
        f"password: {plant.at('settings word2').password}'\n",
        "stale": f"ignore:\n- {{rule: RC309, name: nothing, reason: 'token is {plant.at('stale reason').password}'}}\n",
    }
    for name, text in settings.items():
        Path(f"{name}.yaml").write_text(text)
        desk.run("check", "world", "--config", f"{name}.yaml", "--verbose", *desk.formats(f"with-{name}"))
        desk.keep_folder(f"with-{name}")
    one = plant.at("baseline")
    Path("damaged").write_text(f"0123456789abcdef RC301 {one.password}\nnothing {one.password}\n")
    desk.run("check", "world", "--baseline", "damaged")
    Path("not.json").write_text(json.dumps({"schema": 1, "findings": [{"code": plant.at("result").password}]}))
    desk.run("report", "not.json")
    Path("cut.json").write_text('{"schema": "' + plant.at("cut result").password)
    desk.run("report", "cut.json")
    for address in ("postgresql://{}@127.0.0.1:9/x", "mysql://{}@host/x", "postgresql://{}@[x/y", "{}@host"):
        for command in (("check", "world"), ("trend",)):
            desk.run(*command, "--history", address.format(plant.at(f"history {address}").url))
    one = plant.at("input")
    desk.run("check", f"https://{one.url}@dumps.example.com/x.tar.gz", "--verbose", "--format", "json")
    desk.run("check", f"s3://{one.url}@bucket/x.tar.gz")
    desk.run("check", "world", "--changed-since", f"https://{one.url}@x")
    desk.run("explain", f"https://{one.url}@x")
    desk.run("check", "world", "--select", f"https://{one.url}@x")
    desk.run("check", "world", "--format", f"https://{one.url}@x")
    desk.run("completion", "bash")
    desk.search()


def test_servers_proxies_and_the_environment(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("aiohttp")
    plant = desk.plant
    signed = plant.at("signed query")
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "REGISTRY_PASSWORD", "HELM_KUBETOKEN", "GIT_ASKPASS"):
        monkeypatch.setenv(name, plant.at(f"environment {name}").password)
    with outside.refusing() as address:
        own = plant.at("netrc")
        Path(".netrc").write_text(f"machine 127.0.0.1 login {own.user} password {own.password}\n")
        Path(".netrc").chmod(0o600)
        monkeypatch.setenv("NETRC", str(Path(".netrc").absolute()))
        urls = [
            f"http://{plant.at('login of a URL').url}@{address}/denied/x.tar.gz",
            f"http://{address}/x.tar.gz?X-Amz-Signature={signed.password}&token={signed.auth}#{signed.password}",
            f"http://{address}/denied/netrc.json",
        ]
        for number, more in enumerate(([], ["--jobs", "2"], ["--history", "scans.db", "--resume"])):
            words = ["check", *urls, "world/texts", *more, "--verbose", "--timing"]
            assert desk.run(*words, *desk.formats(f"urls-{number}")) == 3
            desk.keep_folder(f"urls-{number}")
        desk.keep_file(Path("scans.db"))
        desk.run("resolve", *urls)
        desk.run("baseline", *urls, "-o", "known")
        desk.run("collect", *urls, "-o", "urls.tar.gz")
        for variable in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
            login = plant.at(f"proxy {variable}").url
            monkeypatch.setenv(variable, f"http://{login}@{address}")
            desk.run("check", "http://dumps.example.com/x.tar.gz", "--verbose", "--format", "json", "--timeout", "5")
            desk.run("check", "https://dumps.example.com/x.tar.gz", "--verbose", "--timeout", "5")
            monkeypatch.setenv(variable, f"http://{login}@[no address")
            desk.run("check", "http://dumps.example.com/x.tar.gz", "--verbose", "--timeout", "5")
            monkeypatch.delenv(variable)
    desk.search()


def test_kubeconfigs_git_and_values(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    plant = desk.plant
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    Path("world/kubeconfig.yaml").write_text(outside.kubeconfig(plant))
    Path("world/config").write_text(outside.kubeconfig(plant))
    monkeypatch.setenv("KUBECONFIG", str(Path("world/config").absolute()))
    for scope in ("cluster", "manifests"):
        desk.run("check", "world/kubeconfig.yaml", "world/config", "--scope", scope, "--verbose", *desk.formats(scope))
        desk.keep_folder(scope)
    desk.run("collect", "world/kubeconfig.yaml", "--redact", "-o", "bare.tar.gz")
    with suppress(FileNotFoundError), tarfile.open("bare.tar.gz") as archive:
        for member in archive:
            desk.keep(member.name.encode() + archive.extractfile(member).read())  # type: ignore[union-attr]
    for client in ("kubectl", "oc"):
        outside.refused_client(desk.folder, monkeypatch, client, plant)
        if client == "oc":  # which serves where there is no kubectl
            monkeypatch.setattr("linter.sources.live.kubectl._PROGRAMS", ("oc",))
        for words in (("cluster:",), ("cluster:prod",), ("cluster:prod", "-n", "team")):
            desk.run("check", *words, "--verbose", "--format", "json", "--timeout", "5")
        desk.run("collect", "-o", f"{client}.tar.gz")

    remote = plant.at("remote of a repository")
    Path("world/.git").mkdir()
    Path("world/.git/HEAD").write_text("ref: refs/heads/main\n")
    Path("world/.git/config").write_text(f'[remote "origin"]\n\turl = https://{remote.url}@git.example.com/x.git\n')
    Path("world/.git-credentials").write_text(f"https://{plant.at('git-credentials').url}@git.example.com\n")
    desk.run("check", "world", "--changed-since", "origin/main", "--verbose")
    outside.refusing_git(desk.folder, monkeypatch, plant)
    desk.run("check", "world", "--changed-since", "origin/main", "--verbose")

    one = plant.at("values")
    Path("values.yaml").write_text(f"registry: {{password: {one.password}, auth: {one.auth}}}\n")
    outside.complaining(desk.folder, monkeypatch, plant)
    desk.run("check", "world/texts/chart", "--render", "--values", "values.yaml", "--verbose", "--format", "json")
    desk.search()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_rule_of_the_projects_own_that_fails_says_where_and_nothing_else(desk: Desk, jobs: str) -> None:
    one = desk.plant.at("exception")
    Path("own.py").write_text(
        "from linter.rule import Rule, Severity\n"
        f"def check(context):\n    held = '{one.password}'\n    raise RuntimeError(held, '{one.auth}')\n"
        "RULE = Rule(code='X001', severity=Severity.INFO, check=check)\n"
    )
    Path("own.yaml").write_text("rules: [{path: own.py}]\n")
    shutil.copytree("world", "more")
    words = ("check", "world", "more", "--config", "own.yaml", "--verbose", "--jobs", jobs)
    assert desk.run(*words, *desk.formats("failed")) == 2
    result = json.loads((desk.folder / "failed" / "json").read_text())
    said = [one["message"] for one in result["coverage"]["problems"]]
    assert any("X001 own failed with RuntimeError in line 4" in one for one in said)
    desk.keep_folder("failed")
    desk.search()


def test_an_unexpected_error_says_where_and_nothing_else(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    one = desk.plant.at("exception")

    def fail(*_: object) -> None:
        raise RuntimeError(f"what is {one.password}")

    monkeypatch.setattr("linter.engine.judging.judge", fail)
    error = io.StringIO()
    with contextlib.redirect_stderr(error):
        assert main(["check", "world"]) == 2
    assert "internal error: RuntimeError in test_canaries.py" in error.getvalue()
    assert one.password not in error.getvalue()
