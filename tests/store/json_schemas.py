"""The JSON Schemas that are shipped, so that editors complete and check schemas.

    python tests/store/json_schemas.py     write them anew, after a change of the types

They tell of the kinds of columns of this package alone: packages that add one are not asked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from interfuse.kinds.images.data import ImageSchema
from interfuse.kinds.series.data import SeriesSchema
from interfuse.kinds.table.schema import Schema

CLASSES = {"table": Schema, "series": SeriesSchema, "images": ImageSchema}


def text_of(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    for made in CLASSES.values():
        path = Path(made.json_schema_file())
        path.write_text(text_of(made.json_schema()), encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
