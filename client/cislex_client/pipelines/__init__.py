"""Analyses as graphs of steps; each step is one operation of a service."""
