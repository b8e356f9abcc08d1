"""A backup is brought back whole and held: nothing goes out twice before a person has looked."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from archives.models import Archive, ArchiveEvent, ArchiveStatus, Deed
from archives.operations import ask_for_archive, mark_written
from campaigns.models import Campaign, CampaignEvent, CampaignStatus
from flows.archive.work import path_of
from flows.campaign.running import begin_due
from flows.erased import Erased, erase_again, erased, read_list
from flows.following import forget_identity
from flows.menus.publishing import publish
from members.joining import join_member
from members.models import Identity
from members.queries import member_of
from org.queries import node_by_code
from tests.campaigns.cast import DAY, NOON, drafted, followers, make_cast
from tests.originals import EMPTY
from tests.postgres import PostgresServer
from wx_backend import clock, stops
from wx_backend.app import close_app, create_app
from wx_backend.config import Config, Database
from wx_backend.db import db, transaction
from wx_backend.health import BACKED_UP
from wx_backend.outbox import CALL, claim, defer
from wx_backend.strict import Malformed

SCRIPTS = Path(__file__).parents[2] / "deploy" / "backup"


@pytest.fixture
def database_url(postgres: PostgresServer) -> Iterator[str]:
    """PostgreSQL whatever the other tests stand on: its own programs make the backup."""
    with postgres.database("backed_up", template=EMPTY) as url:
        yield url


@pytest.fixture
def tools(postgres: PostgresServer) -> dict[str, str]:
    """The environment in which PostgreSQL's own programs reach the tests' server."""
    return postgres.environment()


def run(
    tools: dict[str, str], script: str, *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    command = [str(SCRIPTS / script), *map(str, arguments)]
    return subprocess.run(command, env=tools, capture_output=True, text=True, check=False)


@pytest.fixture
def backup(app: Flask, config: Config, tools: dict[str, str], tmp_path: Path) -> Path:
    """A backup of a service with a call that is due, campaigns, and a bill in its data folder."""
    assert app
    cast = make_cast()
    followers(["Bob", "Carol"])
    campaigns = {status: drafted(cast) for status in CampaignStatus}
    with transaction():
        defer(publish, edition_id=1)
        for status, campaign_id in campaigns.items():
            one = db.session.get_one(Campaign, campaign_id)
            one.status, one.name = status, status
            one.resume_at = NOON if status == CampaignStatus.PAUSED else None
    (config.service.data_dir / "bills").mkdir()
    (config.service.data_dir / "bills" / "trade.csv").write_text("kept")
    an_archive()
    database = urlsplit(config.database.url).path.strip("/")
    made = run(
        {**tools, "PGDATABASE": database},
        "backup.sh",
        tmp_path / "backups",
        config.service.data_dir,
    )
    assert made.returncode == 0, made.stderr
    return Path(made.stdout.strip())


def an_archive() -> None:
    """A file with everybody in the clear, written and not fetched yet."""
    with transaction():
        asked = ask_for_archive(reason="交接", is_clear=True, actor="staff:1", now=NOON)
        mark_written(asked, size=5, sha256="0" * 64, now=NOON)
        path = path_of(db.session.get_one(Archive, asked))
    path.parent.mkdir()
    path.write_text("clear")


def test_a_restored_copy_is_whole_and_sends_nothing_until_it_is_let_go(
    backup: Path,
    config: Config,
    tools: dict[str, str],
    postgres: PostgresServer,
    tmp_path: Path,
) -> None:
    data = tmp_path / "restored"
    done = run(tools, "restore.sh", backup, "restored", data)
    assert done.returncode == 0, done.stderr
    assert (data / "bills" / "trade.csv").read_text() == "kept"
    assert {each.name for each in data.iterdir()} == {"bills"}, "no archive, which outlives nobody"
    with postgres.connect("restored") as connection:
        sorts = "SELECT datcollate, datctype FROM pg_database WHERE datname = current_database()"
        assert connection.execute(sorts).fetchone() == ("C", "C.UTF-8")
    service = replace(config.service, data_dir=data)
    copy = create_app(
        replace(config, service=service, database=Database(url=postgres.url("restored")))
    )
    with copy.app_context():
        assert node_by_code("SC1") is not None
        assert claim(CALL, limit=10) == []
        held = stops.open_stops()[stops.Line.EVERYTHING]
        assert backup.name in held.reason
        _no_campaign_goes_on_by_itself(backup.name)
        _no_archive_is_promised()
        with transaction():
            stops.lift(line=stops.Line.EVERYTHING, by="command:it", now=clock.now())
        assert len(claim(CALL, limit=10)) == 1
        db.session.remove()
        db.engine.dispose()
    postgres.drop_database("restored")


def test_who_was_erased_since_is_erased_in_the_copy_again(
    backup: Path,
    config: Config,
    tools: dict[str, str],
    postgres: PostgresServer,
    tmp_path: Path,
) -> None:
    with transaction():
        gone, other = db.session.scalars(select(Identity.id).order_by(Identity.id).limit(2))
        member_id = join_member(identity_id=gone, now=NOON)
        assert member_of(gone) == member_id
        forget_identity(identity_id=gone, for_good=True)
    database = urlsplit(config.database.url).path.strip("/")
    data_dir = config.service.data_dir
    later = run({**tools, "PGDATABASE": database}, "backup.sh", backup.parent, data_dir)
    assert later.returncode == 0, later.stderr
    listed = backup.parent / "erased.txt"
    assert listed.read_text().splitlines() == sorted(str(each) for each in erased())
    assert run(tools, "restore.sh", backup, "restored", tmp_path / "restored").returncode == 0
    knows_less = run({**tools, "PGDATABASE": "restored"}, "backup.sh", backup.parent, data_dir)
    assert knows_less.returncode == 0, knows_less.stderr
    assert listed.read_text().splitlines() == sorted(str(each) for each in erased())

    copy = create_app(replace(config, database=Database(url=postgres.url("restored"))))
    with copy.app_context():
        assert db.session.get_one(Identity, gone).openid is not None
        again = read_list(listed.read_text().splitlines())
        stranger = Erased("identity", other, again[0].made_us + 1)
        assert [erase_again(each, now=NOON) for each in (*again[:1], stranger)] == [True, False]
        assert not erase_again(again[0], now=NOON)
        db.session.expire_all()
        assert db.session.get_one(Identity, gone).openid is None
        assert db.session.get_one(Identity, other).openid is not None
        db.session.remove()
    close_app(copy)
    postgres.drop_database("restored")


@pytest.mark.parametrize("line", ["identity 1", "person 1 2", "identity -1 2", "identity 1 2 3"])
def test_a_list_that_is_none_erases_nobody(line: str) -> None:
    with pytest.raises(Malformed):
        read_list(["identity 1 2", line])


def _no_campaign_goes_on_by_itself(source: str) -> None:
    """What was sent after the backup is not known: nobody is written to before a person looks."""
    campaigns = {each.name: each for each in db.session.scalars(select(Campaign))}
    held = {
        name: each
        for name, each in campaigns.items()
        if name in {CampaignStatus.SCHEDULED, CampaignStatus.RUNNING, CampaignStatus.PAUSED}
    }
    db.session.rollback()
    with transaction():
        assert begin_due(now=NOON + DAY) == 0
    assert {each.status for each in held.values()} == {CampaignStatus.PAUSED}
    assert all(source in each.pause_reason for each in held.values())
    assert all(each.status == name for name, each in campaigns.items() if name not in held)
    notes = db.session.scalars(
        select(CampaignEvent.campaign_id).where(CampaignEvent.kind == "paused")
    ).all()
    assert sorted(notes) == sorted(each.id for each in held.values())
    db.session.rollback()


def _no_archive_is_promised() -> None:
    assert db.session.scalars(select(Archive.status)).all() == [ArchiveStatus.REMOVED]
    last = select(ArchiveEvent.deed, ArchiveEvent.actor).order_by(ArchiveEvent.id.desc()).limit(1)
    assert db.session.execute(last).one() == (Deed.REMOVED, "command:restore")
    db.session.rollback()


def test_a_new_backup_takes_away_those_nobody_keeps(
    backup: Path, config: Config, tools: dict[str, str]
) -> None:
    """Those of more than KEEP_DAYS, and what a backup that was killed left behind; nothing else there is."""
    folder = backup.parent
    names = ("20260101T031700Z", ".unfinished-20260101T091700Z", "20260102T031700Z", "by hand")
    for name, days in zip(names, (9, 2, 3, 9), strict=True):
        (folder / name).mkdir()
        (folder / name / "database.dump").touch()
        moment = (clock.now() - days * DAY).timestamp()
        os.utime(folder / name, (moment, moment))
    database = urlsplit(config.database.url).path.strip("/")
    made = run(
        {**tools, "PGDATABASE": database, "KEEP_DAYS": "7"},
        "backup.sh",
        folder,
        config.service.data_dir,
    )
    assert made.returncode == 0, made.stderr
    kept = {backup.name, Path(made.stdout.strip()).name, *names[2:], "erased.txt"}
    assert {each.name for each in folder.iterdir()} == kept
    assert (config.service.data_dir / BACKED_UP).exists()


def test_a_damaged_backup_and_a_taken_place_are_refused(
    backup: Path, tools: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "taken").mkdir()
    assert run(tools, "restore.sh", backup, "never", tmp_path / "taken").returncode
    with (backup / "database.dump").open("r+b") as dump:
        dump.seek(200)
        dump.write(b"?")
    done = run(tools, "restore.sh", backup, "never", tmp_path / "fresh")

    assert done.returncode
    assert not (tmp_path / "fresh").exists()
    assert {each.name for each in backup.parent.iterdir()} == {backup.name, "erased.txt"}
