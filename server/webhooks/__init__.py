"""What the providers of text messages call."""
