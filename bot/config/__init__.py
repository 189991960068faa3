"""What people write: a repository's gitops.yaml and the operator's settings. Errors name key, place and fix."""
