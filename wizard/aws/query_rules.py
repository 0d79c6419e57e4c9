"""What Athena says of a query that has failed or was cancelled, and what it means: first match wins.

https://docs.aws.amazon.com/athena/latest/APIReference/API_QueryExecutionStatus.html
"""

from __future__ import annotations

from wizard.aws.error_rules import AGAIN, IAM_TROUBLESHOOTING, LAKE_FORMATION
from wizard.aws.rule import Explain, Rule
from wizard.errors import UsageError

QUERY_LIMITS = (
    "https://docs.aws.amazon.com/athena/latest/ug/workgroups-setting-control-limits-cloudwatch.html"
)

# In place of a code, who is to blame: "user", "system", "other", or "" where it does not say.
FAILED_QUERIES: tuple[Rule, ...] = (
    Rule(
        (),
        Explain(
            "It was to read more than the workgroup lets one query read, and what it has read is billed."
            " {message}",
            "Ask for fewer hours with --since and --until, or allow more with"
            " `eventtrack-wizard setup --query-scan-limit-mb MB`.",
            link=QUERY_LIMITS,
        ),
        r"bytes scanned limit",
    ),
    Rule(
        (),
        Explain(
            "Lake Formation guards the catalog of this account and was not told to let you in. {message}",
            "Ask its administrator to grant you DESCRIBE on the database and SELECT on its tables; then run"
            " the same command again.",
            link=LAKE_FORMATION,
        ),
        r"lake ?formation",
    ),
    Rule(
        (),
        Explain(
            "The table or its database is not as it was set up. {message}",
            "Run `eventtrack-wizard status` to see what differs, `eventtrack-wizard setup` to repair it.",
        ),
        r"^invalid_view|stored view|missing serde|^hive_invalid_metadata|^(schema|catalog)_not_found"
        r"|table '[^']*\.(lines|events|events_raw)' does not exist",
    ),
    # These name a column or table of which Athena says neither that it is not there, nor that it may not be
    # seen.
    Rule(
        (),
        Explain("{message}", "Mend the SQL.", UsageError),
        r"^(syntax_error|column_not_found|function_not_found|type_mismatch|division_by_zero|not_supported"
        r"|(invalid|ambiguous|missing|duplicate|expression|nested|mismatched|subquery|numeric)_\w+)\b",
    ),
    Rule(
        (),
        Explain(
            "Your credentials lack a permission; Athena reads catalog and bucket with them. {message}",
            "Grant what `eventtrack-wizard policy` prints, then run the same command again.",
            link=IAM_TROUBLESHOOTING,
        ),
        r"not authorized to perform|access ?denied|permission_denied|insufficient permission",
    ),
    Rule(
        (),
        Explain(
            "It needs more memory or time than Athena gives one query. {message}",
            "Ask for less: fewer columns than *, or a shorter time with --since.",
        ),
        r"exhausted|exceeded_(local|global|cpu|time)|query timeout",
    ),
    Rule(("user",), Explain("{message}", "Mend the SQL.", UsageError)),
    Rule((), Explain("{message}", AGAIN)),
)


def look_up_failed_query(culprit: str, reason: str) -> Explain:
    """What to tell the operator of a query that has failed or was cancelled: whose fault Athena says it is,
    and its reason."""
    reactions = (rule.reaction for rule in FAILED_QUERIES if rule.matches(culprit, reason, ""))
    return next(reaction for reaction in reactions if isinstance(reaction, Explain))
