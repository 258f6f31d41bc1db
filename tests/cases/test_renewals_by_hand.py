"""Commands about lifetimes put a new token in the place of an old one, for its account and its registry alone."""

import pytest
from hands import ECR, GOOD, INTERNAL, NOW, World, ecr, entry, jwt, needs_jq, token_of


@needs_jq
def test_a_token_is_made_for_the_service_account_that_the_old_one_names(world: World) -> None:
    told = world.secret({"auths": {INTERNAL: token_of("shop", "builder"), "ghcr.io": GOOD}}).told("RC601")
    assert told.steps[0].startswith("oc create token builder --duration=86400s -n shop | ")
    wanted = entry("serviceaccount", "token-of-builder")
    assert world.payload_after(*told.commands) == {"auths": {INTERNAL: wanted, "ghcr.io": GOOD}}


@pytest.mark.parametrize(
    ("host", "account"),
    [
        ("registry.example.com", ("shop", "builder")),
        (INTERNAL, ("kube-system", "admin")),
        (INTERNAL, ("shop", "--all")),
        (f"{INTERNAL}.example.com", ("shop", "builder")),
    ],
)
def test_no_token_is_made_for_a_stranger(world: World, host: str, account: tuple[str, str]) -> None:
    """A token that nobody has verified may name any account, and any host may stand beside it."""
    told = world.secret({"auths": {host: token_of(*account)}}).told("RC601")
    assert not told.commands
    assert "oc registry login records the token of whoever runs it" in told.remedy


@needs_jq
@pytest.mark.parametrize(
    ("key", "asked"),
    [
        (ECR, "aws ecr get-login-password --region eu-west-1"),
        (f"https://{ECR}", "aws ecr get-login-password --region eu-west-1"),
        (f"{ECR}/team", "aws ecr get-login-password --region eu-west-1"),
        ("public.ecr.aws", "aws ecr-public get-login-password --region us-east-1"),
    ],
)
def test_a_token_of_amazon_takes_the_place_of_the_old_one(world: World, key: str, asked: str) -> None:
    told = world.secret({"auths": {key: ecr(), "ghcr.io": GOOD}}).told("RC601")
    assert told.steps[0].startswith(f"{asked} | ")
    assert "of whoever runs them" in told.remedy
    assert world.payload_after(*told.commands) == {"auths": {key: entry("AWS", "token"), "ghcr.io": GOOD}}


@pytest.mark.parametrize("host", ["registry.example.com", f"{ECR}.example.com"])
def test_no_token_of_amazon_goes_elsewhere(world: World, host: str) -> None:
    assert not world.secret({"auths": {host: ecr()}}).told("RC601").commands


def test_what_works_still_is_not_taken_for_renewed(world: World) -> None:
    """podman asks for nothing while the registry takes what is there."""
    auths = {"quay.io": entry("u", jwt(iat=NOW - 10**8, exp=NOW + 90_000))}
    assert world.secret({"auths": auths}).told("RC602").steps == ['"${EDITOR:-vi}" auth.json']
