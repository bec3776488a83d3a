"""What boards publish: messages checked, and decoded fast."""
