"""The steps of a deployment as one would write them down with boto3, one call after the other.

    python -m tests.benchmarks.raw setup|no_change|rollback URL

The yardstick of the benchmarks: it asks, checks and proves nothing, and remembers only the API's id, for
rollback. The function's code is `function.zip` in the current folder.
"""

from __future__ import annotations

import json
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import boto3

NAME = "raw-event-tracking"
BUCKET, ROLE, FUNCTION, API = f"{NAME}-bucket", f"{NAME}-role", f"{NAME}-processor", f"{NAME}-api"
POLICY, LOG_GROUP, STAGE, PATH = "LambdaS3EventTracking", f"/aws/lambda/{FUNCTION}", "prod", "events"
OWN_LOGS = "LambdaBasicExecution"
TAGS = {"deployment": NAME}
TAG_LIST = [{"Key": key, "Value": value} for key, value in TAGS.items()]
VARIABLES = {
    "BUCKET_NAME": BUCKET,
    "AUTH_TOKEN_SHA256": "0" * 64,
    "AUTH_TOKEN_LABELS": "default",
    "CORS_ALLOW_ORIGIN": "*",
}
CORS_HEADERS = {
    "Access-Control-Allow-Headers": "'Content-Type,X-Amz-Date,Authorization,X-Api-Key,x-auth-token'",
    "Access-Control-Allow-Methods": "'POST,OPTIONS'",
    "Access-Control-Allow-Origin": "'*'",
    "Access-Control-Max-Age": "'600'",
}
API_ID_FILE = Path("api-id.txt")


@cache
def client(service: str) -> Any:
    """A client of the emulator that the command line names."""
    return boto3.client(service, endpoint_url=sys.argv[2])  # type: ignore[call-overload]


def setup() -> None:
    """Make everything in an empty account."""
    make_bucket()
    role_arn = make_role()
    make_log_group()
    function_arn = make_function(role_arn)
    make_api(function_arn)


def make_bucket() -> None:
    """3 calls."""
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"Tags": TAG_LIST})
    s3.put_public_access_block(
        Bucket=BUCKET,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration=rules)


def make_role() -> str:
    """3 calls; returns the role's ARN."""
    iam = client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    access = {
        "Effect": "Allow",
        "Action": ["s3:PutObject", "s3:GetObject", "s3:ListBucket"],
        "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
    }
    role = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=document(trust), Tags=TAG_LIST)
    logs = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"arn:aws:logs:*:*:log-group:{LOG_GROUP}:*",
    }
    iam.put_role_policy(RoleName=ROLE, PolicyName=OWN_LOGS, PolicyDocument=document(logs))
    iam.put_role_policy(RoleName=ROLE, PolicyName=POLICY, PolicyDocument=document(access))
    return str(role["Role"]["Arn"])


