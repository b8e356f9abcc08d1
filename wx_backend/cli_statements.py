"""The command that proves the closed months: every statement, link and seal recomputed."""

from collections.abc import Callable

import click

from wx_backend.config import Config

ReadConfig = Callable[[], Config]


@click.command("verify-statements")
@click.pass_obj
def verify_statements(read_config: ReadConfig) -> None:
    """Recompute all closed months; ends with 1 and names the first thing that does not fit."""
    from wx_backend.app import create_app  # the app is heavy: only for the commands that need it

    with create_app(read_config()).app_context():
        from settlement.statements.chain import count_frozen, verify

        with click.progressbar(length=count_frozen(), label="statements") as bar:
            proof = verify(bar.update)
    if proof.broken is not None:
        where = f"{proof.broken.month} {proof.broken.number}".strip()
        click.echo(f"broken at {where}: {proof.broken.why}")
        raise SystemExit(1)
    root = proof.root.hex() if proof.root else "none"
    click.echo(f"OK: {proof.periods} periods, {proof.statements} statements, root {root}")
