"""Call data of the Brightcall dialer in pandas."""
