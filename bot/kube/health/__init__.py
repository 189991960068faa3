"""Whether applied objects do what was asked of them: rules by kind, problems of pods, and the wait for a rollout."""
