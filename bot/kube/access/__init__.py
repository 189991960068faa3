"""The rights that the bot needs in a cluster: their manifests, their audit, and the proof that they suffice."""
