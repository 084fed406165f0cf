"""Who the tracks are: what a model and what people say of them, and what follows for appearances and unknown people."""
