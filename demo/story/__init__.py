"""The story played without a person: each chapter acts in the pretend WeChat and looks for the proof."""
