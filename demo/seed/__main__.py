"""`python -m demo.seed`: fill an empty database with the demo's data, once; say who may log in."""

import json
import os
import secrets
from pathlib import Path

from flask import Flask

from demo import templates
from demo.seed import banners, customers, fulfilment, goods, numbers, organisation
from flows.menus.publishing import begin_with
from flows.message_desk import sync_library
from menus.defaults import default_menu
from menus.whole import AccountMenu
from org.invites import create_invite
from org.queries import rep_card
from templates_msg.operations import set_template
from wx_backend import clock, log
from wx_backend.app import create_app
from wx_backend.config import Config, Mode
from wx_backend.db import transaction
from wx_backend.outbox import defer

LOGINS = ("province", "city", "marketer", "finance", "cashier")
INVITED = 3


def main() -> None:
    """Seed if nothing is there; print the logins and invitations either way."""
    log.configure()
    config = Config.load(os.environ["WX_CONFIG"])
    if config.service.mode is Mode.PRODUCTION:
        raise SystemExit("demo data has no place in production")
    kept = config.service.data_dir / "demo-logins.json"
    if not kept.exists():
        said = _seed(create_app(config), config)
        _keep(kept, said)
    print(_words(json.loads(kept.read_text("utf-8"))))


def _seed(app: Flask, config: Config) -> dict[str, list[list[str]]]:
    passwords = {login: secrets.token_urlsafe(9) for login in LOGINS}
    now = clock.now()
    with app.app_context():
        appid, base_url = config.accounts[0].appid, config.service.base_url
        begin_with(appid=appid, menu=AccountMenu(default_menu(base_url)))
        pictures = banners.draw()
    with app.app_context(), transaction():
        made = organisation.build(now=now, passwords=passwords)
        goods.build(now=now)
        numbers.build(now=now)
        banners.build(
            province_id=made.province_id, city_id=made.city_ids[0], pictures=pictures, now=now
        )
        fulfilment.build(city_ids=made.city_ids[:1])
        for purpose in templates.TITLES:
            set_template(
                appid=config.accounts[0].appid,
                purpose=purpose,
                template_id=templates.template_id(purpose),
                fields=templates.fields(purpose),
            )
        defer(sync_library, key="seed", appid=config.accounts[0].appid)
        customers.build(appid=config.accounts[0].appid, rep_ids=made.rep_ids, now=now)
        invitations = []
        for rep_id in made.rep_ids[:INVITED]:
            card = rep_card(rep_id)
            code = create_invite(rep_id=rep_id, now=now)
            invitations.append([card.name, card.outlet_name, card.number, code])
    return {"logins": [[*pair] for pair in passwords.items()], "invitations": invitations}


def _keep(path: Path, said: dict[str, list[list[str]]]) -> None:
    """For our eyes only; its being there says that the data is."""
    unfinished = path.with_suffix(".new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(said, file, ensure_ascii=False, indent=2)
    unfinished.rename(path)


def _words(said: dict[str, list[list[str]]]) -> str:
    lines = ["  平台管理 logins (login / password):"]
    lines += [f"    {login:<10} {password}" for login, password in said["logins"]]
    lines.append("  个人终端 invitations (rep, outlet, rep number, code to bind a WeChat person):")
    lines += [
        f"    {name} {outlet} {number} {code}" for name, outlet, number, code in said["invitations"]
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
