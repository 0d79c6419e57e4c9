"""What real AWS does that emulators do not show, and which test provokes it: one row a behaviour.

`python -m tests.tools.aws_behaviour` makes `.github/AWS_BEHAVIOUR.md` of it, and
`tests/aws/test_coverage.py` checks both. The words are the behaviour's, not the wizard's reaction to it: that
is what the test is about.
"""

# ruff: noqa: E501  a table

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A behaviour of AWS.

    Attributes:
        tests: node ids below `tests/` of what provokes it.
        answers: "operation code", one of the answers in `unit/aws/test_error_rules_rows.py`, which sends
            each over HTTP and holds what the wizard does against its row.
        doubles: behaviours of the double over HTTP that show it.
        reason: why no test can provoke it, or need not.
    """

    what: str
    tests: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    doubles: tuple[str, ...] = ()
    reason: str = ""


def row(what: str, *tests: str, answers: tuple[str, ...] = (), doubles: tuple[str, ...] = ()) -> Row:
    """A behaviour that is provoked."""
    return Row(what, tests, answers, doubles)


def not_provoked(what: str, reason: str) -> Row:
    """A behaviour without a test."""
    return Row(what, reason=reason)


SECTIONS: dict[str, tuple[Row, ...]] = {
    "The twelve that matter most": (
        row(
            "A function called right after its role's policy was written keeps credentials without it for minutes",
            "aws/test_functions.py::test_a_function_called_right_after_its_policy_was_written_is_spoilt_until_recycled",
            "aws/test_functions.py::test_a_function_first_called_later_keeps_good_credentials",
            "aws/test_functions.py::test_a_spoilt_answer_carries_the_end_of_the_log",
            "resilience/test_waiting.py::test_a_function_with_stale_credentials_is_recycled",
            doubles=("StaleRoleCredentials",),
        ),
        row(
            "A file in the package that only its owner may read cannot be imported by Lambda",
            "unit/test_package.py::test_every_file_may_be_read_by_everybody_or_lambda_cannot_import_it",
        ),
        row(
            "CreateBucket in us-east-1 answers 200 for a bucket that one owns already, elsewhere 409",
            "aws/test_emulator.py::test_the_emulator_itself_lets_our_own_bucket_be_created_again_only_in_us_east_1",
            "unit/engine/test_adoption.py::test_without_consent_everything_foreign_is_named_at_once_and_left",
            answers=("s3.CreateBucket BucketAlreadyOwnedByYou",),
        ),
        row(
            "One DeleteRestApi in 30 s, one CreateRestApi in 3 s, one CreateDeployment in 5 s; all calls together 10 a second",
            "aws/test_api_gateway.py::test_api_gateway_quotas_answer_429",
            "aws/test_api_gateway.py::test_all_api_gateway_calls_together_have_a_burst_and_a_rate",
            "resilience/test_waiting.py::test_calls_with_known_quotas_are_paced_and_not_answered_with_429",
            "resilience/test_waiting.py::test_the_double_would_answer_429_without_the_pacing",
            answers=(
                "apigateway.DeleteRestApi TooManyRequestsException",
                "apigateway.CreateRestApi TooManyRequestsException",
            ),
            doubles=("ApiGatewayQuotas",),
        ),
        row(
            "A create whose answer was lost has happened; sent again it makes a second API of the same name",
            "unit/engine/test_apply.py::test_a_create_whose_answer_was_lost_is_not_sent_again",
            "unit/engine/test_rollback.py::test_a_duplicate_api_that_a_lost_answer_left_goes_too",
            "aws/test_faults.py::test_a_lost_answer_was_executed",
            "resilience/test_fault_matrix.py::test_a_fault_at_any_call_is_outlasted_or_explained_and_the_next_run_completes",
        ),
        row(
            "A new account has 10 concurrent executions, of which none can be reserved, and 3008 MB of memory",
            "aws/test_functions.py::test_a_new_account_cannot_reserve_concurrency_nor_have_much_memory",
            "unit/engine/test_preflight.py::test_a_new_account_cannot_reserve_and_is_told_so_with_all_the_rest",
            answers=(
                "lambda.PutFunctionConcurrency InvalidParameterValueException",
                "lambda.UpdateFunctionConfiguration ValidationException",
            ),
            doubles=("NewAccountLimits",),
        ),
        row(
            "Lambda cannot assume a new role for 5 to 20 s",
            "aws/test_roles.py::test_a_fresh_role_cannot_be_assumed_by_lambda_for_some_seconds",
            "resilience/test_waiting.py::test_while_a_new_role_spreads_everything_that_does_not_need_it_is_made",
            answers=("lambda.CreateFunction InvalidParameterValueException",),
            doubles=("RoleNotYetAssumable",),
        ),
        row(
            "A role deleted and made again under a standing function leaves it without its KMS grant",
            "aws/test_roles.py::test_a_role_made_anew_leaves_the_function_without_its_kms_grant",
            answers=("lambda.Invoke KMSAccessDeniedException",),
            doubles=("StaleKmsGrant",),
        ),
        row(
            "The name of a deleted bucket is busy for seconds, up to an hour",
            "aws/test_buckets.py::test_the_name_of_a_deleted_bucket_is_busy_for_some_seconds",
            answers=("s3.CreateBucket OperationAborted",),
            doubles=("BucketNameBusyAfterDelete",),
        ),
        row(
            "A deleted log group comes back with late lines of the function",
            "aws/test_log_groups.py::test_a_log_group_deleted_soon_after_a_run_comes_back_if_the_role_may_make_it",
            "unit/engine/test_rollback.py::test_a_log_group_that_late_lines_brought_back_is_deleted_once_more",
            doubles=("LogGroupComesBack",),
        ),
        row(
            "A region that is not enabled looks like a wrong key, and so does an account that is not activated",
            "aws/test_permissions.py::test_a_region_that_is_not_enabled_looks_like_a_bad_key_there_only",
            answers=(
                "apigateway.CreateRestApi UnrecognizedClientException",
                "lambda.CreateFunction OptInRequired",
            ),
            doubles=("DeadCredentials",),
        ),
        row(
            "botocore sends an invocation that timed out up to five times",
            "unit/aws/test_client.py::test_botocore_never_sends_a_call_twice_whatever_the_environment_says",
        ),
    ),
    "botocore": (
        row(
            "Retries depend on the mode, and that on the operator's environment",
            "unit/aws/test_client.py::test_botocore_never_sends_a_call_twice_whatever_the_environment_says",
        ),
        row(
            "Conflicts (409) and a role that is not assumable yet are retried in no mode",
            "unit/aws/test_retry.py::test_an_answer_of_the_catalogue_is_waited_for",
            answers=(
                "apigateway.CreateResource ConflictException",
                "lambda.UpdateFunctionConfiguration ResourceConflictException",
            ),
        ),
        row(
            "A used-up quota has the code of a throttle in some services, and would be waited for in vain",
            "unit/aws/test_error_rules.py::test_what_waiting_does_not_change_is_not_waited_for",
            answers=("iam.CreateRole LimitExceeded", "iam.CreateRole LimitExceededException"),
        ),
        row(
            "The text of the exception has words that AWS never sent",
            "unit/aws/test_error_rules.py::test_an_answer_of_aws_is_read_as_what_it_is",
        ),
        row(
            "A connection that breaks says nothing about whether the call was executed",
            "aws/test_faults.py::test_a_reset_or_hanging_call_was_not_executed",
            "unit/engine/test_apply.py::test_a_create_that_did_not_happen_is_sent_again_after_a_look",
            "unit/aws/test_retry.py::test_a_broken_connection_is_waited_for",
            "resilience/test_real_faults.py::test_a_fault_is_outlasted_or_explained_and_the_next_run_completes",
        ),
        row(
            "Some refusals are HTTP 502, as if they were a fault on AWS's side",
            "unit/aws/test_client.py::test_botocore_never_sends_a_call_twice_whatever_the_environment_says",
            answers=("lambda.Invoke KMSAccessDeniedException",),
        ),
        not_provoked(
            "Waiters take 301 and 403 for success, and stumble over a 404 in between",
            "The wizard uses none of botocore's waiters; it looks and decides itself.",
        ),
    ),
    "S3": (
        row(
            "The location must be absent in us-east-1 and that of the endpoint elsewhere",
            "aws/test_emulator.py::test_the_emulator_itself_checks_that_the_location_constraint_follows_the_region",
            "unit/resources/test_every_resource.py::test_the_bucket_is_in_the_chosen_region",
            answers=("s3.CreateBucket IllegalLocationConstraintException",),
        ),
        row(
            "Bucket names are shared by all accounts: one may be taken, and then forbidden to look at",
            "aws/test_buckets.py::test_a_bucket_of_somebody_else_is_taken_and_forbidden",
            "unit/engine/test_apply.py::test_a_bucket_name_that_somebody_else_has_is_a_message",
            answers=("s3.CreateBucket BucketAlreadyExists",),
            doubles=("BucketNamesTaken",),
        ),
        row(
            "Two settings of one bucket at a time are a conflict",
            "unit/engine/test_order.py::test_no_two_changes_of_one_chain_can_be_made_at_a_time",
            answers=("s3.PutBucketVersioning OperationAborted",),
        ),
        row(
            "A new bucket is not found for some seconds",
            "aws/test_buckets.py::test_a_new_bucket_is_not_found_for_some_seconds",
            answers=("s3.PutBucketVersioning NoSuchBucket",),
            doubles=("BucketNotYetVisible",),
        ),
        not_provoked(
            "Versioning that was just switched on needs 15 minutes to count everywhere",
            "What an object's version is in between shows to nobody: the wizard reads current objects alone, and empties a bucket by listing until nothing is left.",
        ),
        row(
            "Names have rules beyond letters and length, with reserved beginnings and ends",
            "aws/test_buckets.py::test_reserved_bucket_names_are_refused",
            "unit/settings/test_validators.py::test_bucket_names_that_s3_refuses_are_refused_here_with_the_rule",
            "unit/settings/test_validators.py::test_whatever_passes_as_a_bucket_name_obeys_the_documented_rules",
            answers=("s3.CreateBucket InvalidBucketName",),
            doubles=("ReservedBucketNames",),
        ),
        not_provoked(
            "Buckets may live in a name space of the account, and an organisation may demand it",
            "The wizard does not offer it yet; a refusal reads as the organisation's policy.",
        ),
        row(
            "A new bucket blocks public access and encrypts with SSE-S3 by itself",
            "unit/resources/test_every_resource.py::test_after_a_setup_it_reads_without_drift_and_without_changing_anything",
        ),
        row(
            "An organisation may forbid a single call, even one that would change nothing",
            "aws/test_permissions.py::test_an_explicit_deny_says_where_it_comes_from",
            answers=("s3.CreateBucket AccessDenied",),
            doubles=("ExplicitDeny",),
        ),
        row(
            "A bucket with its access block on refuses a public policy",
            "aws/test_emulator.py::test_the_emulator_itself_refuses_a_public_bucket_policy_while_the_access_block_is_on",
        ),
        row(
            "PutBucketTagging replaces all tags, those of other people too",
            "unit/resources/test_drift.py::test_other_peoples_tags_are_left_where_ours_are_put_back",
        ),
        row(
            "An answer to HEAD has no body, so neither code nor reason",
            "aws/test_permissions.py::test_an_error_to_a_head_request_has_no_body",
            "unit/engine/test_rollback.py::test_a_bucket_that_we_may_no_longer_see_is_a_missing_permission_not_somebody_elses",
            answers=("s3.HeadBucket ExpiredToken",),
        ),
        row(
            "Old versions and delete markers keep a bucket from being deleted",
            "aws/test_buckets.py::test_versions_and_delete_markers_keep_a_bucket_from_being_deleted",
            "unit/engine/test_rollback.py::test_a_versioned_bucket_is_emptied_of_old_versions_and_delete_markers",
            answers=("s3.DeleteBucket BucketNotEmpty",),
            doubles=("VersionsKeepTheBucket",),
        ),
        row(
            "A deleted bucket is still listed for some seconds",
            "unit/engine/test_order.py::test_every_deletion_is_followed_by_a_look_whether_it_is_gone",
        ),
        row(
            "DeleteObjects answers 200 although some objects stay",
            "unit/resources/test_objects.py::test_objects_that_s3_does_not_delete_are_an_error_although_it_answers_200",
        ),
    ),
    "IAM": (
        row(
            "A role of that name may be there already",
            "unit/engine/test_rollback.py::test_a_role_without_a_tag_is_adopted_changed_and_restored",
            "aws/test_emulator.py::test_the_emulator_itself_refuses_duplicates_and_keeps_roles_with_policies",
            answers=("iam.CreateRole EntityAlreadyExists",),
        ),
        row(
            "A role that Lambda may never assume is refused with the words for one that it cannot assume yet",
            "aws/test_roles.py::test_a_role_that_does_not_trust_lambda_is_refused_with_the_same_text_for_ever",
            "unit/engine/test_apply.py::test_a_role_that_is_never_assumable_ends_in_a_state_that_the_next_run_continues",
            doubles=("RoleMustTrustLambda",),
        ),
        row(
            "An explicit deny is for ever and names the policy that it comes from",
            "aws/test_permissions.py::test_an_explicit_deny_says_where_it_comes_from",
            "unit/aws/test_error_rules.py::test_an_explicit_deny_is_never_waited_for",
            answers=("lambda.CreateFunction AccessDeniedException", "iam.CreateRole AccessDenied"),
        ),
        row(
            "A role with policies cannot be deleted, and its policies linger after they were taken off",
            "aws/test_emulator.py::test_the_emulator_itself_refuses_duplicates_and_keeps_roles_with_policies",
            answers=("iam.DeleteRole DeleteConflict",),
        ),
        row(
            "The ARN of a new role may be an id for some seconds",
            "unit/engine/test_apply.py::test_a_role_whose_arn_is_not_known_yet_is_not_given_to_the_function",
        ),
        row(
            "A policy that names a new role is refused as malformed",
            "unit/aws/test_error_rules.py::test_an_answer_of_aws_is_read_as_what_it_is",
            answers=("iam.PutRolePolicy MalformedPolicyDocument",),
        ),
        row(
            "A new role is not found for some seconds",
            "resilience/test_waiting.py::test_a_whole_life_cycle_waits_for_everything_and_says_for_what",
            answers=("iam.PutRolePolicy NoSuchEntity",),
        ),
        row(
            "Another change of the role is under way",
            "unit/aws/test_error_rules.py::test_an_answer_of_aws_is_read_as_what_it_is",
        ),
        row(
            "An organisation may demand a permissions boundary on every role",
            "aws/test_conditions.py::test_a_boundary_counts_in_the_request_of_a_new_role_and_on_the_role_later",
            answers=("iam.CreateRole AccessDenied",),
        ),
        row(
            "Who makes a function must be allowed to pass its role, and who makes a thing with tags to tag it",
            "aws/test_permissions.py::test_the_role_must_be_passed_and_tags_must_be_allowed",
            "e2e/test_operator_policy.py::test_the_life_cycle_needs_every_action_of_the_printed_policy_and_no_other",
            answers=("lambda.CreateFunction AccessDeniedException",),
            doubles=("ImpliedPermissions", "ExactActions"),
        ),
    ),
    "Lambda": (
        row(
            "A new function is Pending and refuses changes and calls",
            "aws/test_functions.py::test_a_new_function_is_pending_and_refuses_calls",
            "unit/engine/test_apply.py::test_a_function_that_is_pending_is_not_changed_until_it_is_ready",
            answers=("lambda.AddPermission ResourceConflictException",),
            doubles=("FunctionPending",),
        ),
        row(
            "A changed function is InProgress and refuses the next change",
            "aws/test_functions.py::test_an_update_is_in_progress_for_some_seconds_but_the_function_answers",
            answers=("lambda.UpdateFunctionConfiguration ResourceConflictException",),
        ),
        row(
            "A function may end as Failed",
            "unit/resources/test_every_resource.py::test_a_function_that_lambda_could_not_prepare_stops_with_lambdas_own_reason",
            "unit/engine/test_rollback.py::test_a_function_whose_last_update_failed_is_named_and_does_not_wedge_the_rollback",
        ),
        row(
            "A function that exists already is a conflict like one that is busy",
            "unit/engine/test_rollback.py::test_a_function_that_is_not_ours_is_never_adopted_because_its_code_would_be_lost",
            answers=("lambda.CreateFunction ResourceConflictException",),
        ),
        row(
            "A deleted function is still seen for some seconds",
            "aws/test_functions.py::test_a_deleted_function_is_still_seen_for_some_seconds",
            "unit/engine/test_order.py::test_every_deletion_is_followed_by_a_look_whether_it_is_gone",
            doubles=("FunctionDeletesLater",),
        ),
        row(
            "A change of a function lets the invocations that run end",
            "aws/test_functions.py::test_a_change_lets_running_invocations_end",
            "e2e/test_upgrade.py::test_an_upgrade_and_the_way_back_refuse_nobody",
            doubles=("RunningInvocationsEnd",),
        ),
        row(
            "A function without statements has no policy at all (404)",
            "aws/test_functions.py::test_a_function_without_permissions_has_no_policy",
            doubles=("NoPolicyIsNotFound",),
        ),
        row(
            "A permission of that name is there already, or wider than it was made",
            "aws/test_emulator.py::test_the_emulator_itself_refuses_duplicates_and_keeps_roles_with_policies",
            "unit/resources/test_drift.py::test_a_change_behind_our_back_is_named_and_exactly_that_is_repaired",
        ),
        row(
            "Two changes of one function's policy at a time may lose one",
            "unit/engine/test_order.py::test_no_two_changes_of_one_chain_can_be_made_at_a_time",
        ),
        row(
            "An update that names no variables keeps the old ones",
            "unit/resources/test_drift.py::test_a_change_behind_our_back_is_named_and_exactly_that_is_repaired",
        ),
        row(
            "A new function is not found for some seconds",
            "unit/aws/test_error_rules.py::test_an_answer_of_aws_is_read_as_what_it_is",
            answers=("lambda.AddPermission ResourceNotFoundException",),
        ),
        row(
            "Environment: 4 KB in all, reserved names, and AWS's refusal repeats the values",
            "aws/test_functions.py::test_settings_that_lambda_refuses",
            "unit/commands/test_token.py::test_more_tokens_than_the_functions_environment_holds_are_refused_before_anything_is_written",
            "unit/aws/test_error_rules.py::test_the_values_that_aws_repeats_in_the_4_kb_error_are_not_shown",
            answers=("lambda.UpdateFunctionConfiguration InvalidParameterValueException",),
            doubles=("EnvironmentRules",),
        ),
        row(
            "A runtime is taken no more some day",
            "aws/test_functions.py::test_settings_that_lambda_refuses",
            "e2e/test_retired_settings.py::test_setup_says_which_flag_cures_it_because_it_would_write_the_runtime",
            doubles=("RuntimesRetired",),
        ),
        row(
            "There may be no room for code in the account",
            "unit/aws/test_error_rules.py::test_an_answer_of_aws_is_read_as_what_it_is",
            answers=("lambda.CreateFunction CodeStorageExceededException",),
        ),
        row(
            "A failed invocation is HTTP 200, and its log is in the answer only when asked for",
            "e2e/test_end_to_end.py::test_send_test_fails_when_the_function_cannot_store",
            "aws/test_functions.py::test_a_spoilt_answer_carries_the_end_of_the_log",
        ),
        row(
            "With a reserved concurrency of 0 every request is refused, and API Gateway bills it all the same",
            "unit/settings/test_resolve.py::test_a_deployment_that_a_reserved_concurrency_of_0_closed_stays_closed_free_of_charge",
            "e2e/test_version_0_1_0.py::test_a_deployment_that_a_reserved_concurrency_of_0_had_closed_is_closed_by_its_stage",
        ),
        row(
            "The log group appears with the first invocation, without retention, and outlives the function",
            "unit/engine/test_rollback.py::test_a_log_group_that_lambda_made_earlier_is_adopted_without_asking_and_stays",
            answers=("logs.CreateLogGroup ResourceAlreadyExistsException",),
        ),
        row(
            "Only certain numbers of days are a retention, and two changes at a time a conflict",
            "unit/settings/test_validators.py::test_only_the_retentions_that_cloudwatch_knows_are_taken",
            answers=("logs.PutRetentionPolicy OperationAbortedException",),
        ),
        row(
            "The ARN of a log group has a star at its end that tag calls refuse",
            "unit/resources/test_drift.py::test_the_log_groups_arn_is_without_the_star_that_tag_calls_refuse",
        ),
    ),
    "API Gateway": (
        row(
            "Two changes of one API at a time are a conflict, or a bad request",
            "unit/engine/test_order.py::test_the_bucket_the_function_and_the_api_are_chains",
            answers=(
                "apigateway.CreateResource ConflictException",
                "apigateway.CreateResource BadRequestException",
            ),
        ),
        row(
            "A new API is not found for some seconds",
            "unit/aws/test_error_rules.py::test_an_answer_of_aws_is_read_as_what_it_is",
            answers=("apigateway.CreateResource NotFoundException",),
        ),
        row(
            "Names of APIs are not unique",
            "unit/engine/test_rollback.py::test_an_api_of_the_same_name_is_left_alone_because_names_are_not_unique",
        ),
        row(
            "A new API is EDGE unless told otherwise, and may become it",
            "unit/resources/test_drift.py::test_a_change_behind_our_back_is_named_and_exactly_that_is_repaired",
        ),
        row(
            "A method or a resource cannot be put twice",
            "aws/test_api_gateway.py::test_a_method_cannot_be_put_twice",
            doubles=("MethodsAreUnique",),
        ),
        row(
            "An integration response needs the method response first",
            "aws/test_api_gateway.py::test_an_integration_response_needs_the_method_response_first",
            doubles=("IntegrationResponseNeedsMethodResponse",),
        ),
        row(
            "An API without methods or integration cannot be deployed",
            "aws/test_api_gateway.py::test_an_api_without_methods_or_integration_cannot_be_deployed",
            doubles=("DeploymentNeedsMethods",),
        ),
        not_provoked(
            "A stage's log needs a role that the whole account shares",
            "The wizard switches no stage log on, and never touches the account's role.",
        ),
        not_provoked(
            "Binary media types for everything make a mock preflight answer 500",
            "The wizard sets none: the gateway inflates what browsers compress.",
        ),
        not_provoked(
            "The name of a new API is unknown to DNS for a while, and resolvers remember that",
            "Emulators are reached by number. The wizard asks for the name when everything else is proved.",
        ),
        row(
            "Without the right to invoke the function the endpoint answers 500",
            "aws/test_api_gateway.py::test_an_endpoint_without_lambda_permission_answers_500_with_the_deployed_headers",
            doubles=("EndpointNeedsLambdaPermission",),
        ),
        row(
            "A permission that AddPermission has accepted may be lost again",
            "unit/endpoint/test_checks.py::test_a_permission_that_lambda_accepted_and_lost_is_made_again_in_the_same_run",
        ),
        row(
            "A deployment that a stage shows cannot be deleted",
            "aws/test_api_gateway.py::test_a_deployment_that_a_stage_shows_cannot_be_deleted_one_that_none_shows_can",
            doubles=("ShownDeploymentsStay",),
        ),
        row(
            "A stage that is deployed to again may show the copy of before for some seconds",
            "aws/test_api_gateway.py::test_a_stage_that_is_deployed_to_again_shows_the_copy_of_before_for_some_answers",
            "unit/endpoint/test_checks.py::test_a_stage_that_still_shows_the_copy_of_before_is_waited_for",
            "unit/endpoint/test_checks.py::test_one_good_answer_is_no_proof_because_other_servers_may_have_the_copy_of_before",
            "resilience/test_waiting.py::test_the_copy_of_before_that_a_stage_still_shows_is_waited_for",
            doubles=("OldCopyAfterDeployment",),
        ),
        row(
            "A stage without limits of its own has the account's; a limit is set as text, read as number, and 0 refuses all",
            "aws/test_api_gateway.py::test_limits_of_a_stage_are_texts_that_come_back_as_numbers_are_kept_by_deployments_and_0_refuses_all",
            "unit/engine/test_apply.py::test_a_closed_endpoint_refuses_everybody_and_its_function_is_proved_by_a_direct_invocation",
        ),
        row(
            "Behind a proxy that inspects TLS only the certificate authorities of AWS_CA_BUNDLE help",
            "unit/endpoint/test_tls.py::test_the_file_of_authorities_is_found_where_botocore_looks_for_it",
            "unit/endpoint/test_tls.py::test_the_endpoint_is_reached_with_an_authority_of_ones_own",
            "unit/endpoint/test_tls.py::test_who_cannot_be_trusted_is_told_at_once_and_the_proof_is_not_tried_for_a_minute",
            "unit/endpoint/test_tls.py::test_a_call_to_aws_through_a_proxy_that_cannot_be_trusted_is_told_at_once",
        ),
        row(
            "The URL of a new stage answers 403 for some seconds",
            "aws/test_api_gateway.py::test_the_url_of_a_new_stage_is_unknown_for_some_seconds",
            "unit/engine/test_apply.py::test_a_url_that_is_not_in_service_yet_is_waited_for",
            doubles=("FreshStageUrl",),
        ),
        row(
            "An answer above 6 MB is not passed on",
            "lambda_code/test_contract.py::test_an_answer_stays_below_the_6_mb_that_lambda_passes_on",
        ),
        row(
            "The gateway's own errors have no CORS headers unless they are set, and count once deployed",
            "aws/test_emulator.py::test_the_emulator_itself_applies_gateway_responses_only_once_deployed",
            "e2e/test_browser.py::test_a_page_can_read_an_error_that_the_gateway_itself_makes",
        ),
        row(
            "A preflight carries no token and must be let through, with the token's header allowed",
            "e2e/test_browser.py::test_a_page_of_another_origin_sends_an_event_and_reads_the_answer",
            "unit/settings/test_resolve.py::test_headers_without_the_token_header_are_refused_because_no_page_could_send",
        ),
        row(
            "Headers come in any case, in the multiple form only, or not at all",
            "lambda_code/test_contract.py::test_the_header_is_found_in_any_case_because_clients_keep_the_case_they_typed",
            "lambda_code/test_contract.py::test_headers_may_come_in_the_multiple_form_only",
            "lambda_code/test_contract.py::test_an_event_of_any_shape_is_answered",
        ),
    ),
    "SNS, CloudWatch alarms": (
        row(
            "CreateTopic answers 200 for a topic that stands already, and refuses other tags than it has",
            "unit/resources/test_alarms.py::test_a_topic_of_somebody_under_our_name_is_refused_with_the_flag_that_uses_it",
            answers=("sns.CreateTopic InvalidParameter",),
        ),
        row(
            "An address is told nothing before it has confirmed, and AWS forgets it after 48 hours",
            "unit/resources/test_alarms.py::test_until_the_address_has_confirmed_it_is_said_what_to_do_although_nothing_differs",
            "unit/resources/test_alarms.py::test_an_address_that_is_told_no_more_is_missing_and_asked_anew",
        ),
        row(
            "A subscription that waits for its confirmation has no ARN and cannot be deleted",
            "unit/resources/test_alarms.py::test_a_former_address_that_never_confirmed_cannot_be_taken_off_and_stops_nothing",
        ),
        row(
            "Who unsubscribes by the link in a mail is listed for a while, with Deleted in place of an ARN",
            "unit/resources/test_alarms.py::test_an_address_that_is_told_no_more_is_missing_and_asked_anew",
        ),
        row(
            "PutMetricAlarm overwrites an alarm of that name without a word, and empties what is left out",
            "unit/resources/test_alarms.py::test_an_alarm_of_somebody_under_our_name_is_not_overwritten_although_aws_would_let_us",
            "unit/resources/test_alarms.py::test_a_repair_of_an_alarm_keeps_what_somebody_added_to_it",
            "unit/resources/test_alarms.py::test_one_that_was_adopted_is_afterwards_as_it_was_to_the_last_member",
        ),
        row(
            "No alarm reaches a topic that is encrypted with AWS's own key, or one of another region",
            "unit/resources/test_drift.py::test_a_change_behind_our_back_is_named_and_exactly_that_is_repaired",
            "unit/resources/test_alarms.py::test_a_topic_of_another_region_is_refused_because_no_alarm_could_ever_tell_it",
        ),
        row(
            "A function that is not called has no data, which counts as neither good nor bad unless one says so",
            "unit/resources/test_alarms.py::test_silence_is_an_alarm_of_so_many_hours_in_which_no_data_is_what_it_waits_for",
        ),
        row(
            "An alarm can stop and terminate machines, whoever made it",
            "e2e/test_operator_detours.py::test_the_detour_is_refused_and_nothing_else_refuses_it",
        ),
        row(
            "SNS says AuthorizationError where others say AccessDenied",
            "e2e/test_operator_policy.py::test_the_life_cycle_needs_every_action_of_the_printed_policy_and_no_other",
            answers=("sns.CreateTopic AuthorizationError",),
        ),
        row(
            "A topic is not visible everywhere at once",
            answers=("sns.Subscribe NotFound",),
        ),
        not_provoked(
            "An alarm for missing data may go off once before the first event has been counted",
            "No emulator looks at alarms by itself. It is said in the page on operation.",
        ),
    ),
    "Credentials, region, organisation": (
        row(
            "None, or half of them, or an unknown profile, or no region",
            "unit/aws/test_caller.py::test_an_unknown_profile_is_a_message",
            "resilience/test_credentials.py::test_every_way_to_lose_a_login_names_a_command_that_takes_the_profile",
        ),
        row(
            "They expire in the middle of a run, with another code in every service",
            "aws/test_permissions.py::test_dead_credentials_have_each_services_own_code",
            "aws/test_permissions.py::test_credentials_expire_at_a_chosen_call_and_a_new_login_helps",
            "unit/engine/test_apply.py::test_dead_credentials_stop_the_run_and_nothing_is_taken_back",
            answers=("iam.CreateRole ExpiredToken",),
            doubles=("DeadCredentials",),
        ),
        row(
            "A clock that differs by five minutes makes every signature wrong",
            "unit/aws/test_error_rules.py::test_an_answer_of_aws_is_read_as_what_it_is",
            answers=("s3.CreateBucket RequestTimeTooSkewed", "logs.CreateLogGroup InvalidSignatureException"),
        ),
        row(
            "The right keys of another account",
            "unit/aws/test_caller.py::test_other_credentials_are_refused_before_anything_is_touched",
        ),
        row(
            "MFA may be demanded by an explicit deny in the user's own policy",
            "unit/engine/test_preflight.py::test_a_permission_that_hangs_on_a_condition_is_not_called_missing",
            answers=("iam.CreateRole AccessDenied",),
        ),
        row(
            "The search for tags goes on listing what was deleted, and hears of new tags late; it knows no roles",
            "unit/engine/test_fleet.py::test_what_aws_lists_by_its_tag_after_it_was_deleted_is_not_there",
            "unit/engine/test_fleet.py::test_what_the_state_file_names_is_found_although_aws_has_not_heard_of_its_tags_yet",
        ),
    ),
    "CloudWatch": (
        row(
            "GetMetricData begins to count at StartTime, so that a period of a day has one value; emulators keep days apart",
            "unit/endpoint/test_traffic.py::test_of_two_days_of_an_emulator_counts_are_added_and_the_longer_time_holds",
        ),
        row(
            "A metric that nothing was measured of has no value, which is not zero",
            "unit/endpoint/test_traffic.py::test_where_nothing_was_measured_there_are_no_zeros",
        ),
        row(
            "GetMetricData answers 200 where it may not, or cannot, read a metric: Forbidden or InternalError stands beside it",
            "unit/endpoint/test_traffic.py::test_what_cannot_be_told_is_no_failure_but_says_why_and_what_to_do",
        ),
        row(
            "Calls are signed for `monitoring`, actions begin with `cloudwatch:`, and IAM knows no single metric",
            "aws/test_operations.py::test_a_call_to_cloudwatch_has_the_name_that_iam_gives_it_and_not_that_of_its_signature",
            "e2e/test_operator_policy.py::test_the_life_cycle_needs_every_action_of_the_printed_policy_and_no_other",
        ),
    ),
    "Firehose, Glue, Athena": (
        row(
            "A stream stores what it has taken together, gzipped, minutes later, under the hour of its first record",
            "aws/test_streams.py::test_records_are_stored_together_and_gzipped_when_the_streams_time_has_passed",
            "aws/test_firehose.py::test_a_full_buffer_is_delivered_at_once",
            "aws/test_firehose.py::test_delivery_may_be_late_and_loses_nothing",
            "e2e/test_buffered_load.py::test_of_5000_events_from_50_clients_each_is_found_once_and_raw_has_only_what_was_sent_again",
            doubles=("StreamsBuffer",),
        ),
        row(
            "A stream may take a record and not answer in time: the events are stored twice, with the same ids",
            "e2e/test_buffered_load.py::test_a_stream_that_refuses_or_gives_no_answer_costs_no_event_and_what_is_told_is_true",
        ),
        row(
            "A stream that is changed loses nothing of what it holds",
            "aws/test_streams.py::test_a_stream_that_is_changed_loses_nothing_of_what_it_holds",
            doubles=("StreamsBuffer",),
        ),
        row(
            "A stream that is deleted takes along what it has not delivered",
            "aws/test_streams.py::test_deleting_a_stream_deletes_what_it_has_not_delivered_so_the_wizard_must_wait",
            "resilience/test_waiting.py::test_a_stream_is_deleted_when_the_last_record_that_it_may_have_taken_is_in_the_bucket",
            doubles=("StreamsBuffer",),
        ),
        row(
            "A stream is made in the background, or could not be made; it is deleted in the background, too",
            "unit/resources/test_buffered_ingest.py::test_a_stream_in_the_making_is_waited_for_and_one_that_is_being_deleted_is_gone",
            "unit/resources/test_buffered_ingest.py::test_a_stream_that_firehose_cannot_make_stops_with_firehoses_own_reason_and_is_made_anew_once",
        ),
        row(
            "Firehose cannot take on a role of a moment ago, and says so in two ways; one that is being deleted keeps its name",
            answers=(
                "firehose.CreateDeliveryStream InvalidArgumentException",
                "firehose.CreateDeliveryStream ResourceInUseException",
            ),
        ),
        row(
            "A view of Athena's is a table of the catalog with its SQL and columns, as JSON in Base64, in a comment",
            "unit/resources/test_query_table.py::test_a_view_is_written_down_as_athena_does_it",
            "unit/events/test_table_sql.py::test_an_event_has_the_columns_that_query_gives_it_however_odd_it_is",
        ),
        row(
            "Glue has tags on databases, tables go with theirs; IAM is asked about catalog, database and tables together",
            "unit/resources/test_query_table.py::test_switched_off_all_of_it_goes_and_no_event",
            "e2e/test_operator_policy.py::test_the_query_table_needs_every_action_that_the_printed_policy_has_for_it",
        ),
        row(
            "A database is not visible everywhere at once, and the catalog may be busy",
            answers=(
                "glue.CreateTable EntityNotFoundException",
                "glue.CreateTable OperationTimeoutException",
            ),
        ),
        row(
            "Where Lake Formation guards the catalog it refuses what IAM allows, with the same code",
            "unit/resources/test_query_table.py::test_whose_lake_formation_forbids_it_learns_that_no_policy_of_iam_helps",
            answers=("glue.CreateDatabase AccessDeniedException",),
        ),
        row(
            "Athena has one code for all requests that it does not take; that a workgroup is not there, or there already, its text says",
            "unit/resources/test_query_table.py::test_only_what_says_that_there_is_no_workgroup_is_taken_for_that",
            "unit/resources/test_query_table.py::test_what_somebody_has_under_our_names_is_refused_and_left_alone",
            answers=("athena.CreateWorkGroup InvalidRequestException",),
        ),
        not_provoked(
            "A workgroup in which a query has run is only deleted with its history",
            "The wizard always deletes it with its history; no emulator refuses the other way.",
        ),
        row(
            "A query is queued, runs and ends; its answer comes in pages of a thousand rows, of which the first names the columns, as text",
            "aws/test_athena.py::test_states_follow_each_other_and_a_query_can_be_stopped_before_its_end",
            "aws/test_athena.py::test_a_page_has_a_thousand_rows_and_the_names_are_the_first_row",
            "unit/aws/test_athena.py::test_a_long_answer_is_read_page_by_page_and_its_names_are_no_row",
            "unit/aws/test_athena.py::test_ctrl_c_ends_the_query_as_well_because_it_would_go_on_costing",
        ),
        row(
            "A query that is started again with the token of one that was started is that one",
            "aws/test_athena.py::test_a_token_that_was_used_starts_nothing_new",
            "unit/aws/test_athena.py::test_a_query_whose_start_was_not_answered_is_started_once",
        ),
        row(
            "A query that has read more than its workgroup allows is cancelled, and billed",
            "aws/test_athena.py::test_a_query_that_reads_too_much_is_cancelled_and_what_it_has_read_is_told",
            "unit/aws/test_athena.py::test_a_query_that_would_read_more_than_it_may_says_what_to_do",
        ),
        row(
            "Athena reads the objects of projected partitions line by line, and of those alone that a query may need",
            "aws/test_athena.py::test_a_table_shows_the_lines_of_its_partitions_objects_by_the_column",
            "aws/test_athena.py::test_a_partition_that_a_query_leaves_out_is_not_read_and_not_billed",
            "aws/test_athena.py::test_a_range_that_is_not_of_the_days_format_fails_every_query",
            "unit/events/test_engines_agree.py::test_both_engines_give_the_same_answer",
            "unit/events/test_engines_agree.py::test_a_period_is_all_that_athena_reads_because_it_bills_what_it_reads",
            doubles=("AthenaReadsTheCatalog",),
        ),
        row(
            "Athena reads the catalog and the objects with the rights of whoever asks",
            "e2e/test_operator_policy.py::test_the_query_table_needs_every_action_that_the_printed_policy_has_for_it",
            doubles=("AthenaReadsTheCatalog",),
        ),
        row(
            "A view that was made without SerDe information may fail every query of it",
            "aws/test_athena.py::test_a_view_without_serde_info_fails_every_query_of_it_as_was_seen_at_aws",
            "unit/resources/test_drift.py::test_a_change_behind_our_back_is_named_and_exactly_that_is_repaired",
        ),
        row(
            "A view whose declared columns are not those of its query is stale, and every query of it fails",
            "aws/test_athena.py::test_a_view_is_what_the_catalog_says_and_stale_where_its_columns_are_others",
        ),
        row(
            "SQL is Trino's; a mistake in it is found before the query runs, or makes it fail with its place in the text",
            "aws/test_athena.py::test_what_is_no_sql_of_athenas_is_refused_before_it_runs",
            "unit/aws/test_athena.py::test_a_mistake_in_the_sql_is_the_operators_and_told_with_what_there_is",
            answers=("athena.StartQueryExecution InvalidRequestException",),
        ),
        row(
            "Lake Formation, missing rights, memory and Athena's own faults make a query fail, each with words of its own",
            "unit/aws/test_athena.py::test_why_a_query_has_failed_decides_what_the_operator_is_told",
        ),
    ),
    "Where emulators differ": (
        row(
            "Calls take time",
            "aws/test_operations.py::test_latency_takes_time_on_every_call",
            doubles=("Latency",),
        ),
        row(
            "The permission simulation heeds resources and conditions",
            "aws/test_permissions.py::test_the_permission_simulation_heeds_every_resource_and_the_context",
            doubles=("SimulationLooksAtEverything",),
        ),
        row(
            "Conditions of policies count",
            "aws/test_conditions.py::test_an_operator_compares_exactly_as_iam_does",
            "aws/test_conditions.py::test_an_operator_that_is_not_known_is_never_taken_for_fulfilled",
        ),
        row(
            "All of it together, on a normal day",
            "aws/test_profiles.py::test_a_patient_client_gets_everything_done_in_the_real_aws_profile",
            "resilience/test_waiting.py::test_a_whole_life_cycle_waits_for_everything_and_says_for_what",
        ),
    ),
    "Any call": (
        row(
            "Refused once, refused for ever, throttled, 500, cut off, silent, or executed with its answer lost",
            "resilience/test_fault_matrix.py::test_a_fault_at_any_call_is_outlasted_or_explained_and_the_next_run_completes",
            "resilience/test_real_faults.py::test_a_fault_is_outlasted_or_explained_and_the_next_run_completes",
            "aws/test_faults.py::test_standard_faults_in_every_services_wire_form",
            answers=("lambda.CreateFunction ServiceException", "s3.CreateBucket SlowDown"),
        ),
        row(
            "The wizard itself is killed before or after it",
            "resilience/test_crash_matrix.py::test_a_kill_at_any_moment_is_made_good_by_the_next_command",
            "resilience/test_real_kills.py::test_after_a_sigkill_the_next_command_finishes_or_takes_everything_back",
        ),
        row(
            "What answers is not AWS but a page to sign in to a network",
            "unit/aws/test_caller.py::test_a_sign_in_page_instead_of_aws_is_said_so_because_it_is_no_fault_of_ours",
        ),
    ),
    "Not confirmed": (
        not_provoked(
            "How long the URL of a new API is not served",
            "No source has a figure. The double takes some seconds, the wizard waits up to its limit.",
        ),
        not_provoked(
            "Whether encryption that is set without blocked types allows SSE-C again",
            "No source; it shows to nobody who does not use SSE-C.",
        ),
        not_provoked(
            "When the name of a deleted function can be used again",
            "No source. The wizard looks until the function is gone.",
        ),
    ),
    "Learned from the second look": (
        row(
            "A REST API inflates compressed requests by itself and leaves the header; others hand them over as base64",
            "aws/test_api_gateway.py::test_a_rest_api_hands_a_compressed_request_over_inflated",
            "aws/test_payloads.py::test_an_endpoint_of_ours_stores_what_a_client_has_compressed",
            "e2e/test_browser.py::test_a_page_may_compress_its_events_where_the_gateway_inflates_them_as_aws_does",
            doubles=("RestApiInflates",),
        ),
        row(
            "CreateBucket takes no tags in some partitions, nor in some look-alikes of S3",
            "aws/test_buckets.py::test_tags_of_a_new_bucket_are_refused_where_s3_knows_none_there",
            "resilience/test_crash_matrix.py::test_a_kill_at_any_moment_is_made_good_by_the_next_command",
            doubles=("BucketTagsRefused",),
        ),
        row(
            "Policies of organizations may deny every create call that lacks a tag",
            "aws/test_permissions.py::test_an_organization_may_demand_a_tag_in_every_create_call",
            "unit/resources/test_tags.py::test_they_are_in_the_create_call_because_organizations_deny_calls_without",
            "unit/resources/test_tags.py::test_what_an_organization_refuses_says_that_tags_may_be_missing_and_what_to_type",
            doubles=("TagsDemanded",),
        ),
        row(
            "Attaching policies, passing roles and changing code add up to administrator access",
            "e2e/test_operator_detours.py::test_the_detour_is_refused_and_nothing_else_refuses_it",
            "e2e/test_operator_detours.py::test_who_may_write_a_roles_policy_and_trust_is_administrator_unless_there_is_a_boundary",
            "aws/test_conditions.py::test_a_managed_policy_is_named_by_its_arn",
            "aws/test_conditions.py::test_a_boundary_counts_in_the_request_of_a_new_role_and_on_the_role_later",
            "aws/test_conditions.py::test_a_role_is_passed_to_the_service_of_the_call",
        ),
        row(
            "An API that lost its tags is listed without them, and whom the tag let change it may not any more",
            "e2e/test_operator_policy.py::test_an_api_that_lost_its_tag_is_out_of_reach_until_a_wide_policy_puts_it_back",
            doubles=("ApisShowTheirTags",),
        ),
        row(
            "Rights on all APIs reach those of others; tags of an API hold for everything below it",
            "e2e/test_operator_detours.py::test_the_detour_is_refused_and_nothing_else_refuses_it",
            "unit/aws/test_operator_policy.py::test_wide_opens_the_apis_of_the_region_and_nothing_else",
            "unit/aws/test_operator_policy.py::test_a_refusal_at_an_api_names_the_tag_that_it_hangs_on_and_the_way_out",
            "aws/test_conditions.py::test_what_an_api_is_tagged_with_holds_for_everything_below_it",
            "aws/test_conditions.py::test_a_new_api_is_judged_by_the_tags_in_the_request",
            "aws/test_conditions.py::test_who_tags_an_api_needs_the_right_to_change_it",
        ),
        row(
            "SSE-KMS without a Bucket Key asks KMS for every object",
            "unit/resources/test_drift.py::test_a_bucket_with_kms_gets_a_bucket_key_because_every_object_would_cost_a_call_to_kms",
        ),
        row(
            "A bucket takes plain HTTP unless its policy denies it",
            "unit/aws/test_policies.py::test_whoever_comes_without_tls_is_refused_by_bucket_and_objects",
            "unit/resources/test_bucket_policy.py::test_the_statements_of_an_adopted_bucket_stay_and_only_ours_goes",
            "unit/resources/test_bucket_policy.py::test_statements_that_others_add_after_the_plan_was_made_are_not_lost",
        ),
        row(
            "The name of a deleted bucket is free for everybody: a stranger's bucket may let us in",
            "lambda_code/test_storage.py::test_a_bucket_that_a_stranger_has_made_anew_gets_no_event",
            "aws/test_buckets.py::test_a_bucket_of_another_account_than_expected_is_forbidden",
            "unit/resources/test_stranger.py::test_status_and_setup_say_that_the_name_may_have_been_taken",
            "unit/resources/test_stranger.py::test_every_call_to_the_bucket_names_the_account_that_it_should_be_of",
            answers=("s3.PutBucketVersioning AccessDenied",),
            doubles=("BucketOwnerIsChecked",),
        ),
        row(
            "Lambda's 6 MB is the whole escaped event: bodies end near 5 MB",
            "unit/settings/test_resolve.py::test_the_defaults_are_the_documented_ones",
            "unit/settings/test_resolve.py::test_a_former_default_that_was_retired_becomes_todays_because_nobody_chose_it",
            "unit/settings/test_resolve.py::test_what_wants_to_change_things_refuses_a_retired_value_and_says_all_flags_that_cure_it",
            "lambda_code/test_contract.py::test_a_body_above_the_size_is_413_counted_in_bytes_and_not_in_characters",
        ),
        row(
            "A gateway waits 29 s for its function, whatever the function's own timeout",
            "unit/settings/test_resolve.py::test_a_timeout_above_the_gateways_needs_insisting_unless_it_stands_already",
            "e2e/test_closed.py::test_a_timeout_above_the_gateways_is_taken_from_who_insists_once",
        ),
        row(
            "AWS's runtime client loads the package, hands events of every front end over and takes only certain answers",
            "lambda_code/test_runtime.py::test_every_shape_of_event_is_answered_as_a_proxy_integration_wants_it",
            "lambda_code/test_memory.py::test_the_largest_requests_are_handled_within_the_functions_memory",
        ),
        row(
            "Half a character in JSON is valid, and makes a whole set of events unreadable",
            "lambda_code/test_contract.py::test_a_good_request_is_stored_as_sent_with_the_missing_members_filled_in",
            "lambda_code/test_properties.py::test_what_is_stored_is_what_was_sent_plus_the_filled_members",
        ),
        row(
            "A runtime ends while a deployment stands",
            "unit/settings/test_runtimes.py::test_a_runtime_is_warned_of_half_a_year_before_its_end",
            "e2e/test_closed.py::test_status_warns_of_the_end_of_a_runtime_and_is_healthy_all_the_same",
        ),
        row(
            "The gateway's own error text is put into its JSON as it is, quotes and all",
            "aws/test_payloads.py::test_what_the_gateway_says_of_a_request_with_quotes_in_it_is_json_still",
        ),
        row(
            "SSO refuses a role that was never assigned",
            "unit/aws/test_error_rules.py::test_an_answer_of_aws_is_read_as_what_it_is",
            answers=("sts.GetCallerIdentity ForbiddenException",),
        ),
        row(
            "In China anonymous calls are answered 403 until the account has a filing",
            "unit/engine/test_preflight_notes.py::test_china_is_told_of_the_filing_without_which_every_event_is_answered_403",
        ),
        row(
            "EDGE does not exist outside of the commercial partition",
            "unit/engine/test_preflight_notes.py::test_an_endpoint_type_that_the_partition_lacks_is_refused_before_the_first_change",
        ),
        row(
            "The permission simulation may be refused, throttled, broken or missing",
            "unit/engine/test_preflight_notes.py::test_a_broken_permission_simulation_is_a_note_and_no_second_is_waited",
            "unit/engine/test_preflight_notes.py::test_an_iam_that_cannot_be_reached_is_a_note_too",
        ),
        row(
            "The managed policy for logs covers all groups and brings a deleted one back",
            "unit/aws/test_policies.py::test_the_function_writes_to_its_own_log_group_and_to_no_other",
            "unit/aws/test_policies.py::test_the_function_cannot_bring_a_deleted_log_group_back",
            "e2e/test_version_0_1_0.py::test_the_function_may_write_its_logs_at_every_moment_of_the_change",
            "unit/engine/test_rollback.py::test_late_lines_are_waited_for_where_the_role_could_make_log_groups_and_it_is_said",
            "unit/engine/test_rollback.py::test_a_role_of_ours_cannot_make_log_groups_so_nothing_is_waited_for",
        ),
        row(
            "A stream takes so many requests and bytes a second and refuses what is above",
            "aws/test_streams.py::test_a_stream_refuses_above_its_quota_and_where_there_is_none",
            "aws/test_firehose.py::test_above_its_quota_a_stream_refuses_and_takes_again_a_second_later",
            "e2e/test_buffered_load.py::test_above_the_quota_of_every_stream_the_function_stores_the_rest_itself",
            doubles=("StreamsBuffer",),
        ),
        not_provoked("What Athena makes of joined gzip members", "Not used yet."),
    ),
}
