"""Parts: the catalogue that completion cards refer to."""
