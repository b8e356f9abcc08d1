"""Commands for personal data at rest: under the newest key, and back for an older version."""

from collections.abc import Iterator

import click

from wx_backend.cli_app import ReadConfig, app_of


@click.command()
@click.pass_obj
def reseal(read_config: ReadConfig) -> None:
    """Bring all personal data under the first key of [privacy]; may be stopped and run again."""
    config = read_config()
    with app_of(config):
        from flows.resealing import reseal, rows_to_look_at

        changed = _shown(reseal(), rows_to_look_at())
    click.echo(f"{changed} values sealed; all of them are under {config.privacy.keys[0].name}")


@click.command("unseal-addresses")
@click.pass_obj
def unseal_addresses(read_config: ReadConfig) -> None:
    """Put addresses back in the clear, before the schema goes down to a version that reads them so."""
    with app_of(read_config()):
        from flows.resealing import orders_to_look_at, unseal_addresses
        from wx_backend.audit import act_as

        act_as(None)  # it runs at schemas older than the audit trail, too
        changed = _shown(unseal_addresses(), orders_to_look_at())
    click.echo(f"{changed} addresses unsealed")


COMMANDS = (reseal, unseal_addresses)


def _shown(batches: Iterator[tuple[int, int]], length: int) -> int:
    """Work off the batches behind a progress bar; how many values were changed."""
    total = 0
    with click.progressbar(length=length, label="rows") as bar:
        for seen, changed in batches:
            total += changed
            bar.update(seen)
    return total
