"""One file a forge, each with `running(directory)`: a context that gives an `acting.Forge`. Found by scanning."""
