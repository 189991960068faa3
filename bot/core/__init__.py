"""What the bot decides, and the words it decides with: frozen data and pure functions, no input or output."""
