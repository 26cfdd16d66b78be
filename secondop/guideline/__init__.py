"""The content of the guidance: facts, rules, advice and sources of the rule books that ship."""
