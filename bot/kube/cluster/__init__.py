"""The API server as the bot uses it: client, credentials, inventory, adoption, deletions. Nothing is decided here."""
