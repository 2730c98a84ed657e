"""Which precision the processor is told to be fast in."""

import pytest

from gatewise import processor
from gatewise.preset import resolve
from tests.panels import panel_of_values, seasonal_values


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """Return a function that makes the system list such processors."""

    def put(text: str | None) -> str:
        file = tmp_path / "cpuinfo"
        if text is not None:
            file.write_text(text)
        monkeypatch.setattr(processor, "_CPU_INFO", file)
        processor.fastest_precision.cache_clear()
        return processor.fastest_precision()

    yield put
    processor.fastest_precision.cache_clear()


@pytest.mark.parametrize(
    ("text", "precision"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx512_bf16 amx_bf16 amx_tile\n", "bfloat16"),
        ("processor\t: 0\nflags\t\t: fpu avx512_bf16\n", "float32"),
        ("Features\t: fp asimd bf16\n", "float32"),
        ("", "float32"),
        (None, "float32"),
    ],
)
def test_bfloat16_where_there_are_matrix_units(listed, text, precision):
    assert listed(text) == precision


def test_the_preset_takes_it_and_a_setting_overrules_it(listed):
    listed("flags: amx_bf16\n")
    panel = panel_of_values(seasonal_values(240))
    for preset in ("auto", "classic"):
        assert {one.precision for one in resolve(panel, {"preset": preset}).portfolio} == {"bfloat16"}
        assert resolve(panel, {"preset": preset, "precision": "float32"}).settings.precision == "float32"
