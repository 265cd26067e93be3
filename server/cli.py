"""The command `truckroll`: names the subcommands and loads only the one that is asked for."""

from importlib import import_module

import click

_COMMANDS = {
    "demo": ("server.commands.demo", "Start a believable company on this machine"),
    "web": ("server.commands.web", "Serve pages, API and web hooks"),
    "worker": ("server.commands.worker", "Do background work"),
    "fake-twilio": ("server.commands.provider", "Be the local provider of text messages, with its page of telephones"),
    "db": ("server.commands.db", "Migrate, check, back up and restore the database"),
    "import": ("server.commands.imports", "Import tickets from a file"),
    "rehearse": ("server.commands.rehearse", "Play a whole day through the public interfaces, and balance it"),
}


class _Commands(click.Group):
    """Imports a subcommand's module when it is used: `truckroll db check` needs no optimiser."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the subcommands in the order of a newcomer's day."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a subcommand, or None if there is no such."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(_COMMANDS[cmd_name][0]), cmd_name.replace("-", "_") + "_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.command(cls=_Commands)
@click.version_option(package_name="truckroll")
def main() -> None:
    """Field service: dispatch, text messages, customer callbacks, settlement."""
