"""The way of caged programs to the network: a proxy outside of the cage, by the operator's rules. Used by `doors`."""
