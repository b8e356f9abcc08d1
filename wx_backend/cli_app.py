"""What commands that need the whole application have in common."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from alembic.util import CommandError
from flask import Flask
from sqlalchemy.exc import OperationalError

from wx_backend.config import BadConfig, Config

ReadConfig = Callable[[], Config]


class Commands(click.Group):
    """Commands that say in a line what an operator has to put right, without a trace of the code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except (BadConfig, CommandError) as error:
            raise click.ClickException(str(error)) from error
        except OperationalError as error:
            raise click.ClickException(
                f"the database: {error.orig}\nIs it there, and has `migrate` been run?"
            ) from error


@contextmanager
def app_of(config: Config) -> Iterator[Flask]:
    """The application in its context for the length of a command; no connection outlives it.

    What is changed in it is in the audit trail as the command's act.
    """
    # The app is heavy: only for the commands that need it.
    from wx_backend.app import close_app, create_app
    from wx_backend.audit import Act, act_as

    app = create_app(config)
    try:
        with app.app_context():
            command = click.get_current_context(silent=True)
            act_as(Act("command", command.info_name or "") if command else None)
            yield app
    finally:
        close_app(app)
