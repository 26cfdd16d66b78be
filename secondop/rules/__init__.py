"""What a case is, what an indication is, and what a rule book says of a case."""
