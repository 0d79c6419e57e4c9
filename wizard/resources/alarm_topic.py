"""Below the phases: where alarms tell of themselves, a topic of SNS with an e-mail address behind it.

The topic is not encrypted: CloudWatch may not use AWS's own key for SNS, whose policy nobody can change, and
a key of one's own costs as much as ten alarms. A message has names and counts, nothing of an event.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
"""

from __future__ import annotations

from typing import Any, TypedDict
from urllib.parse import urlsplit

from wizard.aws.calls import none_if
from wizard.aws.topic_policy import AWS_KEY
from wizard.resources.base import OWNER_TAG, Deployment, Resource
from wizard.resources.tagged import DesiredTags, TaggedResource, as_list, from_list, to_put, to_take_off
from wizard.state.model import Facts

# Topics, and their tags: https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html
GONE = ("NotFound", "ResourceNotFound")
# How many subscriptions of others are named.
NAMED = 4
# What stands in place of an ARN before the address has confirmed, and after it has unsubscribed by itself.
PENDING, DELETED = "PendingConfirmation", "Deleted"


class TopicFacts(TypedDict):
    """`aws_key`: whether it is encrypted with AWS's own key, with which no alarm comes through."""

    name: str
    arn: str
    aws_key: bool
    owner: str | None
    tags: dict[str, str]


class SubscriptionFacts(TypedDict):
    """`arn` is None as long as the address has not confirmed."""

    email: str
    arn: str | None


def topic_name_by(deployment: str) -> str:
    """The topic's name, derived from the deployment's."""
    return f"{deployment}-alarms"


def topic_name(at: Deployment) -> str:
    """The topic's name."""
    return topic_name_by(at.identity.name)


def topic_arn(at: Deployment) -> str:
    """The topic's ARN, known before the topic stands."""
    place = at.identity
    return f"arn:{place.partition}:sns:{place.region}:{place.account}:{topic_name(at)}"


def receivers(at: Deployment) -> list[str]:
    """The ARNs of the topics that alarms go to: ours for the address, and the one that the operator has."""
    ours = [topic_arn(at)] if at.settings.alarm_email else []
    return ours + ([at.settings.alarm_topic] if at.settings.alarm_topic else [])


class AlarmTopic(TaggedResource[TopicFacts]):
    """The topic. Whoever has one already names it with `--alarm-topic`: it is used, not adopted."""

    key = "alarms.topic"
    adoptable = False
    instead = "Name it with --alarm-topic ARN in place of --alarm-email; or choose another --name."
    actions = {
        "alarm topic": (
            "sns:CreateTopic", "sns:DeleteTopic", "sns:GetTopicAttributes", "sns:ListTagsForResource",
            "sns:SetTopicAttributes", "sns:TagResource", "sns:UntagResource",
        ),
    }  # fmt: skip

    def title(self, at: Deployment) -> str:
        return f"alarm topic {topic_name(at)}"

    def desired(self, at: Deployment) -> Facts | None:
        return {"aws_key": False, "tags": at.desired_tags} if at.settings.alarm_email else None

    def sentence(self, name: str, desired: object, found: object) -> str:
        if name == "aws_key":
            return f"the alarm topic is encrypted with {AWS_KEY}, which no alarm may use"
        return super().sentence(name, desired, found)

    def read(self, at: Deployment) -> TopicFacts | None:
        arn = topic_arn(at)
        answer = none_if(GONE, lambda: at.aws.sns.get_topic_attributes(TopicArn=arn))
        tagged = none_if(GONE, lambda: at.aws.sns.list_tags_for_resource(ResourceArn=arn)) if answer else None
        if answer is None or tagged is None:
            return None
        key = answer["Attributes"].get("KmsMasterKeyId", "")
        return _facts(at, from_list(tagged["Tags"]), aws_key=key.endswith(AWS_KEY))

    def create(self, at: Deployment, desired: Facts) -> TopicFacts | None:
        """One of that name with other tags is refused; without any, AWS would take it for the same."""
        at.aws.sns.create_topic(Name=topic_name(at), Tags=as_list(at.tags))
        return _facts(at, at.tags, aws_key=False)

    def change(
        self, at: Deployment, desired: Facts, observed: TopicFacts, difference: frozenset[str]
    ) -> bool:
        """Without the key."""
        at.aws.sns.set_topic_attributes(
            TopicArn=observed["arn"], AttributeName="KmsMasterKeyId", AttributeValue=""
        )
        return True

    def change_tags(self, at: Deployment, observed: TopicFacts, changes: DesiredTags) -> None:
        arn = observed["arn"]
        if tags := to_put(changes):
            at.aws.sns.tag_resource(ResourceArn=arn, Tags=as_list(tags))
        if keys := to_take_off(changes):
            at.aws.sns.untag_resource(ResourceArn=arn, TagKeys=keys)

    def takes_along(self, at: Deployment, observed: TopicFacts) -> str | None:
        """Whoever else has subscribed: some by name, without what may be secret in an URL."""
        ours = at.settings.alarm_email or at.fact(EmailSubscription.key, "email")
        others = [
            item
            for item in _subscriptions(at)
            if item["Protocol"] != "email" or _folded(item["Endpoint"]) != _folded(ours)
        ]
        if not others:
            return None
        named = [f"{item['Protocol']} {_shortened(item['Endpoint'])}" for item in others[:NAMED]]
        more = [f"{len(others) - NAMED} more"] if len(others) > NAMED else []
        what = f"{len(others)} subscription{'' if len(others) == 1 else 's'} of others"
        return f"{what} will be deleted with it: {', '.join([*named, *more])}"

    def delete(self, at: Deployment, observed: TopicFacts) -> None:
        """Its subscriptions go with it, those that wait for a confirmation, too."""
        none_if(GONE, lambda: at.aws.sns.delete_topic(TopicArn=observed["arn"]))


