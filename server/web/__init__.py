"""HTTP plumbing shared by the edges."""
