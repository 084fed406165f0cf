"""PReLU as steps that ONNX Runtime computes well.

Its own takes longer than all convolutions around it, and rearranges the channels before and after. What is positive stays and
what is negative is multiplied by a slope: that is slope * x + (1 - slope) * max(x, 0), a convolution of each channel with one
number twice, and a sum. ONNX Runtime joins these to two passes that leave the channels as they are.

Source: He et al., Delving deep into rectifiers, ICCV 2015, equation 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..schema import FloatArray


def prelu_nodes(x: str, y: str, slope: FloatArray) -> tuple[list[Any], list[Any]]:
    """Return the nodes that compute PReLU of pictures, and the constants that they need.

    Args:
        x: The value that goes in, (n, channels, height, width).
        y: The name of what comes out, of the same shape; also the beginning of all other names.
        slope: (channels,) float32.
    """
    from onnx import helper, numpy_helper

    n_channels = len(slope)
    numbers = {f"{y}_slope": slope, f"{y}_rise": 1 - slope}
    constants = [numpy_helper.from_array(np.reshape(v, (-1, 1, 1, 1)).astype(np.float32), name) for name, v in numbers.items()]

    def scaled(value: str, by: str, name: str) -> Any:
        return helper.make_node("Conv", [value, by], [name], group=n_channels, kernel_shape=[1, 1])

    first, second = f"{y}_first", f"{y}_second"
    if (slope <= 1).all():  # then the sign of x is the sign of what is left of it, and both steps become one
        above = [scaled(x, f"{y}_rise", first), helper.make_node("Relu", [first], [second])]
    else:
        above = [helper.make_node("Relu", [x], [first]), scaled(first, f"{y}_rise", second)]
    whole, end = f"{y}_whole", helper.make_node("Add", [f"{y}_whole", second], [y])
    return [*above, scaled(x, f"{y}_slope", whole), end], constants
