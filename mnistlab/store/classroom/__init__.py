"""The class of a store and its people."""
