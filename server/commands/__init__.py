"""What `truckroll` can be told on the command line, a module a subject."""
