"""The hook, the action, the template, the task and the job: each is run as far as it can be without its service."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from linter.__main__ import main

ROOT = Path(__file__).parent.parent
PIPELINES = ROOT / "deploy" / "pipelines"
BIN = Path(sys.executable).parent
INSTALLS = pytest.mark.skipif(
    "REGCRED_TEST_INSTALL" not in os.environ, reason="installs from the package index: set REGCRED_TEST_INSTALL"
)
HOSTILE = "$(touch x) `touch x`; touch x"
PAGE = (ROOT / "docs" / "pipelines.md").read_text(encoding="utf-8")
SHOWN = {name: yaml.safe_load(text) for name, text in re.findall(r"```yaml\n# (\S+)\n(.*?)```", PAGE, re.DOTALL)}
"""What the page shows of other people's files, by name."""

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _schema(name: str, file: Path) -> None:
    words = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", name, str(file))
    done = _run(file.parent, *words)
    assert not done.returncode, done.stdout


def _installed(done: subprocess.CompletedProcess[str]) -> None:
    """Skip where what is installed in a test cannot be had."""
    told = done.stdout + done.stderr
    if done.returncode and re.search(r"No matching distribution|[Cc]onnection|name resolution", told):
        pytest.skip("the package index cannot be reached")


def _run(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "CI_", "GITHUB_"))}
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        words, cwd=folder, env={**kept, "PATH": path, **variables}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("schema", "file"),
    [("vendor.github-actions", ROOT / "action.yml"), ("vendor.gitlab-ci", PIPELINES / "gitlab-ci.yml")],
)
def test_a_file_is_what_its_service_reads(schema: str, file: Path) -> None:
    _schema(schema, file)


def test_every_file_that_the_page_shows_is_looked_at_here() -> None:
    assert PAGE.count("```yaml") == len(SHOWN)
    assert set(SHOWN) == {".pre-commit-config.yaml", ".github/workflows/regcred.yml", ".gitlab-ci.yml"}


