"""`truckroll fake-twilio`: the local provider of text messages."""

import click

from server.commands.settings import settings_or_exit
from server.core import collector
from server.sms.fake_twilio import serve as serve_fake_twilio


@click.command("fake-twilio")
@click.option("--port", required=True, type=int)
@click.option(
    "--file", "store", required=True, type=click.Path(dir_okay=False), help="Where the provider keeps its messages."
)
def fake_twilio_command(port: int, store: str) -> None:
    """Be the local provider of text messages (127.0.0.1 only), with its page of telephones."""
    settings = settings_or_exit()
    if not settings.twilio.is_local:
        raise click.ClickException("The local provider does not run beside a real gateway: unset TRUCKROLL_TWILIO_API.")
    collector.spare()
    serve_fake_twilio(port=port, store=store, twilio=settings.twilio, public_url=settings.public_url)
