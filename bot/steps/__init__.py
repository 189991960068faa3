"""What several jobs do in the same way: find a pull's projects, hold a slot, settle a row, gather evidence, speak."""