class TestPreCommit:
    """pre-commit itself runs the hook; only the environment, which it would build from the network, is this one."""

    @pytest.fixture
    def hooked(self, repository: Any) -> Any:
        (hook,) = _yaml(ROOT / ".pre-commit-hooks.yaml")
        local = {"repos": [{"repo": "local", "hooks": [{**hook, "language": "system"}]}]}
        repository.write(".pre-commit-config.yaml", yaml.safe_dump(local))
        repository.commit()
        return repository

    def hook(self, repository: Any, *words: str) -> subprocess.CompletedProcess[str]:
        repository.git("add", "-A")
        home = str(repository.root.parent / "home")
        return _run(repository.root, sys.executable, "-m", "pre_commit", "run", *words, PRE_COMMIT_HOME=home)

    def test_the_manifest_is_valid(self, tmp_path: Path) -> None:
        manifest = str(ROOT / ".pre-commit-hooks.yaml")
        done = _run(tmp_path, sys.executable, "-m", "pre_commit", "validate-manifest", manifest)
        assert not done.returncode, done.stdout

    def test_what_the_page_shows_is_valid_and_names_the_hook(self, tmp_path: Path) -> None:
        file = tmp_path / ".pre-commit-config.yaml"
        file.write_text(yaml.safe_dump(SHOWN[file.name]))
        done = _run(tmp_path, sys.executable, "-m", "pre_commit", "validate-config", str(file))
        assert not done.returncode, done.stdout
        (hook,) = _yaml(ROOT / ".pre-commit-hooks.yaml")
        assert SHOWN[file.name]["repos"][0]["hooks"] == [{"id": hook["id"]}]

    def test_an_entry_with_options_as_the_page_shows(self, hooked: Any) -> None:
        (entry,) = re.findall(r"`entry: ([^`]+)`", PAGE)
        config = _yaml(hooked.root / ".pre-commit-config.yaml")
        config["repos"][0]["hooks"][0]["entry"] = entry
        hooked.write(".pre-commit-config.yaml", yaml.safe_dump(config))
        hooked.commit()
        hooked.write("warning.yaml", hooked.account("warned", "robot", "missing"))
        assert "Passed" in self.hook(hooked).stdout  # a missing secret is a warning among manifests
        hooked.write("error.yaml", hooked.secret("broken", "%%%"))
        done = self.hook(hooked)
        assert (done.returncode, "Secret broken" in done.stdout) == (1, True)

    @INSTALLS
    @pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs the repository of regcred")
    def test_pre_commit_builds_it_from_its_repository(self, repository: Any) -> None:
        """The whole way: clone, environment, installation, hook."""
        repository.write("broken.yaml", repository.secret("broken", "%%%"))
        repository.git("add", "-A")
        words = (sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), "regcred", "--verbose")
        trusted = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
        done = _run(repository.root, *words, PRE_COMMIT_HOME=str(repository.root.parent / "home"), **trusted)
        _installed(done)
        assert "- hook id: regcred" in done.stdout, done.stdout + done.stderr
        assert "Secret broken" in done.stdout
        assert "Secret old" not in done.stdout
        assert done.returncode == 1

    def test_a_clean_change_passes_beside_an_old_defect_with_the_help_of_unchanged_files(self, hooked: Any) -> None:
        hooked.write("new.yaml", hooked.account("new"))
        done = self.hook(hooked)
        assert not done.returncode, done.stdout
        assert "Passed" in done.stdout

    def test_a_changed_defect_fails_and_is_the_only_one_reported(self, hooked: Any) -> None:
        hooked.write("-new file.yaml", hooked.secret("broken", "%%%"))
        done = self.hook(hooked)
        assert done.returncode == 1
        assert "Secret broken" in done.stdout
        assert "Secret old" not in done.stdout

    def test_a_file_that_the_settings_exclude_passes(self, hooked: Any) -> None:
        hooked.write(".regcred.yaml", "exclude: [made/]\n")
        hooked.commit()
        hooked.write("made/broken.yaml", hooked.secret("broken", "%%%"))
        assert "Passed" in self.hook(hooked).stdout

    def test_all_files_reports_all(self, hooked: Any) -> None:
        done = self.hook(hooked, "--all-files")
        assert done.returncode == 1
        assert "Secret old" in done.stdout

    def test_yaml_that_is_no_manifest_passes_and_other_files_do_not_start_it(self, hooked: Any) -> None:
        (hooked.root / ".github").mkdir()
        (hooked.root / ".github" / "dependabot.yml").write_text("version: 2\n")
        assert "Passed" in self.hook(hooked).stdout
        hooked.commit()
        hooked.write("notes.txt", "x\n")
        assert "Skipped" in self.hook(hooked).stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
