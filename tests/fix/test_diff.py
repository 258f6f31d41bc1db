"""A diff shows what changes and never a credential: canaries in every place that a credential can stand."""

import base64
import json
import textwrap
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.fix import mask
from linter.fix.diff import unified
from linter.fix.mask import MASK, mask_lines, parsed

CANARY = "Zk7-canary-Qp3"
AUTH = base64.b64encode(f"user:{CANARY}".encode()).decode()
TOKEN = "eyJhbGciOiJub25lIn0.eyJjYW5hcnkiOjF9.c2lnbmF0dXJl"
PAYLOAD: dict[str, Any] = {
    "auths": {
        "quay.io/team": {"auth": AUTH, "username": "user", "password": CANARY, "email": "me@example.org"},
        "registry.example.com:5000": {"identitytoken": TOKEN},
    },
    "HttpHeaders": {"X-Key": CANARY},
    "credsStore": "desktop",
}
TEXT = json.dumps(PAYLOAD)
CODE = base64.b64encode(TEXT.encode()).decode()
WRAPPED = textwrap.wrap(CODE, 76)
OTHER = base64.b64encode(TEXT.replace("quay.io/team", "quay.io").encode()).decode()

BODIES = {
    "plain": f"data:\n  .dockerconfigjson: {CODE}\n",
    "quoted": f"data: {{'.dockerconfigjson': \"{CODE}\"}}\n",
    "block": "data:\n  .dockerconfigjson: |\n" + "".join(f"    {line}\n" for line in WRAPPED),
    "folded": "data:\n  .dockerconfigjson: >-\n" + "".join(f"    {line}\n" for line in WRAPPED),
    "multi-line plain": "data:\n  .dockerconfigjson: " + "\n    ".join(WRAPPED) + "\n",
    "multi-line double": 'data:\n  .dockerconfigjson: "' + "\\\n    ".join(WRAPPED) + '"\n',
    "clear": f"stringData:\n  .dockerconfigjson: |\n    {TEXT}\n",
    "clear pretty": "stringData:\n  .dockerconfigjson: |\n"
    + textwrap.indent(json.dumps(PAYLOAD, indent=2), "    ") + "\n",
    "clear quoted": f"stringData:\n  .dockerconfigjson: '{TEXT}'\n",
    "clear escaped": f"stringData:\n  .dockerconfigjson: {json.dumps(TEXT)}\n",
    "clear mapping": f"stringData:\n  .dockerconfigjson: {TEXT}\n",
    "other keys": f"stringData:\n  password: {CANARY}\n  x: '{CANARY}'\n  y:\n  - {CANARY}\n",
    "anchor": f"x-a: &p {CODE}\ndata:\n  .dockerconfigjson: *p\n",
    "tag": f"data:\n  .dockerconfigjson: !!binary {CODE}\n",
    "annotation": "metadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      "
    + json.dumps({"kind": "Secret", "data": {"k": CODE}, "stringData": {"a": CANARY}}) + "\n",
    "annotation escaped": "metadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: "
    + json.dumps(json.dumps({"kind": "Secret", "stringData": {"a": CANARY, ".dockerconfigjson": TEXT}})) + "\n",
    "annotation by another name": "metadata:\n  annotations:\n    note: "
    + json.dumps(json.dumps({"stringData": {".dockerconfigjson": TEXT}})) + "\n",
    "config map": f"kind: ConfigMap\ndata:\n  c.json: '{TEXT}'\n"
    f"  script: |\n    docker login -u x --password={CANARY}\n    TOKEN={CANARY}\n",
    "address": f"spec:\n  url: https://user:{CANARY}@quay.io/x\n",
    "environment": f"env:\n- name: REGISTRY_PASSWORD\n  value: {CANARY}\n- {{name: API_TOKEN, value: '{CANARY}'}}\n",
    "comment with a key": f"# password: {CANARY}\n# auth={AUTH}\na: 1\n",
    "comment that repeats": f"# was {CANARY}, {AUTH}\ndata:\n  .dockerconfigjson: {CODE}\n",
    "generator": f"secretGenerator:\n- literals:\n  - password={CANARY}\n  - '.dockerconfigjson={TEXT}'\n",
    "header": f"headers: 'Authorization: Bearer {TOKEN}'\n",
}  # fmt: skip


