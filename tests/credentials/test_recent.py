"""What the heart remembers is bounded by weight."""

from __future__ import annotations

from linter.credentials.recent import Recent


def test_the_oldest_go_when_all_weigh_too_much() -> None:
    made: list[str] = []

    def make(key: str) -> str:
        made.append(key)
        return key.upper()

    recent = Recent(make, lambda key, value: len(key) + len(value), limit=12)
    assert [recent(key) for key in ("aa", "bb", "cc", "aa")] == ["AA", "BB", "CC", "AA"]
    assert made == ["aa", "bb", "cc"]
    recent("dd")  # "bb" was used longest ago
    assert [recent(key) for key in ("aa", "cc", "dd")] == ["AA", "CC", "DD"]
    assert made == ["aa", "bb", "cc", "dd"]
    recent("bb")
    assert made[-1] == "bb"


def test_the_two_latest_stay_whatever_they_weigh() -> None:
    made: list[int] = []
    recent = Recent(made.append, lambda key, _: key, limit=1)
    for key in (100, 200, 100, 200, 300, 200, 300):
        recent(key)
    assert made == [100, 200, 300]
