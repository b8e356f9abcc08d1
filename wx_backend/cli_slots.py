"""Command for the slots in which an outlet's customers come after a night."""

import click

from wx_backend.cli_app import ReadConfig, app_of


@click.command("outlet-slots")
@click.argument("outlet")
@click.option("--minutes", type=click.IntRange(5, 240), required=True, help="length of a slot")
@click.option("--capacity", type=click.IntRange(1, 100), required=True, help="people in one slot")
@click.pass_obj
def outlet_slots(read_config: ReadConfig, outlet: str, minutes: int, capacity: int) -> None:
    """Cut the mornings of the outlet with this OUTLET code into slots."""
    with app_of(read_config()):
        _set(outlet, minutes, capacity)
    click.echo(f"{outlet}: {capacity} people every {minutes} minutes")


COMMANDS = (outlet_slots,)


def _set(outlet: str, minutes: int, capacity: int) -> None:
    from fulfilment.bookings import set_terms
    from org.models import Tier
    from org.queries import node_by_code
    from wx_backend.db import transaction

    node = node_by_code(outlet)
    if node is None or node.tier != Tier.OUTLET:
        raise click.ClickException(f"no outlet has the code {outlet}")
    node_id = node.id
    with transaction():
        set_terms(node_id, minutes=minutes, capacity=capacity)
