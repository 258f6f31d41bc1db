"""A server that fails, changes, is busy or goes away while it is read."""

import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

import kubeapi as api
from kubeapi import Api, Handler
from told import SECRETS, Check, found, problems, unread

from linter.__main__ import main


def test_a_list_that_changes_too_fast_is_read_again_and_at_last_whole(
    server: Api, check: Check, pauses: list[float]
) -> None:
    server.objects += [api.thing("v1", "ServiceAccount", f"more-{number}", "shop") for number in range(600)]
    server.fault(
        "/api/v1/serviceaccounts",
        lambda handler: "continue=" in handler.path and handler.status(410, "Expired", "too old"),
    )
    _, result = check()
    assert result["scan"]["objects"]["ServiceAccount"] == 604
    assert server.asked.count("/api/v1/serviceaccounts?limit=500") == 3
    assert server.asked.count("/api/v1/serviceaccounts") == 1
    assert not unread(result)


def test_a_busy_server_is_left_alone_as_long_as_it_says(server: Api, check: Check, pauses: list[float]) -> None:
    server.fault(SECRETS, lambda handler: handler.status(429, "TooManyRequests", "slow down", Retry_After="7"), times=1)
    server.fault("/api/v1/pods", lambda handler: handler.status(503, "ServiceUnavailable", "away"), times=2)
    server.fault("/apis/apps/v1/", lambda handler: handler.status(429, "TooManyRequests", "no", Retry_After="86400"))
    _, result = check()
    assert {7.0, 1, 2, 30.0} <= set(pauses)
    assert unread(result) == ["Deployment (apps) in all namespaces could not be listed: no"]
    assert ("RC303", "shop", "ServiceAccount", "default") in found(result)


def garbled(handler: Handler) -> bool:
    return handler.answer(200, b'{"kind": "SecretList", "items": [{"metadata": {"na')


def other(handler: Handler) -> bool:
    return handler.answer(200, b"<html>login</html>")


def shapeless(handler: Handler) -> bool:
    return handler.answer(200, {"kind": "SecretList", "metadata": 3, "items": {}})


def again(handler: Handler) -> bool:
    return handler.answer(200, {"kind": "SecretList", "metadata": {"continue": "1"}, "items": []})


def cut(handler: Handler) -> bool:
    return handler.answer(200, {"kind": "SecretList", "items": []}, cut=5)


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (garbled, "the answer is not what the API gives"),
        (other, "the answer is not what the API gives"),
        (shapeless, "the answer is not what the API gives"),
        (again, "the server gives the same page over and over"),
        (cut, "the cluster cannot be reached (the answer was cut off)"),
        (Handler.reset, "the cluster cannot be reached ("),
        (lambda handler: handler.status(500, "InternalError", "etcd is away"), "etcd is away"),
        (lambda handler: handler.answer(302, b"", Location="https://192.0.2.1/"), "Found"),
    ],
    ids=["garbled", "html", "shapeless", "endless", "cut", "reset", "500", "redirect"],
)
@pytest.mark.parametrize("page", [1, 2])
def test_a_list_that_fails_is_named_and_the_others_are_judged(
    act: api.Fault, told: str, page: int, server: Api, check: Check, pauses: list[float]
) -> None:
    if page == 2:
        server.objects += [api.secret(f"more-{number}", "team", "quay.io") for number in range(500)]
    server.fault(SECRETS, lambda handler: ("continue=" in handler.path or page == 1) and act(handler))
    _, result = check()
    (said,) = unread(result)
    assert said.startswith(f"Secret in all namespaces could not be listed: {told}")
    assert result["scan"]["objects"]["Pod"] == 2
    assert "RC301" not in {code for code, *_ in found(result)}


def test_what_is_cut_off_once_is_asked_for_again(server: Api, check: Check, pauses: list[float]) -> None:
    server.fault(SECRETS, Handler.reset, times=1)
    server.fault("/api/v1/pods", cut, times=2)
    _, result = check()
    assert not unread(result)
    assert result["scan"]["objects"]["Secret"] == 5
    assert sorted(pauses) == [1, 1, 2]


def test_an_answer_that_never_comes_is_named(server: Api, check: Check, pauses: list[float]) -> None:
    over = threading.Event()
    server.fault(SECRETS, lambda handler: bool(over.wait(120)) or True)
    try:
        _, result = check("--timeout", "2")
    finally:
        over.set()
    assert unread(result) == ["Secret in all namespaces could not be listed: no answer within 2 seconds"]
    assert result["scan"]["objects"]["Pod"] == 2


def test_a_cluster_that_goes_away_is_judged_as_far_as_it_was_read(
    server: Api, check: Check, pauses: list[float], tmp_path: Path
) -> None:
    # One answer among nine that never come: however they mix, four of those follow each other.
    server.fault("/", lambda handler: "limit=" in handler.path and "secrets" not in handler.path and handler.reset())
    code, result = check()
    assert code == 3
    assert any("it was lost while it was read" in one for one in problems(result))
    assert result["scan"]["objects"]["Secret"] == 5
    assert any(one.startswith("Pod in all namespaces could not be listed") for one in unread(result))
    assert main(["collect", "-o", str(tmp_path / "dump.tar.gz")]) == 3
    assert not (tmp_path / "dump.tar.gz").exists()
