"""What the page shows, as numbers and words."""

import numpy as np
import pandas as pd

from brightcall_pandas.explorer._snapshot import as_html


class TestView:
    CALLS = pd.DataFrame(
        {
            "state": ["answered", "answered", "unanswered", "unanswered"],
            "type": ["inbound", "outbound", "inbound", "inbound"],
            "talkTime": [10.0, 30.0, 0.0, 0.0],
            "timestamp": pd.to_datetime(
                ["2026-03-02T09:10Z", "2026-03-02T09:50Z", "2026-03-03T23:59Z", "2026-03-08T00:00Z"]
            ),
            "numbersInvolvedJSON": ['["101"]', '["101", "102"]', '["101"]', None],
        }
    )

    def test_key_figures_against_everything(self):
        ex = self.CALLS.calls.explore()
        assert ex.view["sentence"] == "4 of 4 calls, answer rate 50 % (±0)"
        ex.set("types", "inbound")
        assert ex.view["sentence"] == "3 of 4 calls, answer rate 33 % (−17)"
        assert [(card["value"], card["against"]) for card in ex.view["figures"]] == [
            ("3", "of 4 (75 %)"),
            ("33 %", "−17 points"),
            ("10 s", "−10 s"),
            ("10 s", "25 %"),
        ]

    def test_heat_map(self):
        counts = np.array(self.CALLS.calls.explore().view["heatmap"]["counts"])
        assert counts.sum() == 4
        assert (counts[0, 9], counts[1, 23], counts[6, 0]) == (2, 1, 1)

    def test_variants(self):
        paths = self.CALLS.calls.explore().view["paths"]
        assert [(bar["label"], bar["n_calls"]) for bar in paths["bars"]] == [
            ("101", 2),
            ("101 → 102", 1),
            ("(none)", 1),
        ]
        assert paths["note"] == "4 of 4 calls in 3 of 3 variants"

    def test_labels_that_look_like_code_stay_text(self):
        text = "<img src=x onerror=alert(1)>"
        ex = pd.DataFrame({"outcomeTag": [text]}).calls.explore()
        assert ex.view["outcomes"]["bars"][0]["label"] == text
        assert "<img" not in as_html(ex.view, ex.code())
