"""When bins will be full, and what will be in them tomorrow: quantiles from each bin's own past."""
