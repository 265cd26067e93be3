"""Truckroll: from the report of a fault to the paid labour."""
