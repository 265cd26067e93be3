"""The search in plain Python, for where no compiler is installed: a hundred times slower, the same rules."""
