"""The settings of a process, or one sentence that says what is missing."""

import click

from server.config import BadSettings, Settings, from_environment


def settings_or_exit() -> Settings:
    """Read the settings, or say in one sentence what is missing.

    :raises click.ClickException: with that sentence.
    """
    try:
        return from_environment()
    except BadSettings as error:
        raise click.ClickException(str(error)) from error
