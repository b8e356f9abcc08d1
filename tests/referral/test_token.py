"""A share token names one share, fits every carrier, and nobody without the key can make one."""

import base64
import random
import re
import string
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2s

import pytest

from referral.token import (
    LENGTH,
    SHARE_ID_MAX,
    ForgedToken,
    Forgery,
    Key,
    Keyring,
    sign,
    verify,
)
from tests.forging import one_letter_off

OLD = Key("a", bytes(range(32)))
RING = Keyring([OLD])
NEW = Key("B", b"second secret of the shop")
ROTATED = Keyring([replace(OLD, last_share_id=1000), NEW])
BASE64URL = string.ascii_letters + string.digits + "-_"


def reason(token: str, ring: Keyring = RING) -> Forgery:
    with pytest.raises(ForgedToken) as refused:
        verify(token, ring)
    return refused.value.reason


@pytest.mark.parametrize(
    ("share_id", "token"),
    [
        (1, "SAAAAAAABOrtLCYqVeluat8a"),
        (1000, "SAAAAAAPoB0VS62QqjPiNfaa"),
        (2**47 + 5, "SgAAAAAAFZzbyQBscScEVqOa"),
        (SHARE_ID_MAX, "S________MX4D830JsP83bja"),
    ],
)
def test_tokens_already_printed_stay_valid(share_id: int, token: str) -> None:
    assert sign(share_id, RING) == token
    assert verify(token, RING) == share_id


def test_the_token_is_what_its_description_says() -> None:
    """Put together a second way: base64url of id, MAC and four spare bits."""
    for share_id in (1, 77, 2**33 + 1, SHARE_ID_MAX):
        mac = blake2s(b"Sa" + share_id.to_bytes(6), key=OLD.secret).digest()[:11]
        inner = base64.urlsafe_b64encode(share_id.to_bytes(6) + mac).decode()[:22]
        assert sign(share_id, RING) == f"S{inner}a"


def test_the_token_fits_every_carrier() -> None:
    rng = random.Random(24)  # noqa: S311 - seeded, so that a failure can be repeated
    for _ in range(500):
        token = sign(rng.randint(1, SHARE_ID_MAX), RING)
        assert len(token) == LENGTH == 24
        assert re.fullmatch(r"[0-9A-Za-z!#$&'()*+,/:;=?@._~-]{1,32}", token)  # mini-program scene
        assert re.fullmatch(r"[\x21-\x7e]{1,64}", token)  # scene_str
        assert re.fullmatch(r"[0-9A-Za-z_-]{1,256}", token)  # cq of a URL link, and a URL path
        assert token[0].isalnum()
        assert token[-1].isalnum()


@pytest.mark.parametrize("share_id", [0, -1, 2**48])
def test_only_48_bit_share_ids_are_signed(share_id: int) -> None:
    with pytest.raises(ValueError, match="48 bits"):
        sign(share_id, RING)


def test_each_refusal_says_why() -> None:
    token = sign(7, RING)
    assert reason(token[:-1]) is Forgery.BAD_LENGTH
    assert reason("") is Forgery.BAD_LENGTH
    assert reason(token + "=") is Forgery.BAD_LENGTH
    assert reason(token[:5] + "+" + token[6:]) is Forgery.BAD_ALPHABET
    assert reason(token[:5] + "é" + token[6:]) is Forgery.BAD_ALPHABET
    assert reason(token[:-1] + "-") is Forgery.BAD_ALPHABET
    assert reason("_" + token[1:]) is Forgery.BAD_ALPHABET
    assert reason("T" + token[1:]) is Forgery.UNKNOWN_VERSION
    assert reason(token[:-1] + "Z") is Forgery.UNKNOWN_KEY
    assert reason(one_letter_off(token, 10)) is Forgery.BAD_MAC


def test_full_width_digits_are_not_digits() -> None:
    token = sign(7, RING)
    assert reason(token[:-1] + "７") is Forgery.BAD_ALPHABET


