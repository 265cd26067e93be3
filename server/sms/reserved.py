"""Words that carriers keep for themselves: none of them is ever a command of ours (fault 17)."""

OPT_OUT = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
OPT_IN = frozenset({"START", "YES", "UNSTOP"})
HELP = frozenset({"HELP", "INFO"})
RESERVED = OPT_OUT | OPT_IN | HELP


def as_word(body: str) -> str:
    """Return a text as carriers compare it with their words: alone, in capitals, without blanks and full stops."""
    return body.strip().strip(".!").strip().upper()
