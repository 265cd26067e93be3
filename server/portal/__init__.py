"""Customer links: one action, no log-in."""
