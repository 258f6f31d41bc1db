"""Accepted findings: by comment, annotation and configuration; counted, shown with their reason, never repaired."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from linter import registry
from linter.__main__ import main

SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: spare
  namespace: team
type: Opaque
stringData:
  .dockerconfigjson: |
    {"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}
"""
ACCOUNT = """\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: default
  namespace: team
imagePullSecrets:
- name: pull
- name: pull
- name: other
"""
KNOWN = SECRET.replace("spare", "known").replace("Opaque", "kubernetes.io/dockerconfigjson")
"""Where no Secret is in the scan at all, none is called missing."""


class Judge:
    """Runs `regcred check` over one text and returns the result."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.path = folder / "manifests" / "a.yaml"
        self.capsys = capsys

    def __call__(self, text: str, *words: str, config: str = "{}\n", target: str = "", data: bytes = b"") -> Any:
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_bytes(data or text.encode())
        settings = self.folder / ".regcred.yaml"
        settings.write_text(config)
        known = self.path.with_name("known.yaml")
        known.write_text(KNOWN)
        targets = [target] if target else [str(self.path), str(known)]
        self.code = main(["check", *targets, "--format", "json", "--config", str(settings), *words])
        output = self.capsys.readouterr()
        assert output.out, output.err
        return json.loads(output.out)


@pytest.fixture
def judge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Judge:
    return Judge(tmp_path, capsys)


def accepted(result: Any) -> list[tuple[str, str, str]]:
    return [(one["finding"]["name"], one["by"], one["reason"]) for one in result["suppressed"]]


def names(result: Any) -> list[str]:
    return sorted(one["name"] for one in result["findings"])


def problems(result: Any) -> list[tuple[int, str]]:
    return [(one["line"], one["message"]) for one in result["coverage"]["problems"]]


def test_the_examples_do_have_findings(judge: Judge) -> None:
    assert "wrong-secret-type" in names(judge(SECRET))
    assert {"duplicate-link", "missing-pull-secret"} <= set(names(judge(ACCOUNT, "--select", "links")))


def test_a_comment_behind_the_marked_line(judge: Judge) -> None:
    result = judge(SECRET.replace("Opaque", "Opaque  # regcred: ignore[wrong-secret-type] kept for the old operator"))
    assert accepted(result) == [("wrong-secret-type", "comment", "kept for the old operator")]
    assert "wrong-secret-type" not in names(result)
    assert not problems(result)
    assert result["summary"]["suppressed"] == 1


@pytest.mark.parametrize(
    "form",
    ["# regcred: ignore[RC111] why", "#regcred:ignore[ rc111 ]: why", "# regcred: ignore[payload] why"],
)
def test_a_comment_above_the_marked_line_in_many_spellings(judge: Judge, form: str) -> None:
    result = judge(SECRET.replace("type: Opaque", f"{form}\ntype: Opaque"), "--select", "RC111")
    assert accepted(result) == [("wrong-secret-type", "comment", "why")]


def test_a_comment_above_other_comments(judge: Judge) -> None:
    text = SECRET.replace("type: Opaque", "# regcred: ignore[RC111] why\n# and more about it\ntype: Opaque")
    assert accepted(judge(text, "--select", "RC111")) == [("wrong-secret-type", "comment", "why")]


def test_a_comment_above_a_line_with_a_comment_of_its_own(judge: Judge) -> None:
    text = ACCOUNT.replace("imagePullSecrets:\n", "imagePullSecrets:  # regcred: ignore[RC303] first\n", 1)
    text = text.replace("metadata:", "# regcred: ignore[RC307] all\nmetadata:  # regcred: ignore[RC303] of the object")
    result = judge(text, "--select", "RC303,RC307")
    assert {reason for _, _, reason in accepted(result)} == {"all", "first", "of the object"}
    assert not names(result)


def test_a_comment_behind_what_opens_the_marked_line(judge: Judge) -> None:
    text = ACCOUNT.replace("- name: other", "-  # regcred: ignore[missing-pull-secret] made by hand\n  name: other")
    result = judge(text, "--select", "missing-pull-secret")
    assert ("missing-pull-secret", "comment", "made by hand") in accepted(result)
    assert not [one for one in result["findings"] if "other" in one["message"]]


def test_a_comment_behind_one_item_does_not_reach_the_next(judge: Judge) -> None:
    text = ACCOUNT.replace("- name: pull\n- name: pull", "- name: mine  # regcred: ignore[missing-pull-secret] why")
    result = judge(text, "--select", "missing-pull-secret")
    assert [one["location"]["line"] for one in result["findings"]] == [8]
    assert len(accepted(result)) == 1


def test_several_names_and_no_reason(judge: Judge) -> None:
    text = ACCOUNT.replace("kind:", "# regcred: ignore[duplicate-link, RC303]\nkind:")
    result = judge(text, "--select", "links")
    told = {(name, reason) for name, _, reason in accepted(result)}
    assert told >= {("duplicate-link", ""), ("missing-pull-secret", "")}
    assert problems(result) == [(2, "this suppression of duplicate-link, RC303 (by comment) gives no reason")]
    assert not any(one["fatal"] for one in result["coverage"]["problems"])
    main(["check", str(judge.path)])
    assert "no reason given" in judge.capsys.readouterr().out


def test_an_annotation_without_a_reason_is_told_and_works(judge: Judge) -> None:
    text = ACCOUNT.replace("metadata:", 'metadata:\n  annotations: {regcred/ignore: "RC307; RC303: made by hand"}', 1)
    result = judge(text, "--select", "RC303,RC307")
    assert not names(result)
    assert problems(result) == [(4, "this suppression of RC307 (by annotation) gives no reason")]
    assert judge.code == 0
    judge(text, "--select", "RC303,RC307", "--strict")
    assert judge.code == 3


def test_of_no_use_and_without_a_reason_is_one_problem(judge: Judge) -> None:
    result = judge(ACCOUNT.replace("kind:", "# regcred: ignore[RC101]\nkind:"), "--select", "RC101")
    assert problems(result) == [(2, "this suppression of RC101 (by comment) suppresses nothing")]


@pytest.mark.parametrize("line", ["apiVersion: v1", "kind: ServiceAccount", "metadata:"])
@pytest.mark.parametrize("above", [True, False])
def test_a_comment_at_the_head_counts_for_the_object_and_no_further(judge: Judge, line: str, above: bool) -> None:
    mark = "# regcred: ignore[missing-pull-secret] later"
    head = f"{mark}\n{line}" if above else f"{line}  {mark}"
    result = judge(f"{ACCOUNT.replace(line, head)}---\n{ACCOUNT.replace('default', 'robot')}", "--select", "RC303")
    assert accepted(result)
    assert {one["finding"]["object"]["name"] for one in result["suppressed"]} == {"default"}
    assert {one["object"]["name"] for one in result["findings"]} == {"robot"}


def test_a_comment_counts_for_an_item_of_a_list(judge: Judge) -> None:
    items = "".join(
        f"- apiVersion: v1\n  kind: ServiceAccount{mark}\n  metadata: {{name: {name}, namespace: team}}\n"
        "  imagePullSecrets: [{name: gone}]\n"
        for name, mark in (("one", "  # regcred: ignore[RC303] later"), ("two", ""))
    )
    result = judge(f"apiVersion: v1\nkind: List\nitems:\n{items}", "--select", "RC303")
    assert [one["finding"]["object"]["name"] for one in result["suppressed"]] == ["one"]
    assert [one["object"]["name"] for one in result["findings"]] == ["two"]


def test_the_same_words_inside_a_string_are_no_comment(judge: Judge) -> None:
    note = "---\napiVersion: v1\nkind: ConfigMap\ndata:\n  note: |\n    # regcred: ignore[RC111] x\n"
    result = judge(SECRET + note, "--select", "RC111")
    assert not accepted(result)
    assert not problems(result)


BLOCK = """apiVersion: v1
kind: Secret
metadata: {name: regcred}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: SIGN  # regcred: ignore[undecodable-auth] known
    # regcred: ignore[RC303] of the text
    {"auths":{"quay.io":{"auth":"!!!"}}}
