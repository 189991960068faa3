"""What an apply would do to each object: the differ, its dry-runs, and what a plan's comment shows of it."""
