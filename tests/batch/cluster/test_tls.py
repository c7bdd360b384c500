"""A cluster that is reached by TLS, with certificates from Dask's configuration."""

from __future__ import annotations

import threading

import dask.config
import pytest
import trustme
from clusters import cluster_in_threads
from distributed.security import Security

from napari_abdoseg.batch.cluster.predicting import segmenting_on_cluster
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.progress import drain


def test_a_cluster_behind_tls(phantom, job_for_one_fold, tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    identity = authority.issue_cert("127.0.0.1")
    identity.private_key_and_cert_chain_pem.write_to_path(tmp_path / "identity.pem")
    configuration = {"distributed.comm.tls.ca-file": str(tmp_path / "authority.pem")}
    for role in ("scheduler", "worker", "client"):
        for part in ("key", "cert"):
            name = f"distributed.comm.tls.{role}.{part}"
            configuration[name] = str(tmp_path / "identity.pem")
    with dask.config.set(configuration), cluster_in_threads(1, security=Security()) as cluster:
        address = cluster.scheduler_address
        assert address.startswith("tls://")
        result = drain(segmenting_on_cluster(phantom[0], job_for_one_fold, address))
        assert result.labels.data.any()
        threads = threading.active_count()
        with (
            dask.config.set(
                {f"distributed.comm.tls.client.{part}": None for part in ("key", "cert")}
            ),
            pytest.raises(AbdosegError, match="the certificates in Dask's configuration"),
        ):
            drain(segmenting_on_cluster(phantom[0], job_for_one_fold, address))
        assert threading.active_count() <= threads
