"""What an account may use at most of Lambda."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.aws.client import Aws

# What Lambda keeps unreserved for all other functions; accounts with a lower limit keep all of it:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
KEPT_UNRESERVED = 100


# What asking needs, by kind of ARN (`wizard.aws.operator_policy.ARNS`).
READS_LIMITS = {"account": ("lambda:GetAccountSettings",)}


@dataclass(frozen=True)
class Concurrency:
    """Executions at a time in the account: the limit, and what no function has reserved."""

    limit: int
    unreserved: int

    @property
    def reservable(self) -> int:
        """How many may still be reserved."""
        return max(self.unreserved - min(self.limit, KEPT_UNRESERVED), 0)


def concurrency(aws: Aws) -> Concurrency:
    """The account's limits in this region."""
    limits = aws.functions.get_account_settings()["AccountLimit"]
    return Concurrency(limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"])