def test_printed_posters_survive_a_rotation() -> None:
    assert verify(sign(1000, RING), ROTATED) == 1000
    assert sign(1001, ROTATED).endswith("B")
    assert verify(sign(1001, ROTATED), ROTATED) == 1001


def test_a_leaked_retired_key_makes_no_new_shares() -> None:
    assert reason(sign(1001, RING), ROTATED) is Forgery.RETIRED


def test_a_burnt_key_verifies_nothing() -> None:
    burnt = Keyring([replace(OLD, last_share_id=0), NEW])
    assert reason(sign(1, RING), burnt) is Forgery.RETIRED


def test_a_letter_is_never_reused() -> None:
    with pytest.raises(ValueError, match="letter"):
        Keyring([replace(OLD, last_share_id=1000), Key("a", b"third secret of the shop")])


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [Key("a", b"x" * 16, 5)],
        [Key("a", b"x" * 16), Key("b", b"y" * 16)],
        [Key("a", b"x" * 16, 5), Key("b", b"x" * 16)],
    ],
    ids=["empty", "newest retired", "two current", "secret twice"],
)
def test_a_ring_that_makes_no_sense_is_refused(keys: list[Key]) -> None:
    with pytest.raises(ValueError, match=r"newest|secret"):
        Keyring(keys)


@pytest.mark.parametrize(
    ("letter", "secret", "last"),
    [("-", b"x" * 16, None), ("ab", b"x" * 16, None), ("a", b"short", None), ("a", b"x" * 33, None)]
    + [("a", b"x" * 16, last) for last in (-1, 2**48)],
)
def test_a_key_that_makes_no_sense_is_refused(letter: str, secret: bytes, last: int | None) -> None:
    with pytest.raises(ValueError, match=r"key|secret|share id"):
        Key(letter, secret, last)


def test_no_secret_is_ever_printed() -> None:
    shown = repr(ROTATED) + repr(ROTATED.newest) + str(ROTATED)
    assert "secret" not in shown
    assert shown.startswith("Keyring(letters='aB')")


Change = Callable[[random.Random, str, str, int, int], str]

# What Mallory could do to a token she has seen, given a second valid one and two places in it.
CHANGES: tuple[Change, ...] = (
    lambda rng, token, _, i, __: token[:i] + rng.choice(BASE64URL) + token[i + 1 :],
    lambda _, token, __, i, j: token[:i] + token[j] + token[i + 1 : j] + token[i] + token[j + 1 :],
    lambda _, token, __, i, ___: token[:i] + token[i].swapcase() + token[i + 1 :],
    lambda _, token, __, i, ___: token[:i],
    lambda _, token, other, i, __: token[:i] + other[i:],
    lambda _, token, other, i, j: token[:i] + other[i:j] + token[j:],
    lambda rng, token, *_: token[:-1] + rng.choice(BASE64URL),
    lambda _, token, other, *__: other[:9] + token[9:],
    lambda rng, *_: sign(rng.randint(1, SHARE_ID_MAX), Keyring([Key("a", rng.randbytes(32))])),
)


def test_no_mutant_of_100000_is_accepted() -> None:
    rng = random.Random(20_261_121)  # noqa: S311 - seeded, so that a failure can be repeated
    accepted: list[str] = []
    tried = 0
    while tried < 100_000:
        ids = rng.randint(1, 1000), rng.randint(1, SHARE_ID_MAX)
        ours = sign(ids[0], RING), sign(ids[1], ROTATED)
        token, other = rng.sample(ours, 2)
        i, j = sorted(rng.sample(range(LENGTH), 2))
        forged = rng.choice(CHANGES)(rng, token, other, i, j)
        if forged in ours:
            continue
        tried += 1
        try:
            verify(forged, ROTATED)
        except ForgedToken:
            continue
        accepted.append(forged)
    assert accepted == []
