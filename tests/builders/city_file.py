"""Files in the layout of Boston 311."""

COLUMNS = (
    "case_enquiry_id",
    "open_dt",
    "target_dt",
    "closed_dt",
    "type",
    "department",
    "location",
    "property_id",
    "latitude",
    "longitude",
    "located",
    "source",
)
