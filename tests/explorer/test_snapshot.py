"""The picture and the table that stay in the notebook."""

import io

import matplotlib.style
import numpy as np
import pandas as pd
import pytest
from matplotlib import image

from brightcall_pandas.explorer._snapshot import as_png

CALLS = pd.DataFrame({"state": [1, 0] * 20, "outcomeTag": ["Sold", "Later"] * 20})


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_its_heading_can_be_read_in_any_style(style):
    with matplotlib.style.context(style):
        picture = image.imread(io.BytesIO(as_png(CALLS, "40 of 40 calls")[0]), format="png")
    brightness = picture[:30, :400, :3].mean(axis=2)  # where the heading is
    ground = np.median(brightness)
    assert (ground < 0.5) == (style == "dark_background")
    assert np.abs(brightness - ground).max() > 0.8


def test_its_words_say_what_is_seen_with_the_names_of_parties():
    calls = CALLS.assign(numbersInvolvedJSON=['["101", "102"]', '["101"]'] * 20)
    _, said = as_png(calls, "40 of 40 calls", {101: "Ann", 102: "Bo"})
    assert said.startswith("40 of 40 calls. ")
    assert "Ann" in said
    assert "101" not in said
