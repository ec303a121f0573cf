"""Where the two versions live, and what their answers promise."""

import pytest

from brightcall_pandas.api._profiles import PROFILES, promised


class TestProfiles:
    def test_as_the_article_and_the_wild_have_it(self):
        v1, v3 = PROFILES["v1"], PROFILES["v3"]
        assert (v1.base_url, v1.calls) == ("https://api.ipmaxi.convolo.ai", "/api/v1/stat/calls")
        assert (v1.count, v1.stats) == (None, "/api/v1/stat/calls-detailedV2")
        assert (v3.base_url, v3.calls) == ("https://api.dialer.brightcall.ai", "/api/v3/stat/calls/list")
        assert (v3.count, v3.stats) == (
            "/api/v3/stat/calls/count",
            "/api/v3/stat/calls-detailed-e-chart",
        )


class TestPromised:
    @pytest.mark.parametrize(
        ("path", "members"),
        [
            ("/api/v1/stat/calls", ("calls",)),
            ("/gateway/api/v1/stat/calls", ("calls",)),
            ("/api/v3/stat/calls/list", ("calls", "success")),
            ("/api/v3/stat/calls/count", ("pagesCount", "totalItems")),
            ("/api/v1/stat/calls-detailedV2", ("detailedStat",)),
            ("/api/v3/stat/calls-detailed-e-chart", ()),
            ("/", ()),
        ],
    )
    def test_by_path(self, path, members):
        assert promised(path) == members
