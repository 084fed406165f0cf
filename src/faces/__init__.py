"""Single faces: alignment and quality."""
