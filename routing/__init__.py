"""The optimiser: plans days of field service. Pure: values come in, values go out."""
