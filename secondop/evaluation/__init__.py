"""What policies find and what they cost: counts, measures, comparisons and estimates."""
