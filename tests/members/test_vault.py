"""Personal data at rest: unreadable, bound to its place, findable only with a key."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from members.joining import join_member
from members.models import Member
from members.operations import ensure_identity
from members.phone_joining import prove_phone
from members.phones import BadPhone, masked, normalised
from members.vault import CannotOpen, Vault, member_phone
from tests.members.cast import BOB, CITY, NOON
from wx_backend.db import Model, db, transaction

KEY, OTHER, INDEX = b"k" * 32, b"o" * 32, b"i" * 32
PHONE = "13987654321"


@pytest.fixture
def vault() -> Vault:
    return Vault([KEY], INDEX)


@pytest.mark.parametrize(
    "spelling",
    ["13987654321", "139 8765 4321", "139-8765-4321", "+8613987654321", "86 13987654321",
     "0086-139-8765-4321"],
)  # fmt: skip
def test_usual_spellings_are_one_number(spelling: str) -> None:
    assert normalised(spelling) == PHONE


@pytest.mark.parametrize(
    "spelling",
    ["", "1398765432", "139876543210", "12987654321", "１３９８７６５４３２１", "+113987654321",
     "13987654321\n", "139.8765.4321", "0755-12345678", "+" * 30, "139876५4321"],
)  # fmt: skip
def test_anything_else_is_no_number(spelling: str) -> None:
    with pytest.raises(BadPhone):
        normalised(spelling)


def test_what_is_shown_hides_the_middle() -> None:
    assert masked(PHONE) == "139****4321"
    assert masked("12345") == "****"


@given(text=st.text(max_size=60))
def test_what_was_sealed_opens(text: str) -> None:
    vault = Vault([KEY], INDEX)
    assert vault.open(vault.seal(text, place="a"), place="a") == text


def test_same_number_is_sealed_differently_each_time(vault: Vault) -> None:
    assert len({vault.seal(PHONE, place="a") for _ in range(200)}) == 200


def test_swapped_values_do_not_open(vault: Vault) -> None:
    sealed = vault.seal(PHONE, place=member_phone(1))
    with pytest.raises(CannotOpen):
        vault.open(sealed, place=member_phone(2))


def test_damaged_value_does_not_open(vault: Vault) -> None:
    sealed = vault.seal(PHONE, place="a")
    damaged = [sealed[:i] + bytes([sealed[i] ^ 1]) + sealed[i + 1 :] for i in range(len(sealed))]
    for value in (*damaged, b"", sealed[:1], sealed[:12], sealed[:-1]):
        with pytest.raises(CannotOpen):
            vault.open(value, place="a")


def test_retired_key_still_opens_but_is_not_current(vault: Vault) -> None:
    old = vault.seal(PHONE, place="a")
    rotated = Vault([OTHER, KEY], INDEX)

    assert rotated.open(old, place="a") == PHONE
    assert not rotated.is_current(old)
    assert rotated.is_current(rotated.seal(PHONE, place="a"))


@pytest.mark.parametrize("keys", [[b"short"], [KEY, KEY]])
def test_unfit_keys_are_refused(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(keys, INDEX)


def test_index_depends_on_its_key(vault: Vault) -> None:
    assert vault.index(PHONE) == Vault([OTHER], INDEX).index(PHONE)
    assert vault.index(PHONE) != Vault([KEY], OTHER).index(PHONE)


def test_no_phone_is_readable_in_the_database(app: Flask, vault: Vault) -> None:
    with transaction():
        identity_id = ensure_identity(appid=CITY, openid=BOB, now=NOON)
        member_id = join_member(identity_id=identity_id, now=NOON)
        prove_phone(member_id=member_id, phone=PHONE, vault=vault, now=NOON)
    assert db.session.scalars(select(Member.phone_index)).one() == vault.index(PHONE)

    canary = PHONE.encode()
    for content in (*_rows(), *_files(app)):
        assert canary not in content
        assert canary.hex().encode() not in content


def _rows() -> Iterator[bytes]:
    for table in Model.metadata.sorted_tables:
        for row in db.session.execute(select(table)):
            for value in row:
                yield value if isinstance(value, bytes) else str(value).encode()


def _files(app: Flask) -> Iterator[bytes]:
    url: str = app.config["SQLALCHEMY_DATABASE_URI"]
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        yield from (file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
