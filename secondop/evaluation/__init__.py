"""What a rule book is worth."""
