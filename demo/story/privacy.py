"""Nothing that is secret or somebody's own lies where it does not belong, and what is sealed opens."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import select

from demo.story import canaries
from demo.story.frame import Story, expect
from flows.resealing import SEALED
from flows.sealed import vault
from wx_backend.db import db

NONCE: Final = slice(0, 13)  # the key's byte, and twelve that must not come twice


def secrets_stay_secret(story: Story) -> str:
    """No key of the installation is in a log, in the database, in Valkey or in the data folder."""
    keys = canaries.keys_of(story)
    files = [*canaries.logs(story), *canaries.stores(story)]
    expect("files with a secret", canaries.hits(files, keys), [])
    return f"{len(keys)} keys, {len(files)} files, {canaries.megabytes(files)} MB"


def people_stay_out_of_the_logs(story: Story) -> str:
    """No phone number, no address and no openid of a person is in a log of the service."""
    texts = canaries.phones(story) | canaries.openids(story) | story.journal.told
    expect("logs with something of a person", canaries.hits(canaries.logs(story), texts), [])
    return f"{len(texts)} texts"


def what_people_type_is_sealed(story: Story) -> str:
    """A phone number or an address somebody typed is nowhere on our disks to be read."""
    told = story.journal.told
    expect("files with what somebody typed", canaries.hits(canaries.stores(story), told), [])
    return f"{len(told)} texts"


def sealed_values_open(story: Story) -> str:
    """Whatever is sealed opens in its own place, and no nonce came twice."""
    nonces: list[bytes] = []
    with story.ours():
        for sealed in SEALED:
            for row in db.session.scalars(select(sealed.table)):
                nonces += _opened(row, sealed.places)
    expect("nonces that came twice", len(nonces) - len(set(nonces)), 0)
    return f"{len(nonces)} values"


def _opened(row: Any, places: Any) -> Iterator[bytes]:
    """The nonces of a row's sealed values; CannotOpen for one that stands elsewhere."""
    for column, place in places.items():
        if (value := getattr(row, column)) is not None:
            vault().open(value, place=place(row))
            yield bytes(value[NONCE])
