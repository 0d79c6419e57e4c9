"""iam:SimulatePrincipalPolicy as AWS answers it."""

from __future__ import annotations

from itertools import product
from xml.sax.saxutils import escape

from ..calls import Call
from ..messages import Answer
from ..policies import Context, Decision, decide
from ..wire import QUERY_NAMESPACES, REQUEST_ID
from ..world import World
from .base import Behaviour, refusal

NO_ENTITY = "Invalid Entity Arn: {arn} does not clearly define entity type and name."


class SimulationLooksAtEverything(Behaviour):
    """The simulation answers for each action on each resource and heeds the context entries.

    The emulator looks at the first resource only and at no context. The account's root cannot be simulated.
    """

    def before(self, call: Call, world: World) -> Answer | None:
        source = str(call.parameters.get("PolicySourceArn", ""))
        if call.name != "iam.SimulatePrincipalPolicy" or not source.endswith(":root"):
            return None
        return refusal(call, 400, "InvalidInput", NO_ENTITY.format(arn=source))

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if call.name != "iam.SimulatePrincipalPolicy" or not answer.succeeded:
            return answer
        source, context = str(call.parameters["PolicySourceArn"]), _context(call)
        pairs = product(_members(call, "ActionNames"), _members(call, "ResourceArns") or ["*"])
        results = "".join(
            _result(action, resource, decide(world, source, action, resource, context))
            for action, resource in pairs
        )
        body = (
            f'<SimulatePrincipalPolicyResponse xmlns="{QUERY_NAMESPACES["iam"]}">'
            f"<SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated>"
            f"<EvaluationResults>{results}</EvaluationResults></SimulatePrincipalPolicyResult>"
            f"<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata>"
            "</SimulatePrincipalPolicyResponse>"
        )
        return Answer(200, [("Content-Type", "text/xml")], body.encode())


def _result(action: str, resource: str, decision: Decision) -> str:
    missing = "".join(f"<member>{escape(key)}</member>" for key in decision.missing_context)
    return (
        f"<member><EvalActionName>{escape(action)}</EvalActionName>"
        f"<EvalResourceName>{escape(resource)}</EvalResourceName><EvalDecision>{decision.outcome}</EvalDecision>"
        f"<MatchedStatements/><MissingContextValues>{missing}</MissingContextValues></member>"
    )


def _members(call: Call, name: str) -> list[str]:
    """A list parameter of the query protocol: Name.member.1, Name.member.2, ..."""
    prefix = f"{name}.member."
    found = {
        key.removeprefix(prefix): str(value)
        for key, value in call.parameters.items()
        if key.startswith(prefix)
    }
    return [found[number] for number in sorted(found, key=int)] if all(map(str.isdigit, found)) else []


def _context(call: Call) -> Context:
    context: Context = {}
    for name, key in call.parameters.items():
        if name.startswith("ContextEntries.member.") and name.endswith(".ContextKeyName"):
            prefix = name.removesuffix("ContextKeyName") + "ContextKeyValues.member."
            values = [str(value) for other, value in call.parameters.items() if other.startswith(prefix)]
            context[str(key).lower()] = values
    return context
