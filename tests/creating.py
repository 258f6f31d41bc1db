"""A deployment whose pull secret nobody states, and what a check says of it beside files that may create it."""

from pathlib import Path

from tests.commons import quiet

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: prod}
spec:
  template:
    spec:
      imagePullSecrets: [{name: ghcr-secret}]
      containers: [{name: web, image: ghcr.io/acme/web:1}]
"""
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: %s, namespace: %s}\nstringData: {a: b}\n"
COMMAND = "kubectl create secret docker-registry %s \\\n  --docker-server=ghcr.io --docker-password=canary-7f3e\n"
OCEAN = "docker push registry.digitalocean.com/%s/web\ndoctl registry kubernetes-manifest %s| kubectl apply -f -\n"


def project(folder: Path, files: dict[str, str]) -> Path:
    given = {"k8s/web.yaml": DEPLOYMENT, "k8s/secret.yaml": SECRET % ("other", "prod"), **files}
    for name, text in given.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def said(*words: str) -> tuple[bool, str]:
    """Whether the check said that a Secret is absent, and all that it said; never what a script holds."""
    shown = ""
    for form in ("json", "sarif", "text"):
        _, out, err = quiet("check", *words, "--fail-on", "never", "--format", form)
        shown = out + err
        assert "canary" not in shown
    return "RC303" in shown or "RC304" in shown, shown
