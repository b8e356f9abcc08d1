"""One-time codes: how many of them a phone gets, whoever asks."""

from flask import Flask

from members.joining import join_member
from members.operations import ensure_identity
from members.phone_codes import new_code
from members.vault import Vault
from tests.members.cast import CITY, NOON
from tests.racing import race
from wx_backend.config import Config
from wx_backend.db import retried, transaction
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
