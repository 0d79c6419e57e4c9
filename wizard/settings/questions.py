"""The questions of the interview: where, whether the defaults will do, and one for every setting."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping

from wizard.settings import validators as names
from wizard.settings.interview import Question
from wizard.settings.table import DEFAULT_NAME, SETTINGS, Setting

IsAsked = Callable[[Mapping[str, str]], bool]

# Keys of questions that are of no setting.
GO_ON, REGION, NAME, USE_DEFAULTS = "go_on", "region", "name", "use_defaults"
YES, NO = "yes", "no"

# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
# On offer only: any region may be typed.
COMMON_REGIONS = {
    "us-east-1": "N. Virginia",
    "us-east-2": "Ohio",
    "us-west-1": "N. California",
    "us-west-2": "Oregon",
    "ca-central-1": "Canada",
    "sa-east-1": "São Paulo",
    "eu-central-1": "Frankfurt",
    "eu-central-2": "Zurich",
    "eu-north-1": "Stockholm",
    "eu-south-1": "Milan",
    "eu-west-1": "Ireland",
    "eu-west-2": "London",
    "eu-west-3": "Paris",
    "ap-northeast-1": "Tokyo",
    "ap-northeast-2": "Seoul",
    "ap-south-1": "Mumbai",
    "ap-southeast-1": "Singapore",
    "ap-southeast-2": "Sydney",
}


def never(_answers: Mapping[str, str]) -> bool:
    """Not asked, though it can be changed."""
    return False


def unless_defaults(answers: Mapping[str, str]) -> bool:
    """Asked of who does not want the defaults."""
    return answers.get(USE_DEFAULTS, YES) == NO


def at_first(row: Setting) -> IsAsked:
    """Whether a setting is asked for before there is a deployment."""
    return never if row.is_flag_only else unless_defaults


def go_on(where: str) -> Question:
    """Whether the answers of a run that was stopped are taken as they are."""
    return Question(GO_ON, f"Go on with your last answers, in {where}?", names.yes_or_no, is_switch=True)


def region(is_asked: IsAsked) -> Question:
    """Asked first, because everything else is looked up there."""
    return Question(REGION, "Region", names.region_name, suggestions=COMMON_REGIONS, is_asked=is_asked)


def name(is_asked: IsAsked) -> Question:
    """All other names derive from it."""
    return Question(NAME, "Name of the deployment", names.deployment_name, is_asked=is_asked)


def use_defaults() -> Question:
    """Enter, and nothing else is asked."""
    text = "Use the defaults? They are shown before any change"
    return Question(USE_DEFAULTS, text, names.yes_or_no, is_switch=True)


def setting_questions(
    rows: Iterable[Setting], is_asked: Callable[[Setting], IsAsked], matter: Container[str] = ()
) -> list[Question]:
    """One for every row, and before some of them whether it matters at all.

    Args:
        matter: keys of rows of which that is known already.
    """
    found = []
    for row in rows:
        asked = is_asked(row)
        if row.asked_if and row.key not in matter:
            gate = Question(gate_of(row), row.asked_if, names.yes_or_no, row.phase, is_switch=True,
                            is_asked=asked)  # fmt: skip
            found.append(gate)
            asked = _behind(gate.key, asked)
        found.append(_of(row, asked))
    return found


def _behind(gate: str, is_asked: IsAsked) -> IsAsked:
    return lambda answers: is_asked(answers) and answers.get(gate, NO) == YES


def _of(row: Setting, is_asked: IsAsked) -> Question:
    remark = row.remark
    return Question(
        row.key,
        row.question,
        row.parse,
        row.phase,
        choices=row.choices,
        is_switch=row.is_switch,
        is_repeatable=row.is_repeatable,
        remark=None if remark is None else lambda text: remark(row.parse(text)),
        is_asked=is_asked,
    )


def first_defaults(region: str | None) -> dict[str, str]:
    """What Enter alone takes before anything is known of the account."""
    found = {NAME: DEFAULT_NAME, USE_DEFAULTS: YES, GO_ON: YES}
    found |= {gate_of(row): NO for row in SETTINGS if row.asked_if}
    return found | ({REGION: region} if region else {})


def gate_of(row: Setting) -> str:
    """Key of the question whether a row matters at all."""
    return f"asks_{row.key}"


def takes_kept(answers: Mapping[str, str]) -> bool:
    """Whether the operator goes on with the last answers."""
    return answers.get(GO_ON, YES) == YES
