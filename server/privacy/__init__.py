"""How long what is personal is kept, and how a customer is erased."""
