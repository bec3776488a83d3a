"""Whether a platform can be believed between two calibrations, from what stood on it anyway."""
