"""The child process that applies an approved artifact: preflight, stages, hooks, pruning, results."""
