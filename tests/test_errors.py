import re

import pytest

from brightcall_pandas import errors


class TestTree:
    def test_docstring_draws_exactly_the_tree(self):
        drawn = []
        for line in errors.__doc__.splitlines():
            match = re.match(r"^( *[│ ]*[├└]── )(\w+)  ", line)
            if match:
                drawn.append((len(match[1]) // 4, match[2]))
        assert drawn == [
            (2, "BrightcallError"),
            *((3, name) for name in _CHILDREN),
            (2, "NoMatchWarning"),  # beside it, below UserWarning
        ]

    def test_classes_are_the_tree(self):
        assert errors.BrightcallError.__bases__ == (Exception,)
        for name in _CHILDREN:
            assert getattr(errors, name).__bases__ == (errors.BrightcallError,), name
        assert errors.NoMatchWarning.__bases__ == (UserWarning,)

    def test_all_names_every_class_and_nothing_else(self):
        classes = [each for each in vars(errors).values() if isinstance(each, type)]
        defined = [each.__name__ for each in classes if each.__module__ == errors.__name__]
        assert sorted(defined) == errors.__all__ == sorted(["BrightcallError", "NoMatchWarning", *_CHILDREN])

    @pytest.mark.parametrize("name", errors.__all__)
    def test_each_says_what_it_means(self, name):
        assert getattr(errors, name).__doc__.strip().endswith(".")


_CHILDREN = [
    "AuthenticationError",
    "RequestError",
    "RateLimitError",
    "ServerError",
    "InvalidResponseError",
    "IncompleteDataError",
    "OfflineError",
    "CacheError",
]
