"""The command that proves the closed months: every statement, link and seal recomputed."""

import click

from wx_backend.cli_app import ReadConfig, app_of


@click.command("verify-statements")
@click.pass_obj
def verify_statements(read_config: ReadConfig) -> None:
    """Recompute all closed months; ends with 1 and names the first thing that does not fit."""
    with app_of(read_config()):
        from settlement.statements.chain import count_frozen, verify

        with click.progressbar(length=count_frozen(), label="statements") as bar:
            proof = verify(bar.update)
    if proof.broken is not None:
        where = f"{proof.broken.month} {proof.broken.number}".strip()
        click.echo(f"broken at {where}: {proof.broken.why}")
        raise SystemExit(1)
    root = proof.root.hex() if proof.root else "none"
    click.echo(f"OK: {proof.periods} periods, {proof.statements} statements, root {root}")
