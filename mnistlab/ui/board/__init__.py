"""The page of a class: the board for everybody, the management for the teacher."""