class TestAction:
    """The action's own step, in bash as GitHub starts it, with the variables that GitHub sets."""

    def step(self, repository: Any, **inputs: str) -> subprocess.CompletedProcess[str]:
        temp = repository.root.parent / "temp"
        (temp / "regcred").mkdir(parents=True, exist_ok=True)
        if not (temp / "regcred" / "bin").exists():
            (temp / "regcred" / "bin").symlink_to(BIN)
        action = _yaml(ROOT / "action.yml")
        step = action["runs"]["steps"][1]
        defaults = {name: one["default"] for name, one in action["inputs"].items()}
        given = {**defaults, **{name.replace("_", "-"): value for name, value in inputs.items()}}
        variables = {
            name: given[value.removeprefix("${{ inputs.").removesuffix(" }}")] for name, value in step["env"].items()
        }
        script = repository.root.parent / "step.sh"
        script.write_text(step["run"])
        words = ("bash", "--noprofile", "--norc", "-eo", "pipefail", str(script))
        places = {"RUNNER_TEMP": str(temp), "GITHUB_STEP_SUMMARY": str(repository.root.parent / "summary.md")}
        return _run(repository.root, *words, **variables, **places)

    def test_what_the_page_shows_is_valid_and_names_inputs_that_exist(self, repository: Any) -> None:
        workflow = {True: None, **SHOWN[".github/workflows/regcred.yml"]}
        workflow["on"] = workflow.pop(True)  # what YAML 1.1 makes of `on`
        _schema("vendor.github-workflows", repository.write("workflow.yml", yaml.safe_dump(workflow)))
        steps = workflow["jobs"]["regcred"]["steps"]
        assert steps[0]["with"]["fetch-depth"] == 0
        inputs = steps[1]["with"]
        assert inputs.keys() <= _yaml(ROOT / "action.yml")["inputs"].keys()
        assert inputs["sarif"] == steps[2]["with"]["sarif_file"]
        repository.git("branch", "origin/main")
        repository.write("clusters/new.yaml", repository.secret("broken", "%%%"))
        done = self.step(repository, paths=inputs["paths"], changed_since="origin/main", sarif=inputs["sarif"])
        assert (done.returncode, "file=clusters/new.yaml" in done.stdout) == (1, True)
        assert (repository.root / inputs["sarif"]).stat().st_size

    @INSTALLS
    def test_it_installs_and_checks(self, repository: Any) -> None:
        """Both steps, the first from the package index into an environment of its own."""
        action = _yaml(ROOT / "action.yml")
        temp = repository.root.parent / "temp"
        temp.mkdir()
        words = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", action["runs"]["steps"][0]["run"])
        assert action["runs"]["steps"][0]["env"] == {"ACTION_PATH": "${{ github.action_path }}"}
        done = _run(repository.root, *words, ACTION_PATH=str(ROOT), RUNNER_TEMP=str(temp))
        _installed(done)
        assert not done.returncode, done.stderr
        assert not (temp / "regcred" / "bin").is_symlink()
        done = self.step(repository, html="regcred.html")
        assert done.returncode == 1
        assert done.stdout.splitlines()[1].startswith("::error file=old.yaml")

    def test_no_input_is_spliced_into_a_script(self) -> None:
        for step in _yaml(ROOT / "action.yml")["runs"]["steps"]:
            assert "${{" not in step["run"]

    def test_the_code_is_kept_and_the_outputs_are_written(self, repository: Any) -> None:
        done = self.step(repository, sarif="regcred.sarif", html="regcred.html")
        assert done.returncode == 1
        assert done.stdout.splitlines()[1].startswith("::error file=old.yaml")
        assert "old.yaml" in (repository.root.parent / "summary.md").read_text()
        assert json.loads((repository.root / "regcred.sarif").read_text())["version"] == "2.1.0"
        assert (repository.root / "regcred.html").read_text().startswith("<!doctype html>")

    def test_only_the_change_counts_when_that_is_asked_for(self, repository: Any) -> None:
        repository.write("new.yaml", repository.account("new"))
        assert self.step(repository, changed_since="HEAD", summary="false").returncode == 0
        assert not (repository.root.parent / "summary.md").exists()
        repository.write("new.yaml", repository.secret("broken", "%%%"))
        done = self.step(repository, changed_since="HEAD", fail_on="error")
        assert done.returncode == 1
        assert "old.yaml" not in done.stdout

    def test_paths_are_one_a_line(self, repository: Any) -> None:
        (repository.root / "a folder").mkdir()
        (repository.root / "a folder" / "-x.yaml").write_text(repository.secret("broken", "%%%"))
        done = self.step(repository, paths="account.yaml\n\n  \na folder\n")
        assert "file=a folder/-x.yaml" in done.stdout
        assert "old.yaml" not in done.stdout

    @pytest.mark.parametrize("paths", ["", "  \n\n"])
    def test_no_paths_are_the_whole_checkout(self, paths: str, repository: Any) -> None:
        done = self.step(repository, paths=paths)
        assert (done.returncode, "file=old.yaml" in done.stdout) == (1, True)

    def test_a_call_that_fails_shows_no_summary_of_another(self, repository: Any) -> None:
        self.step(repository)
        (repository.root.parent / "summary.md").unlink()
        assert self.step(repository, fail_on="nonsense").returncode == 2
        assert not (repository.root.parent / "summary.md").exists()

    def test_windows_is_refused_in_words(self, repository: Any) -> None:
        script = _yaml(ROOT / "action.yml")["runs"]["steps"][0]["run"]
        words = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
        done = _run(repository.root, *words, RUNNER_OS="Windows", RUNNER_TEMP=str(repository.root), ACTION_PATH="x")
        assert (done.returncode, done.stdout.startswith("::error::regcred runs on Linux and macOS")) == (2, True)

    def test_the_scripts_are_read_by_the_bash_of_macos(self) -> None:
        """That is 3.2: none of what came later."""
        later = r"mapfile|readarray|declare -A|coproc|\$\{\w+(?:\[[^]]*\])?[,^@]|\|&|&>>|\[-\d+\]|;;?&"
        for step in _yaml(ROOT / "action.yml")["runs"]["steps"]:
            assert not re.search(later, step["run"])

    @pytest.mark.parametrize("name", ["paths", "changed_since", "fail_on", "baseline", "config", "sarif", "html"])
    @pytest.mark.parametrize("value", [HOSTILE, "--help", "$(touch${IFS}x)"])
    def test_an_input_runs_nothing_and_is_no_option(self, name: str, value: str, repository: Any) -> None:
        done = self.step(repository, **{name: value})
        assert not (repository.root / "x").exists()
        assert done.returncode in (1, 2, 3), done.stdout
        assert "usage: regcred check [-h]" not in done.stdout


