"""A class as values: tokens that say who somebody is, drawn names, the rules."""
