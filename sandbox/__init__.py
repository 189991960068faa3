"""The demo: a forge, the bot and people, as processes on this machine. The tests play on the same stage."""
