"""JSON for staff, one module per resource."""
