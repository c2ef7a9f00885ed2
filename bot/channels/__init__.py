"""How a person reaches us."""
