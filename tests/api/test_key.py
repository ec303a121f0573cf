"""The key hides itself, and is found in whatever spelling it comes back."""

from __future__ import annotations

import copy
import html
import json
import logging
import pickle
import re
from urllib.parse import parse_qs, quote, quote_plus, urlsplit

import pytest

from brightcall_pandas.api._key import ApiKey, hide_keys_in_logs

PLAIN = "canary-0123456789abcdef"
AWKWARD = 'ké y/+&="\\<0123>'

SPELLINGS = {
    "as it is": lambda key: key,
    "in a URL": lambda key: quote(key, safe=""),
    "in a URL, slashes kept": quote,
    "in a form": quote_plus,
    "in a URL, small letters": lambda key: re.sub("%..", lambda code: code[0].lower(), quote(key, safe="")),
    "in JSON": lambda key: json.dumps(key)[1:-1],
    "in JSON as UTF-8": lambda key: json.dumps(key, ensure_ascii=False)[1:-1],
    "in JSON as PHP writes it": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "in JSON as .NET writes it": lambda key: re.sub(
        "[\"&'+<>`é]", lambda sign: f"\\u{ord(sign[0]):04X}", key.replace("\\", "\\\\")
    ),
    "in HTML": html.escape,
    "in a header read as Latin-1": lambda key: key.encode().decode("latin-1"),
}


class TestAddedTo:
    @pytest.mark.parametrize("key", [PLAIN, AWKWARD])
    @pytest.mark.parametrize("url", ["https://host/path", "https://host/path?a=1"])
    def test_the_server_reads_the_key(self, key, url):
        query = parse_qs(urlsplit(ApiKey(key).added_to(url)).query)
        assert query["api-key"] == [key]
        assert ("a" in query) == ("a=1" in url)


class TestScrubbed:
    @pytest.mark.parametrize("spelling", SPELLINGS)
    @pytest.mark.parametrize("key", [PLAIN, AWKWARD])
    def test_in_every_spelling(self, key, spelling):
        written = SPELLINGS[spelling](key)
        text = f"before {written} after {written}"
        assert ApiKey(key).scrubbed(text) == "before [api-key] after [api-key]"
        assert ApiKey(key).scrubbed_bytes(text.encode()) == b"before [api-key] after [api-key]"

    def test_what_holds_no_key_stays(self):
        assert ApiKey(PLAIN).scrubbed_bytes(b'{"id": "canary"}') == b'{"id": "canary"}'

    def test_a_key_of_few_letters_leaves_the_calls_alone(self):
        body = b'{"url": "/calls?api-key=7&page=1", "talkTime": 77, "id": "17"}'
        scrubbed = ApiKey("7").scrubbed_bytes(body)
        assert scrubbed == b'{"url": "/calls?api-key=[api-key]&page=1", "talkTime": 77, "id": "17"}'


class TestApiKey:
    def test_does_not_show_itself(self):
        key = ApiKey(PLAIN)
        shown = f"{key} {key!r} {[key]} {key!s:>40}"
        assert PLAIN not in shown
        assert not hasattr(key, "__dict__")

    @pytest.mark.parametrize("make", [pickle.dumps, copy.copy, copy.deepcopy])
    def test_is_not_copied_into_files(self, make):
        with pytest.raises(TypeError, match="cannot be pickled"):
            make(ApiKey(PLAIN))


class TestHideKeysInLogs:
    NAMES = ("urllib3.connectionpool", "urllib3.util.retry", "urllib3.connection", "urllib3.response")

    @pytest.mark.parametrize("name", NAMES)
    def test_takes_the_key_out(self, name, caplog):
        hide_keys_in_logs()
        with caplog.at_level(logging.DEBUG):
            logging.getLogger(name).debug(
                '%s "POST %s"', "http://host", f"/calls?api-key={PLAIN}&a=1 HTTP/1.1"
            )
        assert caplog.messages == ['http://host "POST /calls?api-key=[api-key]&a=1 HTTP/1.1"']

    def test_leaves_other_messages(self, caplog):
        hide_keys_in_logs()
        with caplog.at_level(logging.DEBUG):
            logging.getLogger("urllib3.connectionpool").debug("Starting %s", "now")
        assert caplog.messages == ["Starting now"]

    def test_twice_is_once(self):
        hide_keys_in_logs()
        before = [list(logging.getLogger(name).filters) for name in self.NAMES]
        hide_keys_in_logs()
        assert [list(logging.getLogger(name).filters) for name in self.NAMES] == before