def document(statement: object) -> str:
    """A policy with one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def make_log_group() -> None:
    """2 calls."""
    logs = client("logs")
    logs.create_log_group(logGroupName=LOG_GROUP, tags=TAGS)
    logs.put_retention_policy(logGroupName=LOG_GROUP, retentionInDays=30)


def make_function(role_arn: str) -> str:
    """A call a second until Lambda can assume the role, and a look a second (the SDK's waiter) until the
    function is active; returns the function's ARN."""
    functions = client("lambda")
    code = Path("function.zip").read_bytes()
    while True:
        try:
            function = functions.create_function(
                FunctionName=FUNCTION,
                Runtime="python3.13",
                Role=role_arn,
                Handler="lambda_function.lambda_handler",
                Code={"ZipFile": code},
                Environment={"Variables": VARIABLES},
                MemorySize=128,
                Timeout=10,
                Tags=TAGS,
            )
            break
        except functions.exceptions.InvalidParameterValueException as error:
            if "cannot be assumed" not in str(error):
                raise
            time.sleep(1)
    functions.get_waiter("function_active_v2").wait(FunctionName=FUNCTION)
    return str(function["FunctionArn"])


def make_api(function_arn: str) -> None:
    """13 calls: API, POST, the permission to invoke, OPTIONS, the gateway's own errors, deployment, limit."""
    gateway = client("apigateway")
    region, account = function_arn.split(":")[3:5]
    api = gateway.create_rest_api(name=API, endpointConfiguration={"types": ["REGIONAL"]}, tags=TAGS)
    api_id = api["id"]
    API_ID_FILE.write_text(api_id)
    resource = gateway.create_resource(restApiId=api_id, parentId=api["rootResourceId"], pathPart=PATH)
    resource_id = resource["id"]

    gateway.put_method(restApiId=api_id, resourceId=resource_id, httpMethod="POST", authorizationType="NONE")
    gateway.put_integration(
        restApiId=api_id,
        resourceId=resource_id,
        httpMethod="POST",
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function_arn}/invocations",
    )
    client("lambda").add_permission(
        FunctionName=FUNCTION,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{region}:{account}:{api_id}/*/POST/{PATH}",
    )

    options = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "OPTIONS"}
    gateway.put_method(**options, authorizationType="NONE")
    gateway.put_integration(
        **options, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}
    )
    headers = {f"method.response.header.{name}": value for name, value in CORS_HEADERS.items()}
    gateway.put_method_response(**options, statusCode="200", responseParameters=dict.fromkeys(headers, False))
    gateway.put_integration_response(**options, statusCode="200", responseParameters=headers)
    origin = {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}
    gateway.put_gateway_response(restApiId=api_id, responseType="DEFAULT_4XX", responseParameters=origin)
    gateway.put_gateway_response(restApiId=api_id, responseType="DEFAULT_5XX", responseParameters=origin)
    gateway.create_deployment(restApiId=api_id, stageName=STAGE)
    limits = {"rateLimit": "50", "burstLimit": "100"}
    gateway.update_stage(
        restApiId=api_id,
        stageName=STAGE,
        patchOperations=[
            {"op": "replace", "path": f"/*/*/throttling/{name}", "value": value}
            for name, value in limits.items()
        ],
    )


def no_change() -> None:
    """Look whether everything stands: 12 reads."""
    s3 = client("s3")
    s3.get_bucket_tagging(Bucket=BUCKET)
    s3.get_public_access_block(Bucket=BUCKET)
    s3.get_bucket_encryption(Bucket=BUCKET)
    iam = client("iam")
    iam.get_role(RoleName=ROLE)
    iam.get_role_policy(RoleName=ROLE, PolicyName=OWN_LOGS)
    iam.get_role_policy(RoleName=ROLE, PolicyName=POLICY)
    client("logs").describe_log_groups(logGroupNamePrefix=LOG_GROUP)
    functions = client("lambda")
    functions.get_function_configuration(FunctionName=FUNCTION)
    gateway = client("apigateway")
    api_id = next(api["id"] for api in gateway.get_rest_apis(limit=500)["items"] if api["name"] == API)
    gateway.get_resources(restApiId=api_id, embed=["methods"])
    gateway.get_stage(restApiId=api_id, stageName=STAGE)
    functions.get_policy(FunctionName=FUNCTION)


def rollback() -> None:
    """Remove everything: 8 calls, and one more when objects are in the bucket."""
    client("apigateway").delete_rest_api(restApiId=API_ID_FILE.read_text())
    client("lambda").delete_function(FunctionName=FUNCTION)
    iam = client("iam")
    iam.delete_role_policy(RoleName=ROLE, PolicyName=OWN_LOGS)
    iam.delete_role_policy(RoleName=ROLE, PolicyName=POLICY)
    iam.delete_role(RoleName=ROLE)
    client("logs").delete_log_group(logGroupName=LOG_GROUP)
    s3 = client("s3")
    objects = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    if objects:
        s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": item["Key"]} for item in objects]})
    s3.delete_bucket(Bucket=BUCKET)


if __name__ == "__main__":
    {"setup": setup, "no_change": no_change, "rollback": rollback}[sys.argv[1]]()
