"""The addresses of AWS's console, for people: a page for each thing."""

from __future__ import annotations

from urllib.parse import quote

# By partition; the console of a region has the region before it.
HOSTS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


class Console:
    """The console of one region.

    Raises:
        KeyError: nothing is known of the partition's console.
    """

    def __init__(self, partition: str, region: str) -> None:
        self._base = f"https://{region}.{HOSTS[partition]}"
        self._region = region

    def bucket(self, name: str) -> str:
        """The objects of a bucket."""
        return f"{self._base}/s3/buckets/{quote(name)}?region={self._region}"

    def function(self, name: str) -> str:
        """A function: code, configuration, metrics."""
        return f"{self._base}/lambda/home?region={self._region}#/functions/{quote(name)}"

    def api(self, api_id: str) -> str:
        """The paths and methods of a REST API."""
        return f"{self._base}/apigateway/main/apis/{api_id}/resources?api={api_id}&region={self._region}"

    def logs(self, group: str) -> str:
        """The streams of a log group. CloudWatch writes names in its own way: encoded twice, with a dollar
        sign in place of the percent sign, so that a slash is `$252F`."""
        encoded = quote(quote(group, safe=""), safe="").replace("%", "$")
        return f"{self._base}/cloudwatch/home?region={self._region}#logsV2:log-groups/log-group/{encoded}"
