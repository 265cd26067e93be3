"""The customer file: customers, their telephones, sites, equipment, and units sold without warranty."""
