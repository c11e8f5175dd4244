"""gRPC server skeleton, operations, engines and worker of cislex."""

__version__ = "0.1.0"
