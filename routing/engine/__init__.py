"""The search behind the plan: construct, improve, combine. Nothing here is imported by `routing.check`."""