def leaks(text: str) -> list[str]:
    """Return every canary of which a tell-tale part can be read."""
    pieces = {CANARY, AUTH, TOKEN, *WRAPPED, CODE[:16], CODE[-16:], "c2lnbmF0dXJl", CANARY[4:]}
    return [piece for piece in pieces if piece in text]


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_no_credential_in_context_or_change(name: str, newline: str) -> None:
    before = (
        "apiVersion: v1\n" + ("" if "kind:" in BODIES[name] else "kind: Secret\n") + BODIES[name] + "z: old\n"
    ).replace("\n", newline)
    for after in (
        before.replace("z: old", "z: new"),
        before.replace(CODE, OTHER),
        before.replace(CANARY, "other"),
        "z: new\n",
    ):
        shown = unified(before, after, "a.yaml") + unified(after, before, "a.yaml")
        assert not leaks(shown)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("how", ["data", "stringData", "list"])
def test_no_credential_in_json(indent: int | None, how: str) -> None:
    secret: dict[str, Any] = {"kind": "Secret", "data": {".dockerconfigjson": CODE}, "z": "old"}
    if how == "stringData":
        secret = {"kind": "Secret", "stringData": {".dockerconfigjson": TEXT, "k": CANARY}, "z": "old"}
    data = {"kind": "List", "items": [secret, secret]} if how == "list" else secret
    before = json.dumps(data, indent=indent)
    for path in ("a.json", "a.yaml", "a"):
        for after in (before.replace("old", "new"), before.replace(CODE, OTHER), before.replace("user", "robot")):
            assert not leaks(unified(before, after, path))


def test_a_text_that_cannot_be_parsed_shows_keys_only() -> None:
    before = f"a: {{{{ x }}}}\n}}: [\npassword: {CANARY}\n{CANARY}\n  {WRAPPED[0]}\n"
    shown = "\n".join(mask_lines(before, parsed(before, "yaml")))
    assert not leaks(shown)
    assert "password:" in shown


def test_structure_stays_visible() -> None:
    text = (
        "apiVersion: v1 # version\nkind: ServiceAccount\nmetadata:\n"
        "  name: a-very-long-name-of-a-service-account-0123456789\n"
        "automountServiceAccountToken: false\nimagePullSecrets:\n- name: quay-io-pull-secret-for-the-team # link\n"
        "spec:\n  image: quay.io/organization/repository/sub@sha256:" + "0a" * 32 + "\n"
        "---\nkind: CRIOCredentialProviderConfig\ntype: kubernetes.io/dockerconfigjson\n"
    )
    assert "\n".join(mask_lines(text, parsed(text, "yaml"))) == text


def test_a_changed_credential_is_seen_to_change() -> None:
    before = f"kind: Secret\ndata:\n  .dockerconfigjson: {CODE} # c\n"
    shown = unified(before, before.replace(CODE, OTHER), "a.yaml")
    assert f"-  .dockerconfigjson: {MASK} # c\n+  .dockerconfigjson: {MASK} # c\n" in shown
    assert '-    "quay.io/team": {\n+    "quay.io": {\n' in shown
    assert '"username": "user"' in shown
    assert f'"auth": "{MASK}"' in shown


