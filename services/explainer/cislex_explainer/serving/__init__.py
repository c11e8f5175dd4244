"""Predictions of exported models over the Open Inference Protocol (proto/cislex/inference/kserve_v2.proto).

``models`` finds and opens a model, ``cache`` keeps a few open, ``tensors`` reads and writes the protocol's tensors,
``inputs`` makes one-hot of what was sent, ``inference`` puts them together. onnxruntime is imported when it is first
needed.
"""
