"""The guards of `tests/conftest.py` must themselves be able to fail a test."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFTEST = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8").replace("parents[1]", "parents[0]")

pytest_plugins = ["pytester"]


@pytest.fixture
def guarded(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder of tests with our conftest."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # those of other packages take a second to load
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\nmarkers =\n    weights: x\n    facenet: x\n    mongo: x\n    slow: x\n")
    return pytester


def outcomes(guarded: pytest.Pytester, test: str) -> dict[str, int]:
    """Run one test in a process of its own and say how it ended."""
    guarded.makepyfile(test)
    return guarded.runpytest_subprocess("-p", "no:cacheprovider").parseoutcomes()


@pytest.mark.parametrize(
    "call",
    [
        "socket.create_connection(('192.0.2.1', 80), timeout=0.1)",
        "socket.getaddrinfo('example.org', 80)",
        "socket.socket().connect_ex(('192.0.2.1', 80))",
        "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
    ],
)
def test_call_outside_fails_even_when_swallowed(guarded: pytest.Pytester, call: str) -> None:
    test = f"import socket\ndef test():\n    try: {call}\n    except OSError: pass\n"
    assert outcomes(guarded, test) == {"passed": 1, "errors": 1}


def test_call_to_this_machine_is_fine(guarded: pytest.Pytester) -> None:
    test = """
        import socket
        def test():
            with socket.create_server(("127.0.0.1", 0)) as server:
                socket.create_connection(("localhost", server.getsockname()[1])).close()
    """
    assert outcomes(guarded, test) == {"passed": 1}


def test_error_log_of_ours_fails_and_others_do_not(guarded: pytest.Pytester) -> None:
    test = """
        import logging
        def test_ours(): logging.getLogger("src.tracker").error("lost")
        def test_cleared(caplog):
            logging.getLogger("src.tracker").error("lost")
            assert "lost" in caplog.text
            caplog.clear()
        def test_warning(): logging.getLogger("src.tracker").warning("late")
        def test_other(): logging.getLogger("other").error("lost")
    """
    assert outcomes(guarded, test) == {"passed": 4, "errors": 1}


def test_settings_of_the_environment_are_forgotten(guarded: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEREC_ENGINE", "facenet")
    assert outcomes(guarded, "from src.settings import Settings\ndef test(): assert Settings().engine == 'sface'") == {
        "passed": 1
    }


@pytest.mark.parametrize(("on_ci", "ended"), [("", {"skipped": 2}), ("true", {"skipped": 1, "failed": 1})])
def test_on_ci_an_important_skip_fails(
    guarded: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, on_ci: str, ended: dict[str, int]
) -> None:
    monkeypatch.setenv("CI", on_ci)
    test = """
        import pytest
        @pytest.mark.weights
        def test_weights(): pytest.skip("no network")
        def test_platform(): pytest.skip("no /proc")
    """
    assert outcomes(guarded, test) == ended


def test_on_ci_a_skipped_file_fails(guarded: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    test = "import pytest\npytest.importorskip('no_such_package')\ndef test(): pass\n"
    assert outcomes(guarded, test) == {"errors": 1}
