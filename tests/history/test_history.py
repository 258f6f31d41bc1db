"""What a history remembers, told by the command line."""

import json
import re
import sqlite3
import sys
import tarfile
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import linter.history
from linter.__main__ import main
from linter.history import address

SCHEMA = Draft202012Validator(
    json.loads(Path(linter.history.__file__).with_name("trend.schema.json").read_text(encoding="utf-8"))
)
DAY = 86_400
START = 1_790_000_000


def account(name: str, *, twice: bool = True, space: str = "shop", comment: str = "") -> str:
    """A service account that RC307 finds fault with, or not."""
    pull = "- name: pull\n"
    return (
        f"apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, namespace: {space}}}{comment}\n"
        f"imagePullSecrets:\n{pull}{pull if twice else ''}"
    )


class Desk:
    """A folder of manifests, a history, and a clock."""

    def __init__(self, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
        self.folder, self.url, self.patch, self.capsys, self.day = folder, url, monkeypatch, capsys, 0
        monkeypatch.chdir(folder)

    def write(self, path: str, text: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def check(self, *arguments: str, days: int = 1) -> tuple[int, dict]:
        self.day += days
        self.patch.setenv("SOURCE_DATE_EPOCH", str(START + self.day * DAY))
        words = [*arguments, "--select", "RC307"] if "--select" not in arguments else [*arguments]
        self.capsys.readouterr()
        code = main(["check", *words, "--history", self.url, "--format", "json", "--history-name", "repo"])
        out = self.capsys.readouterr()
        return code, json.loads(out.out) if out.out else {"error": out.err}

    def trend(self, *arguments: str) -> str:
        self.capsys.readouterr()
        assert main(["trend", "--history", self.url, *arguments]) == 0
        told = self.capsys.readouterr().out
        if "json" in arguments:
            SCHEMA.validate(json.loads(told))
        return told

    def newest(self) -> dict[str, int]:
        point = json.loads(self.trend("--format", "json"))["clusters"][0]["points"][-1]
        return {name: point[name] for name in ("info", "suppressed", "new", "reopened", "resolved") if point[name]}


@pytest.fixture
def desk(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    folder = tmp_path / "work"
    folder.mkdir()
    return Desk(folder, url, monkeypatch, capsys)


def test_a_finding_is_seen_ages_goes_and_comes_back(desk: Desk) -> None:
    desk.write("m/a.yaml", account("robot"))
    assert desk.check("m", "--fail-on", "info", "--fail-on-new")[0] == 1
    code, found = desk.check("m", "--fail-on", "info", "--fail-on-new", days=9)
    assert code == 0
    seen = found["findings"][0]["seen"]
    assert seen == {"first": "2026-09-22T14:13:20Z", "since": "2026-09-22T14:13:20Z", "reopened": 0, "new": False}
    desk.write("m/a.yaml", account("robot", twice=False))
    _, gone = desk.check("m")
    assert gone["findings"] == []
    assert gone["trend"]["clusters"][0]["resolved"][0]["object"]["name"] == "robot"
    assert gone["trend"]["clusters"][0]["meanTimeToResolve"] == 10 * DAY
    desk.write("m/a.yaml", account("robot"))
    code, back = desk.check("m", "--fail-on", "info", "--fail-on-new", days=5)
    assert code == 1
    assert back["findings"][0]["seen"] == {
        "first": "2026-09-22T14:13:20Z",
        "since": "2026-10-07T14:13:20Z",
        "reopened": 1,
        "new": True,
    }
    assert desk.newest() == {"info": 1, "reopened": 1}
    desk.day += 3
    desk.patch.setenv("SOURCE_DATE_EPOCH", str(START + desk.day * DAY))
    said = desk.trend()
    assert "repo: 1 open (0 errors, 0 warnings, 1 info), 0 suppressed" in said
    assert "resolved   1, reopened 1, mean time to resolve 10d" in said
    assert re.search(r"3d +info +RC307 duplicate-link +ServiceAccount robot .*first seen 2026-09-22, reopened 1x", said)
    assert "██▁█" in said


def test_what_is_old_fails_whatever_its_severity(desk: Desk) -> None:
    desk.write("m/a.yaml", account("robot"))
    assert desk.check("m", "--max-age", "30d")[0] == 0
    assert desk.check("m", "--max-age", "30d", days=30)[0] == 0
    assert desk.check("m", "--max-age", "30d", days=1)[0] == 1
    assert desk.check("m", "--fail-on", "never", "--max-age", "4w")[0] == 1
    assert desk.check("m", "--fail-on", "info", "--fail-on-new", "--max-age", "9w")[0] == 0


def test_part_of_a_scan_resolves_nothing_that_it_did_not_see(desk: Desk) -> None:
    desk.write("m/a.yaml", account("one"))
    desk.write("m/b.yaml", account("two"))
    desk.check("m")
    desk.write("m/a.yaml", account("one", twice=False))
    desk.write("m/b.yaml", account("two", twice=False))
    for arguments in (("m/a.yaml",), ("m", "--select", "RC301"), ("m", "--scope", "cluster")):
        desk.check(*arguments)
        assert desk.newest() == {"info": 2}, arguments
    desk.write("m/b.yaml", "kind: ServiceAccount\nmetadata: [\n")
    desk.check("m")
    assert desk.newest() == {"info": 1, "resolved": 1}
    desk.write("m/b.yaml", account("two", twice=False))
    desk.check(".")
    assert desk.newest() == {"resolved": 1}


@pytest.mark.parametrize("scope", ["manifests", "cluster"])
def test_a_damaged_archive_resolves_nothing_that_it_has_lost(scope: str, desk: Desk) -> None:
    def pack(*names: str, cut: int = 0) -> None:
        with tarfile.open(desk.folder / "dump.tar.gz", "w:gz", compresslevel=0) as archive:
            for name in names:
                archive.add(desk.folder / "m" / name, f"m/{name}")
        data = (desk.folder / "dump.tar.gz").read_bytes()
        (desk.folder / "dump.tar.gz").write_bytes(data[: len(data) - cut])

    desk.write("m/a.yaml", account("one") + "---\n" + account("default", twice=False))
    desk.write("m/b.yaml", account("two") + "# " + "x" * 40_000)
    pack("a.yaml", "b.yaml")
    desk.check("dump.tar.gz", "--scope", scope)
    pack("a.yaml", "b.yaml", cut=30_000)
    _, found = desk.check("dump.tar.gz", "--scope", scope)
    assert [one["object"]["name"] for one in found["findings"]] == ["one"]
    assert desk.newest() == {"info": 2}
    pack("a.yaml")
    desk.check("dump.tar.gz", "--scope", scope)
    assert desk.newest() == {"info": 1, "resolved": 1}


def test_a_file_that_is_gone_takes_its_findings_along_and_one_that_is_excluded_does_not(desk: Desk) -> None:
    desk.write("m/a.yaml", account("one"))
    desk.write("m/b.yaml", account("two"))
    desk.check("m")
    desk.write(".regcred.yaml", "exclude: [m/b.yaml]\n")
    (desk.folder / "m/a.yaml").unlink()
    desk.write("m/c.yaml", account("three", twice=False))
    desk.check("m")
    assert desk.newest() == {"info": 1, "resolved": 1}


def test_what_is_accepted_is_neither_open_nor_resolved(desk: Desk) -> None:
    desk.write("m/a.yaml", account("one"))
    desk.check("m")
    desk.write("m/a.yaml", account("one", comment="  # regcred: ignore[duplicate-link] it stays"))
    desk.check("m")
    assert desk.newest() == {"suppressed": 1}
    desk.write("m/a.yaml", account("one"))
    code, found = desk.check("m", "--fail-on", "info", "--fail-on-new")
    assert code == 1
    assert found["findings"][0]["seen"]["first"] == found["findings"][0]["seen"]["since"]
    main(["baseline", "m", "-o", "known", "--select", "RC307"])
    code, found = desk.check("m", "--baseline", "known", "--max-age", "1d")
    assert (code, found["findings"]) == (0, [])
    assert desk.newest() == {"info": 1}


def test_a_dump_of_another_name_is_the_same_cluster(desk: Desk) -> None:
    desk.write("monday.yaml", account("one"))
    desk.write("tuesday.yaml", account("one", twice=False))
    desk.check("monday.yaml", "--scope", "cluster")
    desk.check("tuesday.yaml", "--scope", "cluster")
    assert desk.newest() == {"resolved": 1}


def test_several_clusters_are_told_apart_and_named_by_their_inputs(desk: Desk) -> None:
    desk.write("x.yaml", account("one"))
    desk.write("y.yaml", account("two"))
    words = ["check", "x.yaml", "y.yaml", "--scope", "cluster", "--history", desk.url, "--fail-on", "never"]
    assert main([*words, "--history-name", "east"]) == 2
    assert "judges several clusters" in desk.capsys.readouterr().err
    assert main([*words, "--history-name", "x.yaml=east"]) == 0
    assert [one["cluster"] for one in json.loads(desk.trend("--format", "json"))["clusters"]] == ["east", "y.yaml"]
    assert main(["trend", "--history", desk.url, "--cluster", "west"]) == 2
    assert "it holds east, y.yaml" in desk.capsys.readouterr().err


def test_text_that_databases_refuse_is_stored_all_the_same(desk: Desk) -> None:
    name = "n\0\ud800\N{SNOWMAN}'\";--"
    item = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "shop"}}
    desk.write("m/a.json", json.dumps({**item, "imagePullSecrets": [{"name": "pull"}] * 2}))
    desk.check("m")
    desk.check("m")
    assert desk.newest() == {"info": 1}


def test_a_saved_result_remembers(desk: Desk, tmp_path: Path) -> None:
    desk.write("m/a.yaml", account("one"))
    _, found = desk.check("m")
    (tmp_path / "saved.json").write_text(json.dumps(found), encoding="utf-8")
    assert main(["report", str(tmp_path / "saved.json"), "--format", "json"]) == 0
    assert json.loads(desk.capsys.readouterr().out) == found


@pytest.mark.parametrize("option", [["--fail-on-new"], ["--max-age", "3d"], ["--history-name", "x"]])
def test_what_compares_needs_a_history(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "examples", *option]) == 2
    assert f"{option[0]} needs a history" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "30", "d", "-3d", "3y", "1.5d"])
