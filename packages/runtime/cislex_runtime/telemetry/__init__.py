"""What is seen from outside: metrics, traces, logs."""
