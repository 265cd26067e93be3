"""The company's own shape: regions, service stations, staff, their roles and how they prove who they are."""
