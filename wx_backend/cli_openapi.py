"""The command that writes the document of the mall's JSON calls."""

import json

import click


@click.command("openapi")
def openapi() -> None:
    """Print the OpenAPI document of the mall; docs/openapi.json is what this prints."""
    from storefront.openapi import described  # the pages are heavy: only for this command

    click.echo(json.dumps(described(), ensure_ascii=False, indent=1, sort_keys=True))


COMMANDS = (openapi,)
