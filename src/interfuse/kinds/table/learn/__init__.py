"""What a fit to a table learns: objective, network, calibration."""
