"""A rehearsal: a whole day of field service, played through the public interfaces alone, and balanced to the row.

The conductor moves simulated time; the people are simulated; everything between them is the product itself:
its web server, its worker, its database and the local provider of text messages, each a process of its own.
"""
