"""S3: buckets and objects that the seeds do not have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from devenv.localstack.program import Change, Clients, Seed, named, pages

_DELETED_AT_ONCE = 1000
"""What one request takes."""


def empty_buckets(aws: Clients, seeds: Seed) -> Iterator[Change]:
    """Delete buckets, and objects in seeded buckets; a seeded bucket that was configured is made anew."""
    s3 = aws.client("s3")
    wanted = named(seeds, "buckets")
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        if name not in wanted or _is_configured(s3, name):
            _delete_bucket(s3, name)
            yield Change("bucket", name, "deleted")
        elif _delete_objects(s3, name, keep={item["key"] for item in wanted[name].get("objects", ())}):
            yield Change("bucket", name, "emptied")


def _delete_objects(s3: Any, bucket: str, keep: set[str]) -> bool:
    """Whether there was any other object."""
    surplus = [
        {"Key": item["Key"]}
        for item in pages(s3, "list_objects_v2", "Contents", Bucket=bucket)
        if item["Key"] not in keep
    ]
    _delete(s3, bucket, surplus)
    return bool(surplus)


def _delete(s3: Any, bucket: str, surplus: list[dict[str, str]]) -> None:
    for at in range(0, len(surplus), _DELETED_AT_ONCE):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": surplus[at : at + _DELETED_AT_ONCE], "Quiet": True})


def _delete_bucket(s3: Any, bucket: str) -> None:
    for upload in list(pages(s3, "list_multipart_uploads", "Uploads", Bucket=bucket)):
        s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    surplus: list[dict[str, str]] = []
    for key in ("Versions", "DeleteMarkers"):
        versions = pages(s3, "list_object_versions", key, Bucket=bucket)
        surplus += [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in versions]
    _delete(s3, bucket, surplus)
    s3.delete_bucket(Bucket=bucket)


def _is_configured(s3: Any, bucket: str) -> bool:
    """Whether somebody switched on what seeds cannot: versions, notifications, policies, rules."""
    if s3.get_bucket_versioning(Bucket=bucket).get("Status"):
        return True
    notified = s3.get_bucket_notification_configuration(Bucket=bucket)
    if any(key.endswith("Configurations") or key.startswith("EventBridge") for key in notified):
        return True
    reads = (s3.get_bucket_policy, s3.get_bucket_cors, s3.get_bucket_lifecycle_configuration, s3.get_bucket_website)
    return any(_has(read, bucket) for read in reads)


def _has(read: Callable[..., Any], bucket: str) -> bool:
    try:
        read(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"].startswith("NoSuch"):
            return False
        raise
    return True
