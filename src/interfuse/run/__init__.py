"""The run folder and what every fit and fitted model do alike, whatever their data."""
