"""Run Truckroll on one machine: its home folder, embedded PostgreSQL, supervisor and backups."""
