class TestWatch:
    def test_x(self):
        assert 1
