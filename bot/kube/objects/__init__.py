"""Kubernetes objects as data: reading, ordering, normalizing, masking and writing them. Pure."""
