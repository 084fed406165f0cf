"""The photos of a project: which of them are learned from, what people added to them, how well a model knows its people."""
