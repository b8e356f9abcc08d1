"""The databases and the configuration the contenders run on."""

import secrets
from dataclasses import replace
from pathlib import Path

from org.models import ChannelClass, Tier
from org.operations import create_node
from org.reps import hire_rep
from referral.models import CodeKind, Place, Subject
from referral.operations import Sharer, Sharing, open_share, plan_scene_code
from tests.postgres import PostgresServer
from wx_backend import clock, migrate
from wx_backend.app import close_app, create_app
from wx_backend.config import Config
from wx_backend.db import transaction

ROOT = Path(__file__).resolve().parent.parent.parent
SCENE = "bench"
SAMPLE = ROOT / "tests" / "config.toml"
ACCOUNT = Config.load(SAMPLE).accounts[0]


def prepared(server: PostgresServer, folder: Path) -> Path:
    """Make both databases, a rep with a code in ours, and our configuration file; its path."""
    server.create_database("peer")
    url = server.create_database("ours")
    migrate.upgrade(url=url)
    text = SAMPLE.read_text("utf-8")
    path = folder / "config.toml"
    path.write_text(
        text.replace("sqlite:///replaced-by-the-fixture", url).replace(
            'data_dir = "var"', f'data_dir = "{folder / secrets.token_hex(4)}"'
        ),
        "utf-8",
    )
    _seed(Config.load(path))
    return path


def _seed(config: Config) -> None:
    app = create_app(replace(config))
    now = clock.now()
    with app.app_context(), transaction():
        group = create_node(tier=Tier.GROUP, code="GR", name="集团")
        outlet = create_node(tier=Tier.OUTLET, code="O1", name="人民路营业厅", parent_id=group)
        rep = hire_rep(
            name="王爱丽", outlet_id=outlet, channel_class=ChannelClass.OWN_HALL, now=now
        )
        sharing = Sharing(subject=Subject.SHOWROOM, place=Place.POSTER)
        share = open_share(sharer=Sharer(rep_id=rep), sharing=sharing, now=now)
        plan_scene_code(
            kind=CodeKind.OA_PERMANENT,
            appid=config.accounts[0].appid,
            scene=SCENE,
            share_id=share.id,
            now=now,
        )
    close_app(app)
