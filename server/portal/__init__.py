"""Customer links: a page each for one question about one ticket, without an account and without script."""

from server.portal.pages import blueprint

__all__ = ["blueprint"]