def test_duplicate_registries_are_all_shown() -> None:
    def code(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    one = f'{{"auths":{{"quay.io":{{"auth":"{AUTH}"}},"quay.io":{{"auth":"{AUTH}"}}}}}}'
    two = f'{{"auths":{{"quay.io":{{"auth":"{AUTH}"}}}}}}'
    shown = unified(
        f"data: {{.dockerconfigjson: {code(one)}}}\n", f"data: {{.dockerconfigjson: {code(two)}}}\n", "a.yaml"
    )
    assert shown.count('"quay.io"') == 2
    assert not leaks(shown)


def test_an_unmasked_diff_is_a_patch() -> None:
    shown = unified("a: 1\nb: 2", "a: 1\nb: 3", "x.yaml", mask=False)
    assert shown == (
        "--- a/x.yaml\n+++ b/x.yaml\n@@ -1,2 +1,2 @@\n"
        " a: 1\n-b: 2\n\\ No newline at end of file\n+b: 3\n\\ No newline at end of file\n"
    )
    assert unified("a: 1\n", "a: 1\n", "x") == ""


def test_control_characters_do_not_reach_the_terminal() -> None:
    shown = unified("a: 1 # \x1b[2J\u202e\n", "a: 2 # \x1b[2J\u202e\n", "x\x1b.yaml")
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_commented_out_credentials() -> None:
    lines = "".join(f"#   {line}\n" for line in textwrap.wrap(CODE, 40))
    payload = "".join(f"# {line}\n" for line in json.dumps(PAYLOAD, indent=2).splitlines())
    before = f"kind: Secret\n# .dockerconfigjson: |\n{lines}{payload}z: old\n"
    shown = unified(before, before.replace("old", "new").replace("me@", "you@"), "a.yaml")
    assert not leaks("\n".join(mask_lines(before, parsed(before, "yaml"))))
    assert not leaks(shown)
    assert not [line for line in textwrap.wrap(CODE, 40) if line in shown]


def test_a_diff_rebuilds_the_text_and_is_quick() -> None:
    before = "".join(f"- a: 1\n  b: 2\n  name: x{at}\n  d: {{}}\n" for at in range(3000))
    after = (
        before.replace("name: x5\n", "name: y\n")
        .replace("- a: 1\n  b: 2\n  name: x999\n  d: {}\n", "")
        .replace("x7\n", "x7\n  b: 2\n")
    )
    lines = unified(before, after, "a.yaml", mask=False).splitlines(keepends=True)[2:]
    removed = [line[1:] for line in lines if line.startswith("-")]
    added = [line[1:] for line in lines if line.startswith("+")]
    assert (len(removed), len(added)) == (5, 2)
    patched, position, old = [], 0, before.splitlines(keepends=True)
    for line in lines:
        if line.startswith("@@"):
            start = int(line[4:].partition(",")[0]) - 1
            patched += old[position:start]
            position = start
        elif line[0] == "+":
            patched.append(line[1:])
        else:
            patched += [line[1:]] if line[0] == " " else []
            position += 1
    assert "".join(patched + old[position:]) == after


_BY_LINE = (
    *(mask._LEXICAL, mask._TOKEN, mask._USER_INFO, mask._BEARER),
    *(mask._QUERY, mask._WORDS, mask._HEX, mask._RUN),
)
_PIECES = st.sampled_from(
    [
        *("\n", "\n", "\r\n", " ", ": ", "=", '"', "'", "\\", "@", "//", "?", "password", "token is ", "auth", "a"),
        *("sha256:", "0123456789abcdef" * 2, "ghp_", "Bearer ", "user:", "QUJD" * 6, "x@sha256:", "\x85", "}", ","),
    ]
)


@given(st.lists(_PIECES, max_size=30).map("".join))
def test_what_is_looked_for_line_by_line_never_spans_lines(text: str) -> None:
    for pattern in _BY_LINE:
        alone, at = [], 0
        for line in text.split("\n"):
            alone += [(at + found.start(), at + found.end()) for found in pattern.finditer(line)]
            at += len(line) + 1
        assert alone == [found.span() for found in pattern.finditer(text)]


def test_lines_that_repeat_cost_little() -> None:
    """As many empty lines behind the change as there is room for: searched through, they take a quarter of an hour."""
    from linter.fix.replacements import replacements  # noqa: PLC0415 - only here

    before, after = ("a: 1\nb: 1\n" + "\n" * 90_000, "a: 1\nb: 2\n" + "\n" * 90_000)
    found = replacements("x.yaml", before, after, unified(before, after, "x.yaml"))
    assert found is not None
    assert [(one.line, one.text) for one in found] == [(2, "b: 2\n")]


def patched(before: str, diff: str) -> str:
    """What a program makes of a text that follows a diff to the letter, as `patch` and `git apply` do."""
    lines, made, at = before.splitlines(keepends=True), "", 0
    said = diff.split("\n")[2:-1]
    for number, line in enumerate(said):
        if line.startswith("@@"):
            start, _, length = line.split()[1].removeprefix("-").partition(",")
            ahead = int(start) - (length != "0")
            made, at = made + "".join(lines[at:ahead]), ahead
        elif not line.startswith("\\"):
            open_ended = said[number + 1 : number + 2] and said[number + 1].startswith("\\")
            text = line[1:] + ("" if open_ended else "\n")
            if line[0] in " -":
                assert lines[at] == text
                at += 1
            made += text if line[0] in " +" else ""
    return made + "".join(lines[at:])


LINES = st.lists(st.sampled_from("abcd"), max_size=9)
TEXTS = st.builds(lambda lines, end: "\n".join(lines) + end, LINES, st.sampled_from(["", "\n"]))


@given(TEXTS, TEXTS)
def test_a_diff_followed_to_the_letter_gives_the_other_text(before: str, after: str) -> None:
    assert before == after or patched(before, unified(before, after, "a.yaml", mask=False)) == after
