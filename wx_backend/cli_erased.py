"""Commands for a restored copy: who was erased since the backup is erased in it again."""

from pathlib import Path

import click

from wx_backend.cli_app import ReadConfig, app_of


@click.command()
@click.pass_obj
def erased(read_config: ReadConfig) -> None:
    """List everybody who was erased for good, by numbers; kept apart from backups, for `erase-again`."""
    with app_of(read_config()):
        from flows.erased import erased as everybody

        for each in everybody():
            click.echo(str(each))


@click.command("erase-again")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def erase_again(read_config: ReadConfig, path: Path) -> None:
    """Erase everybody on a list who is here again: after a restore, before anybody else comes in."""
    with app_of(read_config()):
        from flows.erased import erase_again as erase
        from flows.erased import read_list
        from wx_backend import clock
        from wx_backend.strict import Malformed

        try:
            listed = read_list(path.read_text("utf-8").splitlines())
        except (Malformed, UnicodeDecodeError) as error:
            raise click.ClickException(f"{path}: {error}; nobody was erased") from error
        count = 0
        with click.progressbar(listed, label="erased") as bar:
            for each in bar:
                count += erase(each, now=clock.now())
    click.echo(f"{count} of {len(listed)} were here again and are erased")


COMMANDS = (erased, erase_again)
