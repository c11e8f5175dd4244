"""A program: a Ray cluster whose nodes are told to come and go on standard input (ray_bench.py starts it).

Commands, one a line: ``add`` (answers the number of the node), ``kill NUMBER``; it ends with its input.
"""

from __future__ import annotations

import sys

from ray.cluster_utils import Cluster

OBJECTS_BYTES = 80 << 20


def main() -> None:
    # Any free port for each agent too: several clusters may run on one machine.
    common = {"object_store_memory": OBJECTS_BYTES, "dashboard_agent_listen_port": 0}
    head = {"num_cpus": 0, "include_dashboard": True, "dashboard_port": 0, **common}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    nodes = []
    print("ADDRESS", f"http://{cluster.head_node.webui_url}", flush=True)
    try:
        for line in sys.stdin:
            command, *words = line.split()
            if command == "add":
                nodes.append(cluster.add_node(num_cpus=2, **common))
                print("NODE", len(nodes) - 1, flush=True)
            else:
                cluster.remove_node(nodes[int(words[0])], allow_graceful=False)  # SIGKILL to all its processes
                print("KILLED", words[0], flush=True)
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main()
