"""Dicts to messages and back, by descriptor."""

from __future__ import annotations

import pytest
from cislex.explainer.v1 import explainer_pb2
from cislex.motif.v1 import motif_pb2
from cislex.ops.v1 import ops_pb2
from cislex_client import messages
from google.protobuf.any_pb2 import Any
from google.protobuf.json_format import ParseError


def test_a_task_name_leads_to_its_rpc():
    method = messages.method("explainer.ExtractKmers")
    assert method.path == "/cislex.explainer.v1.ExplainerService/ExtractKmers"
    assert method.request is explainer_pb2.ExtractKmersRequest


def test_an_unknown_rpc_names_those_that_exist():
    with pytest.raises(KeyError, match="ExtractKmers"):
        messages.method("explainer.Nothing")


def test_enums_are_short_and_lower_case():
    message = messages.request_message(
        "explainer.ExtractKmers", {"attributions": "a", "dataset": "d", "kmer_protocol": "eq3", "k": None}
    )
    assert message.kmer_protocol == explainer_pb2.KMER_PROTOCOL_EQ3
    assert not message.HasField("k"), "None leaves the service's default"


def test_repeated_enums():
    message = messages.request_message("motif.DiscoverMotifs", {"contrasts": ["wt", "ko_vs_shuffled"]})
    assert list(message.contrasts) == [motif_pb2.CONTRAST_WT, motif_pb2.CONTRAST_KO_VS_SHUFFLED]


def test_files_are_nested_messages():
    message = messages.request_message("motif.CompareMotifs", {"query_file": {"sha256": "ab", "path": "/x"}})
    assert message.query_file.path == "/x"


@pytest.mark.parametrize("fields", [{"nonsense": 1}, {"kmer_protocol": "eq9"}, {"k": "many"}])
def test_what_the_contract_lacks_is_refused(fields):
    with pytest.raises(ParseError):
        messages.request_message("explainer.ExtractKmers", fields)


def test_plain_keeps_integers_and_leaves_out_what_is_unset():
    message = explainer_pb2.ExtractKmersRequest(dataset="d", k=12, kmer_protocol=explainer_pb2.KMER_PROTOCOL_CODE)
    message.labels["a"] = "b"
    value = messages.plain(message)
    assert value["k"] == 12
    assert value["kmer_protocol"] == "code"
    assert value["labels"] == {"a": "b"}
    assert "top_n" not in value
    big = explainer_pb2.KmerSet(n_kmers=1 << 40)
    assert messages.plain(big)["n_kmers"] == 1 << 40


def test_unpack_knows_the_messages_of_the_tasks_service():
    packed = Any()
    packed.Pack(explainer_pb2.KmerSet(k=20))
    assert messages.unpack(packed, "explainer.ExtractKmers").k == 20
    assert messages.unpack(Any(), "explainer.ExtractKmers") is None


def test_unknown_enum_numbers_are_shown_as_numbers():
    state = ops_pb2.OperationMetadata.DESCRIPTOR.fields_by_name["state"].enum_type
    assert messages.enum_text(state, 4) == "running"
    assert messages.enum_text(state, 99) == "99"
