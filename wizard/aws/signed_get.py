"""A signed GET of an object, without what boto3 does anew for each call: validation and endpoint rules.

The signature is in the headers: a URL that carries it takes urllib3 as long to read as all the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError

if TYPE_CHECKING:
    from wizard.aws.client import Aws

KEY, SAFE_IN_KEYS, SAFE_IN_VALUES = "k", "/~", "~"
OWNER_HEADER = "x-amz-expected-bucket-owner"


class SignedGet:
    """Where the objects of a bucket are, and who may read them.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    """

    def __init__(self, aws: Aws, bucket: str) -> None:
        # botocore's own rules say where the bucket is: in the path or in the host, on AWS or elsewhere.
        example = aws.s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": KEY})
        self._place = example.partition("?")[0].removesuffix(KEY)
        self._region = aws.s3.meta.region_name
        self._session = aws.session
        self._owner = {OWNER_HEADER: aws.account} if aws.account else {}

    def of(self, key: str, version: str | None = None) -> tuple[str, dict[str, str]]:
        """The URL and the headers; they are good for 15 minutes.

        Raises:
            AWS_ERRORS: there are no credentials, or they cannot be renewed.
        """
        query = f"?versionId={quote(version, safe=SAFE_IN_VALUES)}" if version else ""
        url = f"{self._place}{quote(key, safe=SAFE_IN_KEYS)}{query}"
        request = AWSRequest("GET", url, headers=self._owner)
        credentials = self._session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        S3SigV4Auth(credentials.get_frozen_credentials(), "s3", self._region).add_auth(request)
        return url, dict(request.headers)
