"""Where networks run: ONNX Runtime on the device that was asked for, or an error; never on another one unnoticed.

A device changes the speed of an engine, not its id: vectors of one engine are compared wherever they were made. Devices add in
another order and some with fewer bits, so the last digits differ.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..errors import EngineError
from ..schema import FloatArray


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of device.

    Attributes:
        provider: What ONNX Runtime calls it.
        package: The build of ONNX Runtime that brings it; one such package may be installed at a time.
        option: Option of the provider that stands after the colon of `cuda:1`; empty where there is none.
    """

    provider: str
    package: str
    option: str = ""


_CPU = "CPUExecutionProvider"
_KINDS = {
    "cpu": _Kind(_CPU, "onnxruntime"),
    "cuda": _Kind("CUDAExecutionProvider", "onnxruntime-gpu", "device_id"),
    "openvino": _Kind("OpenVINOExecutionProvider", "onnxruntime-openvino", "device_type"),
    "coreml": _Kind("CoreMLExecutionProvider", "onnxruntime"),
}


class Session:
    """A network that was opened on a device."""

    def __init__(self, session: Any, name: str, device: str) -> None:
        """Keep the session of ONNX Runtime, and what to call network and device in errors."""
        self._session, self._name, self._device = session, name, device
        self._input = session.get_inputs()[0].name

    def run(self, batch: FloatArray) -> list[FloatArray]:
        """Run the network on its one input, and return its outputs in their order.

        Raises:
            EngineError: The device gave up, for want of memory mostly.
        """
        try:
            found: list[FloatArray] = self._session.run(None, {self._input: batch})
        except Exception as err:  # the errors of ONNX Runtime have no common base
            raise EngineError(
                f'{self._name} failed on device "{self._device}" with a batch of shape {batch.shape}: {_first_line(err)}'
            ) from err
        return found


def usable_cores() -> list[int]:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


@dataclass(frozen=True, slots=True)
class Runtime:
    """What an engine is opened with.

    Attributes:
        device: `cpu`, or `cuda`, `openvino` and `coreml` where a build of ONNX Runtime for it is installed. `cuda:1` is the
            second card, `openvino:GPU` what OpenVINO calls GPU.
        threads: Threads that a network may use on the CPU; 0 means all cores.
        facenet_backend: What computes FaceNet and MTCNN; other engines do not look at it.
    """

    device: str = "cpu"
    threads: int = 0
    facenet_backend: Literal["onnx", "tensorflow"] = "onnx"

    def check(self) -> None:
        """Find out early whether the device can be had, before weights are fetched for it.

        Raises:
            EngineError: There is no such device, or this build of ONNX Runtime does not know it.
        """
        _provider(self.device)

    def only_cpu(self, what: str) -> None:
        """Refuse any other device for what cannot use one.

        Raises:
            EngineError: Another device was asked for.
        """
        if self.device != "cpu":
            raise EngineError(f'{what} runs on the CPU only, not on "{self.device}". Leave out --device, or set device: cpu.')

    def open(self, network: Path | bytes, name: str) -> Session:
        """Open a network on the device.

        Args:
            network: An ONNX file or its content.
            name: What errors call it.

        Raises:
            EngineError: The device cannot be had, or most of this network would not run on it. Single operations that a
                provider lacks are computed on the CPU, as ONNX Runtime does by design.
        """
        import onnxruntime

        provider, options = _provider(self.device)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = self.threads
        settings.log_severity_level = 3
        # Threads that wait by spinning take the cores from decoding and detection, which go on at the same time.
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if provider != _CPU:
            # What providers have to complain about is said in the error.
            settings.log_severity_level = 4
            onnxruntime.set_default_logger_severity(4)
            settings.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
        source = str(network) if isinstance(network, Path) else network
        try:
            session = onnxruntime.InferenceSession(source, settings, [(provider, options)], enable_fallback=0)
        except Exception as err:  # the errors of ONNX Runtime have no common base
            raise EngineError(f'{name} cannot be opened on device "{self.device}": {_first_line(err)}. {_remedy()}') from err
        if provider != _CPU and not _runs_on(session, provider):
            raise EngineError(
                f'{name} would not run on device "{self.device}" but on the CPU: there is no such hardware here, or its '
                f"driver or libraries are missing. {_remedy()}"
            )
        return Session(session, name, self.device)


CPU = Runtime()
"""On all cores, without a setting."""


def _runs_on(session: Any, provider: str) -> bool:
    """Say whether a provider got most of a network.

    One whose libraries are missing is left out of the session. One that does not know the hardware may stay and take nothing:
    so does OpenVINO with `openvino:NPU` where there is no such chip.
    """
    if session.get_providers()[0] != provider:
        return False
    counts: dict[str, int] = {}
    for part in session.get_provider_graph_assignment_info():
        counts[part.ep_name] = counts.get(part.ep_name, 0) + len(part.get_nodes())
    return 2 * counts.get(provider, 0) > sum(counts.values())


def _provider(device: str) -> tuple[str, dict[str, str]]:
    """Return the provider of a device and its options."""
    import onnxruntime

    name, colon, detail = device.partition(":")
    detail = detail.upper()  # OpenVINO knows no "gpu"
    kind = _KINDS.get(name.lower())
    if kind is None:
        near = difflib.get_close_matches(name.lower(), _KINDS, n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise EngineError(f'There is no device "{device}".{hint} {_remedy()}')
    if colon and (not kind.option or not detail or (kind.option == "device_id" and not detail.isdecimal())):
        wanted = {"device_id": "a number, as in cuda:1", "device_type": "the hardware, as in openvino:GPU"}
        raise EngineError(
            f'Device "{device}" is not understood: behind "{name}" may stand {wanted.get(kind.option, "nothing")}.'
        )
    if kind.provider not in onnxruntime.get_available_providers():
        raise EngineError(
            f'Device "{device}" is not available: this build of ONNX Runtime has no {kind.provider}. It comes with: '
            f"pip uninstall onnxruntime && pip install {kind.package}. {_remedy()}"
        )
    return kind.provider, {kind.option: detail} if detail else {}


def _remedy() -> str:
    import onnxruntime

    here = [name for name, kind in _KINDS.items() if kind.provider in onnxruntime.get_available_providers()]
    return f"Devices available here: {', '.join(here)}; others: {', '.join(name for name in _KINDS if name not in here)}."


def _first_line(err: Exception) -> str:
    text = str(err).strip()
    return text.splitlines()[0].rstrip(".") if text else type(err).__name__
