"""From files to objects: the renderer port, charts, kustomizations and hooks of a commit. Never asks a cluster."""
