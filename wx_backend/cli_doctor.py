"""The command that looks at a real installation and says what to do next."""

import click

from wx_backend.cli_app import ReadConfig, app_of

MARKS = {"fine": "ok  ", "todo": "TODO", "left out": "-   "}


@click.command("doctor")
@click.option("--base-url", help="an address to try in place of the configured one")
@click.option("--trial-order", help="an order of 0.01 yuan: is it paid, refunded, on the bill?")
@click.pass_obj
def doctor(read_config: ReadConfig, base_url: str | None, trial_order: str | None) -> None:
    """Look at every setting and say what is fine and what to do next; nothing is changed.

    Ends with 1 while something is to be done.
    """
    from flows.doctor.examination import examine

    with app_of(read_config()):
        left = 0
        for found in examine(base_url, trial_order):
            click.echo(f"{MARKS[found.state]} {found.name}: {found.said}")
            if found.next_step:
                click.echo(f"       -> {found.next_step}")
                left += 1
    if left:
        raise click.ClickException(f"{left} to do")


COMMANDS = (doctor,)
