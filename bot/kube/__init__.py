"""What the Kubernetes tools share: objects, the cluster's answers, attribution, inventory, health, masking."""
