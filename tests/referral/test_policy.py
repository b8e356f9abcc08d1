"""The policy is data: read strictly, all mistakes named at once, the nearest scope applied."""

from typing import Any

import pytest

from referral.policy import Override, Policy, PolicyRefused, Terms


def refused(settings: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(PolicyRefused) as error:
        Policy.from_mapping(settings)
    return error.value.details


def test_the_first_policy_needs_only_its_version() -> None:
    policy = Policy.from_mapping({"version": 1})
    assert policy == Policy(version=1)
    assert policy.terms == Terms(
        window_days=30,
        protection_days=7,
        split_developer_bp=7000,
        split_acceptor_bp=3000,
        flash_recent_minutes=10,
    )


def test_a_policy_is_read_as_it_is_stored() -> None:
    settings = {
        "version": 3,
        "window_days": 45,
        "overrides": [
            {"channel_class": "franchise", "protection_days": 14},
            {"channel_class": "hall", "product_category": "plan", "window_days": 60},
        ],
    }
    policy = Policy.from_mapping(settings)
    assert (policy.version, policy.terms.window_days) == (3, 45)
    assert policy.overrides[0] == Override(
        channel_class="franchise", numbers={"protection_days": 14}
    )


@pytest.mark.parametrize(
    ("channel", "category", "window_days", "protection_days"),
    [
        ("online", "phone", 30, 7),
        ("hall", "phone", 20, 5),
        ("online", "plan", 60, 7),
        ("hall", "plan", 90, 5),
    ],
)
def test_the_nearest_scope_applies(
    channel: str, category: str, window_days: int, protection_days: int
) -> None:
    policy = Policy.from_mapping(
        {
            "version": 1,
            "overrides": [
                {"channel_class": "hall", "product_category": "plan", "window_days": 90},
                {"product_category": "plan", "window_days": 60},
                {"channel_class": "hall", "window_days": 20, "protection_days": 5},
            ],
        }
    )
    terms = policy.terms_for(channel, category)
    assert (terms.window_days, terms.protection_days) == (window_days, protection_days)


def test_all_mistakes_are_named_at_once() -> None:
    errors = refused(
        {
            "version": True,
            "window_days": 0,
            "flash_recent_minutes": "10",
            "message": 1,
            "overrides": [
                "plan",
                {"protection_days": 3},
                {"channel_class": "", "window_days": 3.5},
                {"product_category": "plan", "color": "red"},
                {"product_category": "plan"},
            ],
        }
    )
    assert set(errors) == {
        "version",
        "window_days",
        "flash_recent_minutes",
        "message",
        "overrides.0",
        "overrides.1",
        "overrides.2.channel_class",
        "overrides.2.window_days",
        "overrides.3.color",
        "overrides.4",
    }
    assert errors["window_days"] == "必须是 1 到 3650 之间的整数"


@pytest.mark.parametrize("overrides", [{}, "plan", [{"channel_class": "x"}] * 51, None])
def test_overrides_are_a_short_list(overrides: object) -> None:
    assert set(refused({"version": 1, "overrides": overrides})) == {"overrides"}


def test_a_missing_version_is_named() -> None:
    assert set(refused({})) == {"version"}


def test_protection_cannot_outlast_the_window() -> None:
    assert set(refused({"version": 1, "window_days": 5})) == {"protection_days[*,*]"}


def test_the_two_parts_make_a_whole() -> None:
    assert set(refused({"version": 1, "split_developer_bp": 8000})) == {"split_acceptor_bp[*,*]"}


def test_contradictions_between_overrides_are_found() -> None:
    errors = refused(
        {
            "version": 1,
            "overrides": [
                {"channel_class": "hall", "protection_days": 25},
                {"product_category": "phone", "window_days": 20},
            ],
        }
    )
    assert errors == {"protection_days[hall,phone]": "保护期不能长于有效期"}


def test_a_refusal_can_be_shown() -> None:
    with pytest.raises(PolicyRefused) as error:
        Policy.from_mapping({})
    assert error.value.as_json()["error"]["code"] == "policy_refused"
