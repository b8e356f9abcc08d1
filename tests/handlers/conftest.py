"""The desk where pushes are taken, the platform that sends them, a rep's code."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, make_url, select
from werkzeug.test import Client, TestResponse

from members.models import Identity
from org.models import OrgNode, Rep
from referral.models import CodeKind, Place, Subject, Touch
from referral.operations import Sharer, Sharing, open_share, plan_scene_code
from tests.handlers.outages import Outage, file_locked, stopped
from tests.handlers.platform import Platform, Sent, query_string
from tests.limits import comes_again
from tests.postgres import PostgresServer
from tests.site import Site
from wx_backend import clock
from wx_backend.config import Config
from wx_backend.db import Model, db, transaction
from wx_backend.inbox import Push

Desk = Callable[..., TestResponse]
Count = Callable[[type[Model]], int]


@pytest.fixture
def front(app: Flask) -> Client:
    """Door and pages, as a proxy sees them."""
    return Client(Site(app))


@pytest.fixture
def desk(app: Flask) -> Desk:
    """Sends a request of the platform to the door."""
    return desk_of(app)


def desk_of(app: Flask) -> Desk:
    client = Client(Site(app))

    def post(sent: Sent, *, account: str = "city") -> TestResponse:
        path = f"/wechat/{account}/callback"
        return client.post(
            path, query_string=query_string(sent), data=sent.body, headers=dict(sent.headers)
        )

    return post


def is_taken(desk: Desk, sent: Sent) -> bool:
    """Whether the platform, which comes again when it is asked to, gets its push taken."""
    return (
        comes_again(lambda: desk(sent), lambda answer: answer.status_code == 200).status_code == 200
    )


@pytest.fixture
def city(config: Config) -> Platform:
    """Pushes to the account that takes encrypted pushes only."""
    return platform_of(config, "city")


@pytest.fixture
def plain(config: Config) -> Platform:
    """Pushes to the account that takes plaintext as well, and is changing its key."""
    return platform_of(config, "plain")


def platform_of(config: Config, name: str) -> Platform:
    account = config.account(name)
    assert account is not None
    return Platform(account)


@pytest.fixture
def alice(app: Flask, config: Config) -> int:
    """Alice's share; the code with the scene `alice` leads to it."""
    assert app.testing
    return share_of_rep("王爱丽", scene="alice", appid=config.accounts[0].appid)


def share_of_rep(name: str, *, scene: str, appid: str) -> int:
    """The share of a rep of this name, at an outlet of his own; a code with the scene leads to it."""
    now = clock.from_unix(0)
    with transaction() as session:
        outlet = OrgNode(tier="outlet", code=f"O-{scene}", name="人民路营业厅")
        session.add(outlet)
        session.flush()
        rep = Rep(
            number=f"RP{scene.upper()}",
            name=name,
            outlet_id=outlet.id,
            channel_class="own_hall",
            joined_on=now.date(),
        )
        session.add(rep)
        session.flush()
        share = open_share(
            sharer=Sharer(rep_id=rep.id),
            sharing=Sharing(subject=Subject.SHOWROOM, place=Place.POSTER),
            now=now,
        )
        plan_scene_code(
            kind=CodeKind.OA_PERMANENT, appid=appid, scene=scene, share_id=share.id, now=now
        )
        return share.id


@pytest.fixture
def outage(request: pytest.FixtureRequest, config: Config) -> Outage:
    """Takes the database away for a while: the server stops, or the file is locked."""
    if not config.database.url.startswith("sqlite"):
        server: PostgresServer = request.getfixturevalue("postgres")
        return lambda: stopped(server)
    return lambda: file_locked(make_url(config.database.url).database or "")


@pytest.fixture
def count(app: Flask) -> Count:
    """How many rows a table has."""
    assert app.testing

    def rows(table: type[Model]) -> int:
        db.session.rollback()
        return db.session.scalar(select(func.count()).select_from(table)) or 0

    return rows


@pytest.fixture
def nothing_is_stored(count: Count) -> Callable[[], bool]:
    return lambda: not any(count(table) for table in (Push, Identity, Touch))