"""


@pytest.mark.parametrize("sign", ["|", "|-", ">", ">+", "|2-", "&config |"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_comment_behind_the_sign_that_opens_a_block(judge: Judge, sign: str, end: str) -> None:
    """The text of the block begins on the line below it; what stands there is no comment."""
    text = BLOCK.replace("    # regcred: ignore[RC303] of the text\n", "")
    result = judge(text.replace("SIGN", sign).replace("\n", end), "--select", "RC106,RC303")
    assert accepted(result) == [("undecodable-auth", "comment", "known")]
    assert not problems(result)
    result = judge(BLOCK.replace("SIGN", sign).replace("\n", end), "--select", "RC303,RC106")
    assert [line for line, _ in problems(result)] == [6]


def test_a_stale_comment_is_a_problem_with_its_line(judge: Judge) -> None:
    text = ACCOUNT.replace("kind:", "# regcred: ignore[wrong-shape,RC303] why\nkind:")
    result = judge(text)
    assert [(line, "wrong-shape" in message) for line, message in problems(result)] == [(2, True)]
    assert not result["coverage"]["problems"][0]["fatal"]


def test_a_comment_in_what_is_no_text_costs_nothing_else(judge: Judge) -> None:
    judge.path.parent.mkdir()
    judge.path.with_name("b.yaml").write_bytes(b"# regcred: ignore[RC303] why\n" + ACCOUNT.encode() + b"# \xff\n")
    result = judge(ACCOUNT, "--select", "RC307", target=str(judge.path.parent))
    assert names(result) == ["duplicate-link"]
    assert ["not UTF-8 text" in message for _, message in problems(result)] == [True]


def test_a_comment_is_not_stale_when_its_rule_did_not_run(judge: Judge) -> None:
    text = ACCOUNT.replace("kind:", "# regcred: ignore[RC303] why\nkind:")
    assert not problems(judge(text, "--select", "RC307"))


def test_a_comment_in_a_template_is_not_called_stale(judge: Judge) -> None:
    text = "{{- if .Values.pull }}\n# regcred: ignore[RC303] why\n" + ACCOUNT + "{{- end }}\n"
    assert not problems(judge(text))


def test_a_wrong_name_names_the_nearest(judge: Judge) -> None:
    result = judge(ACCOUNT.replace("kind:", "# regcred: ignore[missing-pul-secret] why\nkind:"))
    assert "missing-pul-secret" in problems(result)[0][1]
    assert "missing-pull-secret" in result["coverage"]["problems"][0]["remedy"]
    assert "missing-pull-secret" in names(result)


def test_a_comment_without_a_name_suppresses_nothing_and_says_so(judge: Judge) -> None:
    result = judge(ACCOUNT.replace("kind:", "# regcred: ignore everything here\nkind:"))
    assert "names no rule" in problems(result)[0][1]
    assert not accepted(result)


ANNOTATED = ACCOUNT.replace("  namespace: team\n", "  namespace: team\n  annotations:\n    regcred/ignore: {value}\n")


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ('"missing-pull-secret: made by hand"', {("missing-pull-secret", "made by hand")}),
        ('"RC303, duplicate-link: see https://example.com/1"', {
            ("missing-pull-secret", "see https://example.com/1"), ("duplicate-link", "see https://example.com/1")}),
        ('"RC303: one; duplicate-link: two"', {("missing-pull-secret", "one"), ("duplicate-link", "two")}),
        ('"RC303: one; and then some"', {("missing-pull-secret", "one; and then some")}),
        ("RC303", {("missing-pull-secret", "")}),
        ("|\n      RC303: one\n      RC307: two", {("missing-pull-secret", "one"), ("duplicate-link", "two")}),
    ],
)  # fmt: skip
def test_annotations(judge: Judge, value: str, wanted: set[tuple[str, str]]) -> None:
    result = judge(ANNOTATED.replace("{value}", value), "--select", "RC303,RC307")
    assert {(name, reason) for name, _, reason in accepted(result)} == wanted
    assert {by for _, by, _ in accepted(result)} == {"annotation"}
    assert bool(problems(result)) is any(not reason for _, reason in wanted)


def test_annotations_work_in_json_and_name_their_line_when_stale(judge: Judge) -> None:
    annotations = {"regcred/ignore": "RC303: later; wrong-shape: never was"}
    tree = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": "team", "annotations": annotations},
        "imagePullSecrets": [{"name": "gone"}],
    }
    result = judge(json.dumps(tree, indent=1))
    assert accepted(result) == [("missing-pull-secret", "annotation", "later")]
    assert [line for line, _ in problems(result)] == [8]


def test_an_annotation_speaks_of_its_own_object(judge: Judge) -> None:
    text = ANNOTATED.replace("{value}", "RC303") + "---\n" + ACCOUNT.replace("default", "robot")
    result = judge(text, "--select", "RC303")
    assert {one["object"]["name"] for one in result["findings"]} == {"robot"}


CONFIG = "ignore:\n- rule: missing-pull-secret\n  reason: replicated\n"


@pytest.mark.parametrize(
    ("where", "hit"),
    [
        ("", True),
        ("path: manifests/", True),
        ("path: manifests/*.yaml", True),
        ("path: '*.json'", False),
        ("path: other/", False),
        ("kind: ServiceAccount", True),
        ("kind: Pod", False),
        ("kind: Service*", True),
        ("namespace: te*", True),
        ("namespace: prod", False),
        ("name: default", True),
        ("name: robot", False),
        ("name: def*", True),
        ("name: '[d]efault'", True),
        ("name: '[!d]efault'", False),
        ("kind: ServiceAccount\n  name: robot", False),
    ],
)
def test_the_configuration(judge: Judge, where: str, hit: bool) -> None:
    result = judge(ACCOUNT, "--select", "RC303", config=CONFIG + (f"  {where}\n" if where else ""))
    assert (("missing-pull-secret", "configuration", "replicated") in accepted(result)) is hit
    assert bool(names(result)) is not hit


@pytest.mark.parametrize("rule", ["RC303", "RC3", "links", "missing-pull-secret", "RC101, RC303"])
def test_rules_of_an_entry_are_named_like_those_of_select(judge: Judge, rule: str) -> None:
    result = judge(ACCOUNT, "--select", "RC303", config=f"ignore:\n- rule: {rule}\n  reason: replicated\n")
    assert ("missing-pull-secret", "configuration", "replicated") in accepted(result)
    assert not names(result)


@pytest.mark.parametrize(
    "severities",
    [
        "links: info",
        "RC3: info",
        "missing-pull-secret: info",
        "links: error, RC30: info",
        "RC303: info, links: error",
    ],
)
def test_severities_go_by_whatever_select_takes_and_the_narrowest_counts(judge: Judge, severities: str) -> None:
    result = judge(ACCOUNT, "--select", "RC303", config=f"severities: {{{severities}}}\n")
    assert {one["severity"] for one in result["findings"]} == {"info"}


@pytest.mark.parametrize("names", [("default", "d*"), ("d*", "default"), ("", "default"), ("default", "")])
def test_of_several_entries_the_first_speaks(judge: Judge, names: tuple[str, str]) -> None:
    entries = [f"- {{rule: RC303, name: '{name}', reason: r{at}}}\n" for at, name in enumerate(names)]
    result = judge(ACCOUNT, "--select", "RC303", config="ignore:\n" + "".join(entries))
    assert {*accepted(result)} == {("missing-pull-secret", "configuration", "r0")}
    assert not problems(result)


def test_a_stale_entry_of_the_configuration_is_told_for_a_folder_and_where_it_could_have_spoken(judge: Judge) -> None:
    kinds = ("ServiceAccount", "Pod")
    config = "ignore:\n" + "".join(f"- {{rule: wrong-shape, reason: old, kind: {kind}}}\n" for kind in kinds)
    assert not problems(judge(ACCOUNT, config=config))
    result = judge(ACCOUNT, config=config, target=str(judge.path.parent))
    assert [message for _, message in problems(result)] == [
        "this suppression of wrong-shape (by configuration) suppresses nothing"
    ]
    assert result["coverage"]["problems"][0]["path"].endswith(".regcred.yaml")


def test_two_ways_at_once_are_both_used(judge: Judge) -> None:
    text = ANNOTATED.replace("{value}", "RC303").replace("kind:", "# regcred: ignore[RC303] why\nkind:")
    result = judge(text, "--select", "RC303", config=CONFIG, target=str(judge.path.parent))
    assert not problems(result)
    assert {reason for _, _, reason in accepted(result)} == {"why"}


def test_what_is_suppressed_is_not_repaired(judge: Judge) -> None:
    text = SECRET.replace("Opaque", "Opaque  # regcred: ignore[RC111] why")
    judge(text, "--fix", "--unsafe-fixes", "--select", "RC111")
    assert judge.path.read_text() == text
    judge(SECRET, "--fix", "--select", "RC111")
    assert "Opaque" not in judge.path.read_text()


def test_what_is_suppressed_does_not_fail(judge: Judge) -> None:
    judge(SECRET.replace("Opaque", "Opaque  # regcred: ignore[RC111] why"), "--select", "RC111")
    assert judge.code == 0
    judge(SECRET, "--select", "RC111")
    assert judge.code == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_any_encoding_and_any_line_end(judge: Judge, encoding: str) -> None:
    text = SECRET.replace("Opaque", "Opaque  # regcred: ignore[RC111] für später").replace("\n", "\r\n")
    result = judge("", "--select", "RC111", data=text.encode(encoding))
    assert accepted(result) == [("wrong-secret-type", "comment", "für später")]


def test_every_report_can_show_it(judge: Judge) -> None:
    judge(SECRET.replace("Opaque", "Opaque  # regcred: ignore[RC111] kept-for-a-reason"), "--select", "RC111")
    for form in registry.report_names():
        output = judge.folder / f"out.{form}"
        assert main(["check", str(judge.path), "--select", "RC111", "--format", f"{form}={output}"]) == 0
        # Metrics have numbers and no sentences.
        shown = 'regcred_suppressed_findings{cluster=""} 1' if form == "prometheus" else "kept-for-a-reason"
        assert shown in output.read_text(), form


def test_a_reason_is_no_way_out_for_a_credential(judge: Judge) -> None:
    text = SECRET.replace("Opaque", "Opaque  # regcred: ignore[RC111] password: hunter2")
    judge(text, "--select", "RC111")
    main(["check", str(judge.path), "--format", "json"])
    assert "hunter2" not in judge.capsys.readouterr().out


def test_many_comments_take_no_time_to_speak_of(judge: Judge) -> None:
    comments = "# regcred: ignore[RC303, RC307] why\n" * 20_000
    accounts = "".join("---\n" + ACCOUNT.replace("default", f"robot-{number}") for number in range(500))
    annotated = ANNOTATED.replace("{value}", '"' + "no-such; RC303; " * 2_000 + '"')
    before = time.process_time()
    result = judge(comments + ACCOUNT + accounts + "---\n" + annotated, "--select", "RC303,RC307")
    assert time.process_time() - before < 20
    assert result["summary"]["suppressed"] >= 3


def test_files_without_the_word_load_nothing_for_it(judge: Judge) -> None:
    judge(SECRET.replace("spare", "regcred"))
    program = (
        "import sys; from linter.__main__ import main\n"
        f"main(['check', {str(judge.path)!r}, '--format', 'json'])\n"
        "assert 'linter.suppress' not in sys.modules"
    )
    root = Path(__file__).parent.parent
    subprocess.run([sys.executable, "-c", program], cwd=root, check=True, capture_output=True)
