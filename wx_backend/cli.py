"""The command line: check, migrate, run a worker or the clock, repair, import, prove."""

import os

import click

from wx_backend import (
    cli_calendar,
    cli_codes,
    cli_doctor,
    cli_erased,
    cli_figures,
    cli_menus,
    cli_numbers,
    cli_openapi,
    cli_repair,
    cli_sealing,
    cli_setup,
    cli_slots,
    cli_statements,
    cli_stops,
    log,
    migrate,
)
from wx_backend.cli_app import Commands, app_of
from wx_backend.config import BadConfig, Config, unreadable_files


def _config() -> Config:
    return Config.load(os.environ.get("WX_CONFIG", "config.toml"))


@click.group(cls=Commands)
@click.pass_context
def main(context: click.Context) -> None:
    """The WeChat sales backend. WX_CONFIG names the configuration file, else config.toml here."""
    context.obj = _config
    log.configure()


@main.command("check-config")
def check_config() -> None:
    """Read the configuration and the key files it names; say everything that is wrong."""
    if faults := unreadable_files(_config()):
        raise BadConfig(faults)
    click.echo("configuration is fine")


@main.command("migrate")
@click.option("--to", default="head", show_default=True, help="revision to go up to")
def migrate_command(to: str) -> None:
    """Bring the database up to this version's schema."""
    migrate.upgrade(url=_config().database.url, to=to)
    click.echo("schema is up to date")


@main.command("downgrade")
@click.option("--to", required=True, help="revision to go down to, or `base`")
def downgrade_command(to: str) -> None:
    """Take the schema back to an older revision."""
    migrate.downgrade(url=_config().database.url, to=to)


@main.command("new-migration")
@click.option("-m", "--message", required=True, help="what changes, in a few words")
def new_migration(message: str) -> None:
    """Write the next numbered migration: what the models say and the database lacks."""
    click.echo(migrate.write(url=_config().database.url, message=message))


@main.command()
@click.option(
    "--queue",
    type=click.Choice(["work", "call", "bulk"]),
    required=True,
    help="work: changes rows; call: calls WeChat and billing; bulk: sends campaigns. "
    "Run one worker of each at least",
)
def worker(queue: str) -> None:
    """Drain one queue whenever the bell rings."""
    from wx_backend.worker import serve  # the app is heavy: only for the commands that need it

    serve(_config(), queue)


@main.command("clock")
def clock_command() -> None:
    """Do the periodic work, and the work nobody was woken for; of several one leads."""
    from wx_backend.clock_process import serve  # the same

    serve(_config())


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65_535), required=True)
def door(host: str, port: int) -> None:
    """Take the platform's messages and events; a proxy in front leads them here."""
    from wx_backend.door_process import serve  # the same

    try:
        serve(_config(), host=host, port=port)
    except OSError as error:
        raise click.ClickException(f"cannot listen: {error.strerror}") from error


@main.command()
def sweep() -> None:
    """Do all the work that is due, once, and stop."""
    from wx_backend.worker import drain_queue

    with app_of(_config()) as app:
        for queue in ("work", "call", "bulk"):
            click.echo(f"{queue}: {drain_queue(app, queue)}")


for command in (
    *cli_repair.COMMANDS,
    cli_statements.verify_statements,
    *cli_calendar.COMMANDS,
    *cli_codes.COMMANDS,
    *cli_doctor.COMMANDS,
    *cli_erased.COMMANDS,
    *cli_menus.COMMANDS,
    *cli_figures.COMMANDS,
    *cli_sealing.COMMANDS,
    *cli_setup.COMMANDS,
    *cli_slots.COMMANDS,
    *cli_stops.COMMANDS,
    *cli_openapi.COMMANDS,
    cli_numbers.import_numbers,
):
    main.add_command(command)

if __name__ == "__main__":
    main()
