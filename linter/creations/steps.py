"""The steps of a CI that create a Secret: Azure Pipelines, GitHub's workflows, Cloud Build, Jenkins."""

from collections.abc import Iterator
from typing import Final

from linter.creations.commands import CREATES
from linter.creations.words import LONGEST, after
from linter.patterns import lazy

ITEM_BEGINS = lazy(r"(?m)^[ \t]*- ")
_STEP_CREATES: Final = ("createSecret", "secretType:", " Kubernetes@", "/k8s-create-secret")
_STEP_NAME = lazy(r"(?m)^[ \t]*(?:secretName|secret-name):(.*)")
_CLOUD_BUILD: Final = "cloud-builders/kubectl"
_CLOUD_BUILD_STEP = lazy(r"(?m)^[ \t]*(?:- )?(?:name|id):")
_JENKINS: Final = "kubernetesDeploy"
_JENKINS_NAME = lazy(r"\bsecretName:[ \t]*[\"']([^\"'\n]+)")


def secrets(text: str) -> Iterator[str]:
    """Yield what is written for a name in the steps of Azure Pipelines, GitHub's workflows and Cloud Build."""
    if any(mark in text for mark in _STEP_CREATES):
        for step in ITEM_BEGINS.split(text):
            if any(mark in step for mark in _STEP_CREATES):
                yield from _STEP_NAME.findall(step)
    for step in text.split(_CLOUD_BUILD)[1:]:
        words = _CLOUD_BUILD_STEP.split(step[:LONGEST], 1)[0].split()
        yield after(f"kubectl {' '.join(words)}", CREATES)


def deployments(text: str) -> Iterator[str]:
    """Yield the names that the plugin of Jenkins for deployments gives Secrets."""
    if _JENKINS in text:
        yield from _JENKINS_NAME.findall(text)
