"""Floor 8: shapes of dose-response curves, one file each."""
