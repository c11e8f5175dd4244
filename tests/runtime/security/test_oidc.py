"""Tokens of an identity provider: what is accepted, what is not, and how its keys change under the server."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cislex_core.errors import CislexError, Reason, UserError
from cislex_core.settings import Settings
from cislex_runtime.security import oidc
from cislex_runtime.security.identity import Principal, Role
from cislex_runtime.security.oidc import KeySet, OidcTokens
from cryptography.hazmat.primitives.asymmetric import rsa
from security_scene import Issuer


@pytest.fixture
def tokens(issuer: Issuer, tmp_path: Path) -> OidcTokens:
    """Keys may be asked for again at once."""
    settings = issuer.settings(tmp_path)
    return OidcTokens(settings, KeySet(settings.oidc_issuer, "", refetch_s=0))


async def refused(tokens: OidcTokens, token: str) -> tuple[Reason, str]:
    """Reason and message of the refusal, which never quotes the token."""
    with pytest.raises(CislexError) as caught:
        await tokens.principal(token)
    assert not any(part and part in caught.value.message for part in token.split(".") if len(part) > 8)
    return caught.value.reason, caught.value.message


async def test_a_good_token_names_subject_tenant_and_role(issuer: Issuer, tokens: OidcTokens) -> None:
    assert await tokens.principal(issuer.token("lab-a", "user")) == Principal("user@lab-a", "lab-a", Role.USER)
    assert (await tokens.principal(issuer.token(cislex_role=["other", "reader", "admin"]))).role is Role.ADMIN
    assert (await tokens.principal(issuer.token(cislex_role=None))).role is Role.READER
    assert (await tokens.principal(issuer.token(aud=["other", "cislex"]))).tenant == "a"


async def test_tokens_that_others_could_have_made(issuer: Issuer, tokens: OidcTokens) -> None:
    good = issuer.token()
    header, body, signature = good.split(".")
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    admin = base64.urlsafe_b64encode(json.dumps(issuer.claims("b", "admin")).encode()).rstrip(b"=").decode()
    for wrong in (
        issuer.unsigned_token(),
        header + "." + body + ".",
        header + "." + admin + "." + signature,
        issuer.mac_token(kid="first"),
        issuer.mac_token(),
        jwt.encode(issuer.claims(), other, "RS256", headers={"kid": "first"}),
        jwt.encode(issuer.claims(), other, "RS256", headers={"kid": "unknown"}),
        # A key that travels in the token itself is no key of the issuer.
        jwt.encode(issuer.claims(), other, "RS256",
                   headers={"jwk": jwt.algorithms.RSAAlgorithm.to_jwk(other.public_key(), as_dict=True)}),
        jwt.encode(issuer.claims(), next(iter(issuer.keys.values())), "RS512", headers={"kid": "first"}),
        base64.urlsafe_b64encode(b'{"alg":' + b"[" * 8000).decode() + "." + body + "." + signature,
        "", "garbage", "a.b.c", good + "x", "eyJ" + "A" * 4000,
    ):  # fmt: skip
        assert (await refused(tokens, wrong))[0] is Reason.UNAUTHENTICATED
    assert (await tokens.principal(good)).tenant == "a"


async def test_claims_that_do_not_hold(issuer: Issuer, tokens: OidcTokens) -> None:
    now = int(time.time())
    for changed in (
        {"iss": "https://elsewhere.example.org"}, {"iss": None}, {"aud": "other"}, {"aud": None}, {"sub": None},
        {"exp": now - 60}, {"exp": None}, {"nbf": now + 60}, {"iat": now + 60}, {"iat": None},
    ):  # fmt: skip
        assert (await refused(tokens, issuer.token(**changed)))[0] is Reason.UNAUTHENTICATED, changed
    # Clocks differ by some seconds.
    for changed in ({"exp": now - 10}, {"nbf": now + 10}, {"iat": now + 10}):
        assert (await tokens.principal(issuer.token(**changed))).tenant == "a", changed


async def test_a_token_without_tenant_or_with_a_strange_role_may_do_nothing(issuer: Issuer, tokens: OidcTokens) -> None:
    for changed in (
        {"cislex_tenant": None}, {"cislex_tenant": ""}, {"cislex_tenant": "Lab A"}, {"cislex_tenant": "a\n"},
        {"cislex_tenant": "a/../b"},
        {"cislex_tenant": ["a", "b"]}, {"cislex_tenant": 7}, {"cislex_role": "root"}, {"cislex_role": ["x"]},
    ):  # fmt: skip
        assert (await refused(tokens, issuer.token(**changed)))[0] is Reason.FORBIDDEN, changed


async def test_claims_within_claims(issuer: Issuer, tmp_path: Path) -> None:
    settings = issuer.settings(tmp_path, oidc_tenant_claim="org.lab", oidc_role_claim="realm_access.roles")
    tokens = OidcTokens(settings)
    token = issuer.token(org={"lab": "lab-x"}, realm_access={"roles": ["offline_access", "user"]})
    assert await tokens.principal(token) == Principal("user@a", "lab-x", Role.USER)


async def test_keys_are_rotated(issuer: Issuer, tokens: OidcTokens) -> None:
    old = issuer.token()
    assert (await tokens.principal(old)).tenant == "a"
    asked = issuer.n_asked
    await tokens.principal(issuer.token())
    assert issuer.n_asked == asked  # known keys are not asked for again
    issuer.rotate("second")
    assert (await tokens.principal(issuer.token())).tenant == "a"
    assert (await refused(tokens, old))[0] is Reason.UNAUTHENTICATED  # its key is no longer published


async def test_unknown_key_ids_do_not_flood_the_issuer(issuer: Issuer, tmp_path: Path) -> None:
    settings = issuer.settings(tmp_path)
    tokens = OidcTokens(settings, KeySet(settings.oidc_issuer, "", refetch_s=3600))
    await tokens.principal(issuer.token())
    key = next(iter(issuer.keys.values()))
    for number in range(20):
        forged = jwt.encode(issuer.claims(), key, "RS256", headers={"kid": f"unknown-{number}"})
        assert (await refused(tokens, forged))[0] is Reason.UNAUTHENTICATED
    assert issuer.n_asked == 1


async def test_an_issuer_that_is_away(issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = issuer.settings(tmp_path)
    issuer.away = True
    tokens = OidcTokens(settings, KeySet(settings.oidc_issuer, "", refetch_s=0, fresh_s=0))
    assert (await refused(tokens, issuer.token()))[0] is Reason.UNAVAILABLE  # clients ask again
    issuer.away = False
    assert (await tokens.principal(issuer.token())).tenant == "a"
    issuer.away = True
    assert (await tokens.principal(issuer.token())).tenant == "a"  # the keys of before serve on
    monkeypatch.setattr(oidc, "KEEP_S", 0)
    assert (await refused(tokens, issuer.token()))[0] is Reason.UNAVAILABLE  # but not for ever


async def test_symmetric_and_encryption_keys_of_the_issuer_are_left_out(issuer: Issuer, tokens: OidcTokens) -> None:
    secret = base64.urlsafe_b64encode(b"s" * 32).rstrip(b"=").decode()
    issuer.extra_keys = [{"kty": "oct", "k": secret, "kid": "mac"}, {**issuer.jwk("first"), "kid": "enc", "use": "enc"}]
    assert (await tokens.principal(issuer.token())).tenant == "a"
    key = next(iter(issuer.keys.values()))
    for forged in (
        jwt.encode(issuer.claims(), b"s" * 32, "HS256", headers={"kid": "mac"}),
        jwt.encode(issuer.claims(), key, "RS256", headers={"kid": "enc"}),
    ):
        assert (await refused(tokens, forged))[0] is Reason.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"oidc_algorithms": ["RS256", "HS256"]}, "HS256 cannot be allowed"),
        ({"oidc_algorithms": ["none"]}, "none cannot be allowed"),
        ({"oidc_algorithms": []}, "nothing cannot be allowed"),
        ({"oidc_audience": ""}, "CISLEX_OIDC_AUDIENCE"),
        ({"oidc_issuer": "http://issuer.example.org"}, "https only"),
        ({"oidc_jwks_url": "file:///etc/passwd"}, "https only"),
    ],
)
def test_settings_that_would_be_unsafe_are_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    good = {"oidc_issuer": "https://issuer.example.org", "oidc_audience": "cislex"}
    with pytest.raises(UserError, match=said):
        OidcTokens(Settings(home=tmp_path, auth="oidc", **{**good, **changes}))