def _facts(at: Deployment, tags: dict[str, str], *, aws_key: bool) -> TopicFacts:
    return {
        "name": topic_name(at),
        "arn": topic_arn(at),
        "aws_key": aws_key,
        "owner": tags.get(OWNER_TAG),
        "tags": tags,
    }


class EmailSubscription(Resource[SubscriptionFacts]):
    """The address behind the topic; other subscriptions are others'.

    AWS deletes no subscription that waits for its confirmation; after 48 hours it goes by itself.
    https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html
    """

    key = "alarms.topic.email"
    needs = ("alarms.topic",)
    parent = "alarms.topic"
    labels = {"email": "the address that alarms go to"}
    actions = {"alarm topic": ("sns:ListSubscriptionsByTopic", "sns:Subscribe", "sns:Unsubscribe")}

    def title(self, at: Deployment) -> str:
        return f"e-mail to {at.settings.alarm_email or at.fact(self.key, 'email') or 'an address'}"

    def desired(self, at: Deployment) -> Facts | None:
        return {"email": at.settings.alarm_email} if at.settings.alarm_email else None

    def remark(self, at: Deployment, observed: SubscriptionFacts) -> str | None:
        if at.identity.local:
            return f"The local AWS sends no e-mail: on AWS {observed['email']} would be told of alarms."
        if observed["arn"]:
            return None
        return (
            f"Alarms reach nobody yet: {observed['email']} has not confirmed. Follow the link in the mail"
            ' "AWS Notification - Subscription Confirmation". After 48 hours without it AWS forgets the'
            " address; then `eventtrack-wizard setup` has the mail sent again."
        )

    def read(self, at: Deployment) -> SubscriptionFacts | None:
        """A former address counts for as long as it can be taken off; AWS need not keep the letters' case."""
        found, desired = _addresses(at), at.settings.alarm_email
        former = found.pop(_folded(at.fact(self.key, "email")), None)
        if desired is None or (
            former is not None and _folded(former["email"]) != _folded(desired) and former["arn"]
        ):
            return former
        ours = found.get(_folded(desired)) or former
        is_desired = ours is not None and _folded(ours["email"]) == _folded(desired)
        return {"email": desired, "arn": ours["arn"]} if ours is not None and is_desired else ours

    def find(self, at: Deployment) -> SubscriptionFacts | None:
        """Setup subscribes one address."""
        return self.read(at) or next(iter(_addresses(at).values()), None)

    def create(self, at: Deployment, desired: Facts) -> SubscriptionFacts | None:
        """AWS sends the mail with the link, and again where it has done so already."""
        address = desired["email"]
        answer = at.aws.sns.subscribe(TopicArn=topic_arn(at), Protocol="email", Endpoint=address)
        arn = answer["SubscriptionArn"]
        return {"email": address, "arn": arn if arn.startswith("arn:") else None}

    def update(
        self, at: Deployment, desired: Facts, observed: SubscriptionFacts, difference: frozenset[str]
    ) -> bool:
        """The new address first, so that at every moment somebody is told."""
        self.create(at, desired)
        self.delete(at, observed)
        return False

    def delete(self, at: Deployment, observed: SubscriptionFacts) -> None:
        if arn := observed["arn"]:
            none_if(GONE, lambda: at.aws.sns.unsubscribe(SubscriptionArn=arn))

    def settings_from(self, observed: SubscriptionFacts) -> dict[str, object]:
        return {"alarm_email": observed["email"]}


def _folded(address: str | None) -> str:
    return (address or "").casefold()


def _addresses(at: Deployment) -> dict[str, SubscriptionFacts]:
    """Those that are told, or may confirm; those that have confirmed first."""
    told = [item for item in _subscriptions(at) if item["Protocol"] == "email"]
    told.sort(key=lambda item: item["SubscriptionArn"] == PENDING)
    return {_folded(item["Endpoint"]): _subscription(item) for item in told}


def _subscriptions(at: Deployment) -> list[Any]:
    """Of everybody; without those that have ended."""
    pages = at.aws.sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic_arn(at))
    answers: Any = none_if(GONE, lambda: list(pages)) or []
    found = [item for page in answers for item in page["Subscriptions"]]
    return [item for item in found if item["SubscriptionArn"] != DELETED]


def _shortened(endpoint: str) -> str:
    """An endpoint as one knows it: the host of an URL, the name in an ARN, the end of a number, else itself.

    https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
    """
    if "://" in endpoint:
        return urlsplit(endpoint).hostname or "?"
    if endpoint.startswith("arn:"):
        return endpoint.rpartition(":")[2]
    return f"…{endpoint[-4:]}" if endpoint.removeprefix("+").isdigit() else endpoint


def _subscription(item: Any) -> SubscriptionFacts:
    arn = item["SubscriptionArn"]
    return {"email": item["Endpoint"], "arn": None if arn == PENDING else arn}
