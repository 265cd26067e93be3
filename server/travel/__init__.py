"""Travel times between places: a model per region, a routing engine over HTTP, a cache of pairs."""
