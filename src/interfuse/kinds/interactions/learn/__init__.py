"""Which experts, how much each counts, and the masked basket diffusion over them."""
