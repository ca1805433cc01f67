"""A lab for one question: how small can a network be and still read handwriting?"""
