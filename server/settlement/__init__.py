"""Statements: what a payee's month is worth, line by line, from the record; audited, approved, paid once."""