def test_an_age_is_a_number_and_a_unit(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["check", "examples", f"--max-age={text}"])
    assert "write a number and m, h, d or w" in capsys.readouterr().err


@pytest.mark.parametrize(
    "where",
    [
        "",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://user:hush@host/db",
        "user:hush@host/db",
        "postgresql://user:hush@host:port/db",
        "postgresql://user:hush@127.0.0.1:1/db?password=hush&connect_timeout=1",
        "postgresql://user:hush@[::1/db",
        "/nowhere/at/all.db",
    ],
)
def test_an_address_that_does_not_work_is_told_without_its_password(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(account("one"), encoding="utf-8")
    assert main(["check", "a.yaml", f"--history={where}"]) == 2 or not where
    said = capsys.readouterr()
    assert "hush" not in said.out + said.err
    assert "•••@HOST" not in said.err, "what is to be written is no login"
    assert "Traceback" not in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]


def test_an_address_shows_no_password() -> None:
    found = address("postgresql://u:p%40ss@h:5/db?sslpassword=other")
    assert found.shown == "postgresql://u@h:5/db"
    assert found.clean("login p@ss\nfailed p%40ss, other") == "login ••• failed •••, •••"


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text(account("one"), encoding="utf-8")
    assert main(["check", str(tmp_path / "a.yaml"), "--history", str(tmp_path / "a.yaml")]) == 2
    assert "the history cannot be opened: file is not a database" in capsys.readouterr().err


def test_a_trend_needs_a_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trend", "--history", str(tmp_path / "none.db")]) == 2
    assert "there is no history" in capsys.readouterr().err
    assert not (tmp_path / "none.db").exists()


def test_the_extra_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith(("sqlalchemy", "linter.history"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    assert main(["trend", "--history", str(tmp_path / "x.db")]) == 2
    assert "in a checkout of regcred, pip install '.[history]' (with pipx" in capsys.readouterr().err


def test_reports_are_written_although_the_history_cannot_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text(account("one"), encoding="utf-8")
    words = ["check", str(tmp_path / "a.yaml"), "--history", str(tmp_path / "h.db"), "--fail-on", "never"]
    assert main(words) == 0
    with sqlite3.connect(tmp_path / "h.db") as database:
        database.execute("CREATE TRIGGER full BEFORE INSERT ON regcred_scan BEGIN SELECT RAISE(ABORT, 'full'); END")
    capsys.readouterr()
    assert main(words) == 2
    said = capsys.readouterr()
    assert "RC307" in said.out
    assert "the history cannot be written: full" in said.err
