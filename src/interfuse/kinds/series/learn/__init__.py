"""What a fit to series learns: windows, random questions, the objective."""
