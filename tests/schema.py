"""Checks records against their JSON Schemas: schema.py SCHEMA_DIR FILE"""
import json
import sys
from pathlib import Path

import jsonschema

schemas = {}
for path in Path(sys.argv[1]).glob("*.json"):
    schema = json.loads(path.read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    schemas[path.stem] = jsonschema.Draft7Validator(schema)
bad = 0
for number, line in enumerate(Path(sys.argv[2]).read_text().splitlines(), 1):
    record = json.loads(line)
    if next(iter(record)) != "type":
        print(f"line {number}: \"type\" is not first")
        bad = 1
    validator = schemas.get(record["type"])
    if validator is None:
        print(f"line {number}: no schema for {record['type']}")
        bad = 1
        continue
    for error in validator.iter_errors(record):
        print(f"line {number}: {error.message} at {list(error.path)}")
        bad = 1
sys.exit(bad)
