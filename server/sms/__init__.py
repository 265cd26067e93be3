"""Text messages: the outbox, the providers, what came in. Knows nothing about tickets."""
