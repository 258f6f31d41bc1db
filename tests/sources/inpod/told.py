"""What a check inside a pod tells, and where the pod finds its cluster."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from kubeapi import Api

Check = Any
SECRETS = "/api/v1/secrets"
LISTS = ("/api/v1/secrets", "/api/v1/serviceaccounts", "/api/v1/pods")


def enter(server: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    split = urlsplit(server.address)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", split.hostname or "")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(split.port))


def found(result: Any, code: str = "") -> list[tuple[str, str, str, str]]:
    return sorted(
        (one["code"], one["object"]["namespace"], one["object"]["kind"], one["object"]["name"])
        for one in result["findings"]
        if code in ("", one["code"])
    )


def unread(result: Any) -> list[str]:
    """What the cluster did not show; what rules say that they could not judge for that is another matter."""
    told = (one["message"] for one in result["coverage"]["not_evaluated"] if one["reason"] == "refused")
    return sorted(one for one in told if "be listed" in one)


def problems(result: Any) -> list[str]:
    return [f"{one['message']}: {one['remedy']}" for one in result["coverage"]["problems"]]
