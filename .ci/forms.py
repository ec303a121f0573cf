"""Hold the forms of .github and CITATION.cff to their schemas; to start for each would take two seconds."""

import sys
from pathlib import Path

from check_jsonschema import main

FORMS = {
    "vendor.github-workflows": ".github/workflows/*.yml",
    "vendor.github-issue-forms": ".github/ISSUE_TEMPLATE/[0-9]*.yml",
    "vendor.github-issue-config": ".github/ISSUE_TEMPLATE/config.yml",
    "vendor.citation-file-format": "CITATION.cff",
}

failed = False
for schema, pattern in FORMS.items():
    files = [str(path) for path in sorted(Path().glob(pattern))]
    failed |= bool(main(["--quiet", "--builtin-schema", schema, *files], standalone_mode=False))
sys.exit(failed)
