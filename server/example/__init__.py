"""A believable company that does not exist: for the demo, for rehearsals without a file, for screenshots.

Everything is made from a seed. Names, streets and serial numbers are invented; every telephone lies in a
range reserved for fiction.
"""
