"""NVIDIA's ``tritonclient`` beside our own stubs: both register the messages of package ``inference``, and a process's
descriptor pool cannot hold them twice, so Triton's go into a pool of their own."""

from __future__ import annotations

import functools
from typing import Any
from unittest import mock

from google.protobuf import descriptor_pool


@functools.cache
def tritonclient_grpc() -> Any:
    """The module ``tritonclient.grpc``; its ``model_config_pb2`` is Triton's schema of config.pbtxt."""
    with mock.patch.object(descriptor_pool, "Default", return_value=descriptor_pool.DescriptorPool()):
        import tritonclient.grpc
        import tritonclient.grpc.model_config_pb2
    return tritonclient.grpc
