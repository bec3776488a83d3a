"""Point, truck and weighbridge beside each other: what each weighed, and what does not close."""
