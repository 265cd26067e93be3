"""Plans, their publication, and offers to technicians. The only package that asks the optimiser."""
