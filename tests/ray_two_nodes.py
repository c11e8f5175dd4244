"""A program: run a task by a Ray cluster of two nodes of one CPU each, as the driver of a Ray job would.

``python ray_two_nodes.py STORE CHECKPOINTS TASK FIELDS [kill]``: FIELDS are JSON. With ``kill`` the second node is lost
after the first epoch that is reported, and another one joins: the first attempt fails, the next one ends. Prints one
line of JSON: the artifact, the error of a lost attempt, and on how many nodes processes of the task were seen.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import ray
from cislex_core.errors import RetryableError
from cislex_core.stores.local import LocalStore
from cislex_runtime.working.task_io import WorkerProgress
from ray.cluster_utils import Cluster
from ray.util.state import list_actors, list_tasks
from task_desk import run_task, task_info

OBJECTS_BYTES = 80 << 20
#: Exit status when Ray's nodes did not start: its agents have half a minute, which a busy machine may not give them.
NO_CLUSTER = 75


class Watch:
    """Reports of the task: where its processes are, and the loss of a node."""

    def __init__(self, cluster: Cluster, node: Any) -> None:
        self.cluster = cluster
        self.node = node
        self.nodes: set[str] = set()
        self.error = ""

    def hear(self, report: dict[str, Any]) -> None:
        if report["progress"].get("done", 0) < 1:
            return
        self.look()
        if self.node is not None:
            self.cluster.remove_node(self.node, allow_graceful=False)
            self.node = None

    def look(self) -> None:
        self.nodes |= {actor.node_id for actor in list_actors(filters=[("class_name", "=", "Seat")]) if actor.node_id}
        self.nodes |= {task.node_id for task in list_tasks(filters=[("name", "=", "work_off")]) if task.node_id}


def main(store: str, folder: str, task: str, fields: str, kill: bool) -> None:
    node = {"num_cpus": 1, "object_store_memory": OBJECTS_BYTES}
    try:
        cluster = Cluster(initialize_head=True, head_node_args=node)
        second = cluster.add_node(**node)
    except Exception as error:  # Ray has no class of its own for it
        print(error, file=sys.stderr)
        sys.exit(NO_CLUSTER)
    ray.init(address=cluster.address, log_to_driver=False)
    if least := os.environ.get("SCAN_LEAST"):  # so that a small scan has several shards
        from cislex_motif import scan_shards

        scan_shards.LEAST = int(least)
    watch = Watch(cluster, second if kill else None)
    home = Path(folder)
    progress = WorkerProgress(watch.hear, home, home)
    spec = task_info(task).spec.model_validate(json.loads(fields))
    try:
        try:
            artifact = run_task(LocalStore(Path(store)), task, spec, progress)
        except RetryableError as error:
            watch.error = error.reason.name
            cluster.add_node(**node)
            artifact = run_task(LocalStore(Path(store)), task, spec, progress)
        watch.look()
        told = {"artifact": artifact.digest, "error": watch.error, "nodes": len(watch.nodes)}
        print(json.dumps(told), flush=True)
    finally:
        ray.shutdown()
        cluster.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:5], kill=sys.argv[5:] == ["kill"])
