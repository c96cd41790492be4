"""Long runs: chaos, kills and garbage."""
