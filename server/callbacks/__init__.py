"""Customer callbacks: every outcome is verified with the customer before anybody is paid for it."""
