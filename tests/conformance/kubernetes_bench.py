"""The kubernetes engine against the API server of kubernetes_server.py, with a template as a site writes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cislex_runtime.engines.kubernetes_jobs import KubernetesJobs
from cislex_runtime.engines.kubernetes_manifests import read_templates
from kubernetes_server import Cluster

TEMPLATE = """
apiVersion: batch/v1
kind: Job
metadata:
  labels: {app.kubernetes.io/name: cislex, kueue.x-k8s.io/queue-name: lab}
spec:
  activeDeadlineSeconds: 86400
  template:
    spec:
      serviceAccountName: cislex-worker
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 1
      nodeSelector: {pool: gpu}
      tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]
      securityContext: {runAsNonRoot: true, runAsUser: 10001, fsGroup: 10001, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: worker
          image: cislex-worker:0.1.0-gpu
          env: [{name: CISLEX_HOME, value: /var/lib/cislex}]
          resources:
            requests: {cpu: "2", memory: 8Gi}
            limits: {cpu: "4", memory: 16Gi, nvidia.com/gpu: 1}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          volumeMounts: [{name: home, mountPath: /var/lib/cislex}, {name: tmp, mountPath: /tmp}]
      volumes: [{name: home, emptyDir: {}}, {name: tmp, emptyDir: {}}]
"""


class KubernetesBench:
    """A cluster and the ways to it."""

    def __init__(self, folder: Path, nodes: tuple[int, ...] = (4,)) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.cluster = Cluster(folder / "containers", nodes=nodes)
        self.template = folder / "job.yaml"
        self.template.write_text(TEMPLATE.replace("/var/lib/cislex}", f"{folder}}}"))

    def api(self, token: str | None = None):  # type: ignore[no-untyped-def]
        """An ApiClient with the cluster's token, or another."""
        from kubernetes import client

        settings = client.Configuration(host=self.cluster.url)
        settings.api_key = {"authorization": f"Bearer {token or self.cluster.token}"}
        settings.retries = False
        return client.ApiClient(settings)

    def backend(self) -> KubernetesJobs:
        """The engine's side."""
        return KubernetesJobs(read_templates(self.template), self.cluster.namespace, self.api())


@contextmanager
def kubernetes_bench(home: Path, nodes: tuple[int, ...] = (4,)) -> Iterator[KubernetesBench]:
    """A cluster whose processes are gone afterwards."""
    bench = KubernetesBench(home / "cluster", nodes)
    try:
        yield bench
    finally:
        bench.cluster.close()
