"""Trino's functions as DuckDB knows them: as far as the SQL of our views uses them, so that their own text is
executed.

What they cannot read is an error, which only TRY makes nothing.
https://trino.io/docs/current/functions/json.html, https://trino.io/docs/current/functions/datetime.html
"""

ISO_8601 = r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?"
# For a DuckDB whose time zone is UTC.
MACROS = (
    "CREATE MACRO json_parse(text) AS CAST(text AS JSON)",
    "CREATE MACRO json_format(document) AS CAST(document AS VARCHAR)",
    """CREATE MACRO json_extract_scalar(document, path) AS
         CASE WHEN json_type(document, path) IN ('OBJECT', 'ARRAY') THEN NULL ELSE document->>path END""",
    # What is more precise than milliseconds is cut off, not rounded.
    f"""CREATE MACRO from_iso8601_timestamp(text) AS date_trunc('milliseconds', CAST(
         CASE WHEN regexp_full_match(text, '{ISO_8601}') THEN text WHEN text IS NOT NULL THEN 'refused' END
         AS TIMESTAMPTZ))""",
    "CREATE MACRO from_unixtime(seconds) AS to_timestamp(seconds)",
    "CREATE MACRO approx_distinct(value) AS approx_count_distinct(value)",
)
