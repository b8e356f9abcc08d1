"""The control API under `/_sim`: setting the stage, letting people act, reading what happened."""
