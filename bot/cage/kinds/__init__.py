"""One file a kind of cage: `KIND` in it is what `bot.cage` uses. None knows another."""
