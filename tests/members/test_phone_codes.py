"""One-time codes: how many of them a phone gets, whoever asks."""

from flask import Flask
from sqlalchemy import select

from members.joining import join_member
from members.models import PhoneCode
from members.operations import ensure_identity
from members.phone_codes import TRIES_MAX, Outcome, new_code, use_code
from members.vault import Vault
from tests.members.cast import CITY, NOON
from tests.racing import race
from wx_backend.config import Config
from wx_backend.db import db, retried, transaction
from wx_backend.errors import TooMany


def test_many_who_ask_for_one_phone_at_one_moment_get_one_code(app: Flask, config: Config) -> None:
    vault = Vault.of(config.privacy)
    with transaction():
        members = [
            join_member(identity_id=ensure_identity(appid=CITY, openid=f"o{n}", now=NOON), now=NOON)
            for n in range(6)
        ]

    def ask(number: int) -> bool:
        try:
            retried(
                lambda: new_code(
                    member_id=members[number], phone="13800138000", vault=vault, now=NOON
                )
            )
        except TooMany:
            return False
        return True

    assert sum(race(app, ask, times=6)) == 1


def test_of_many_guesses_at_one_moment_five_are_looked_at(
    app: Flask, config: Config, size: int
) -> None:
    """All but one of them wrong, and wherever the right one comes: no more than five count."""
    vault = Vault.of(config.privacy)
    with transaction():
        member = join_member(
            identity_id=ensure_identity(appid=CITY, openid="oBob", now=NOON), now=NOON
        )
        digits = new_code(member_id=member, phone="13800138000", vault=vault, now=NOON).digits
    wrong = f"{(int(digits) + 1) % 10**6:06d}"

    def guess(_: int) -> Outcome:
        return retried(
            lambda: use_code(
                member_id=member, phone="13800138000", digits=wrong, vault=vault, now=NOON
            )
        )

    outcomes = race(app, guess, times=40 * size)
    assert outcomes.count(Outcome.WRONG) == TRIES_MAX - 1
    assert set(outcomes) == {Outcome.WRONG, Outcome.OVER}
    db.session.rollback()
    assert db.session.scalars(select(PhoneCode.tries)).one() == TRIES_MAX
    with transaction():
        late = use_code(member_id=member, phone="13800138000", digits=digits, vault=vault, now=NOON)
    assert late is Outcome.OVER


def test_of_many_who_type_the_right_code_at_one_moment_one_is_right(
    app: Flask, config: Config
) -> None:
    vault = Vault.of(config.privacy)
    with transaction():
        member = join_member(
            identity_id=ensure_identity(appid=CITY, openid="oBob", now=NOON), now=NOON
        )
        digits = new_code(member_id=member, phone="13800138000", vault=vault, now=NOON).digits

    def guess(_: int) -> Outcome:
        return retried(
            lambda: use_code(
                member_id=member, phone="13800138000", digits=digits, vault=vault, now=NOON
            )
        )

    assert race(app, guess, times=6).count(Outcome.RIGHT) == 1
