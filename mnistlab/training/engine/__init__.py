"""Forward and backward passes of a training step, stage by stage."""
