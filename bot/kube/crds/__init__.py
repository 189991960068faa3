"""Custom resource definitions: which kinds they serve, and validation of objects by their schemas. Pure."""