class TestGitLab:
    def job(self, repository: Any, **more: str) -> subprocess.CompletedProcess[str]:
        template = _yaml(PIPELINES / "gitlab-ci.yml")
        variables = {**template["variables"], **template["regcred"]["variables"], **more}
        variables = {name: value.replace("$CI_PROJECT_DIR", str(repository.root)) for name, value in variables.items()}
        script = "\n".join(template["regcred"]["script"])
        return _run(repository.root, "sh", "-e", "-c", script, **variables)

    def test_what_the_page_shows_is_valid_and_sets_what_the_template_reads(self, tmp_path: Path) -> None:
        file = tmp_path / ".gitlab-ci.yml"
        file.write_text(yaml.safe_dump(SHOWN[file.name]))
        _schema("vendor.gitlab-ci", file)
        assert SHOWN[file.name]["variables"].keys() <= _yaml(PIPELINES / "gitlab-ci.yml")["variables"].keys()
        assert (ROOT / SHOWN[file.name]["include"][0]["file"].lstrip("/")).is_file()

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
    def test_a_clone_of_another_user_is_trusted(self, repository: Any) -> None:
        base = repository.git("rev-parse", "HEAD")
        for path in (repository.root, repository.root / ".git"):
            os.chown(path, 12345, 12345)
        done = self.job(repository, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
        assert done.returncode == 0, done.stderr

    def test_a_branch_is_judged_whole_and_every_artifact_is_there(self, repository: Any) -> None:
        done = self.job(repository)
        assert done.returncode == 1
        assert "Secret old" in done.stdout
        artifacts = _yaml(PIPELINES / "gitlab-ci.yml")["regcred"]["artifacts"]
        assert artifacts["when"] == "always"
        for name in (*artifacts["paths"], *artifacts["reports"].values()):
            assert (repository.root / name).stat().st_size
        quality = json.loads((repository.root / artifacts["reports"]["codequality"]).read_text())
        assert {one["location"]["path"] for one in quality} == {"old.yaml"}

    def test_a_merge_request_is_judged_by_what_it_brings(self, repository: Any) -> None:
        base = repository.git("rev-parse", "HEAD")
        repository.write("new.yaml", repository.account("new"))
        repository.commit()
        assert self.job(repository, CI_MERGE_REQUEST_DIFF_BASE_SHA=base).returncode == 0
        repository.write("new.yaml", repository.secret("broken", "%%%"))
        repository.commit()
        done = self.job(repository, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
        assert done.returncode == 1
        quality = json.loads((repository.root / "regcred-codequality.json").read_text())
        assert {one["location"]["path"] for one in quality} == {"new.yaml"}


class TestTekton:
    def task(self, repository: Any, **values: str) -> subprocess.CompletedProcess[str]:
        spec = _yaml(PIPELINES / "tekton-task.yaml")["spec"]
        (step,) = spec["steps"]
        given = {one["name"]: one["default"] for one in spec["params"]} | values
        result = repository.root.parent / "result"
        known = {f"$(params.{name})": value for name, value in given.items()}
        known |= {f"$(results.{one['name']}.path)": str(result) for one in spec["results"]}
        variables = {one["name"]: known[one["value"]] for one in step["env"]}
        assert step["workingDir"] == f"$(workspaces.{spec['workspaces'][0]['name']}.path)"
        assert "$(params" not in step["script"]
        assert step["script"].startswith("#!/bin/sh\n")
        return _run(repository.root, "sh", "-c", step["script"], **variables)

    def test_the_result_is_the_count_and_the_code_is_kept(self, repository: Any) -> None:
        done = self.task(repository)
        assert done.returncode == 1
        found = json.loads((repository.root / "regcred.json").read_text())["findings"]
        assert (repository.root.parent / "result").read_text() == str(len(found)) == "1"
        assert self.task(repository, **{"fail-on": "never"}).returncode == 0

    def test_a_call_that_fails_gives_no_count_of_another(self, repository: Any) -> None:
        self.task(repository)
        (repository.root.parent / "result").unlink()
        done = self.task(repository, **{"fail-on": HOSTILE})
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert not (repository.root.parent / "result").exists()

    def test_parameters_run_nothing(self, repository: Any) -> None:
        assert self.task(repository, path=HOSTILE).returncode == 3
        assert not (repository.root / "x").exists()


class TestArgoCD:
    def test_the_job_alone_is_a_hook_and_stops_no_sync(self) -> None:
        """A PreSync hook would stop the sync that brings a repair, and one of a later wave waits for health."""
        with (PIPELINES / "argocd-sync.yaml").open(encoding="utf-8") as stream:
            objects = {one["kind"]: one for one in yaml.safe_load_all(stream)}
        assert set(objects) == {"ServiceAccount", "RoleBinding", "Job"}
        hooks = {kind: one["metadata"].get("annotations", {}) for kind, one in objects.items()}
        assert {kind for kind, one in hooks.items() if one} == {"Job"}
        assert hooks["Job"] == {
            "argocd.argoproj.io/hook": "Sync",
            "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation",
        }
        account = objects["ServiceAccount"]["metadata"]["name"]
        assert objects["RoleBinding"]["subjects"] == [{"kind": "ServiceAccount", "name": account}]
        job = objects["Job"]
        assert job["spec"]["activeDeadlineSeconds"] <= 600  # a sync waits for it, whatever keeps it from starting
        pod = job["spec"]["template"]["spec"]
        assert (pod["serviceAccountName"], pod["restartPolicy"], job["spec"]["backoffLimit"]) == (account, "Never", 0)

    @pytest.mark.usefixtures("no_cluster")
    def test_the_job_is_restricted_and_its_arguments_are_understood(self, capsys: pytest.CaptureFixture[str]) -> None:
        with (PIPELINES / "argocd-sync.yaml").open(encoding="utf-8") as stream:
            (job,) = (one for one in yaml.safe_load_all(stream) if one["kind"] == "Job")
        (container,) = job["spec"]["template"]["spec"]["containers"]
        context = container["securityContext"]
        assert context["runAsNonRoot"] is True
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        (variable,) = container["env"]
        words = [word.replace(f"$({variable['name']})", "shop") for word in container["args"]]
        assert main(words) == 3  # read as a cluster, and there is none
        assert "usage:" not in capsys.readouterr().err
