"""From whatever the API sends, or somebody has in hand, to the typed frame."""
